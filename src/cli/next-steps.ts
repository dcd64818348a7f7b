import type { MachineRole, Values } from './env-file.ts';

const ECOSYSTEM: Readonly<Record<MachineRole, string>> = {
  both: 'ecosystem.config.js',
  cloud: 'deployment/cloud/ecosystem.config.js',
  laptop: 'deployment/local/ecosystem.config.js',
};

/** What is left to do after `handover init`, a line each. */
export function nextSteps(role: MachineRole, values: Values): readonly string[] {
  const oauth = values['IMAP_AUTH'] === 'oauth' || values['SMTP_AUTH'] === 'oauth';
  const guard = role === 'cloud' && (values['ODOO_URL'] ?? '') !== '';
  return [
    ...(oauth ? ['handover login                 log in at the provider'] : []),
    ...(guard ? ['handover odoo guard check      prove that this key cannot post (docs/odoo-guard.md)'] : []),
    ...(role === 'both'
      ? []
      : [`handover sync apply --role ${role}   share the vault (docs/two-machines.md)`]),
    'handover doctor                try everything',
    `pm2 start ${ECOSYSTEM[role]}`,
    ...(role === 'cloud' || values['DRY_RUN'] === 'false'
      ? []
      : ['DRY_RUN=true stands in .env: nothing is sent until you set it to false']),
  ];
}
