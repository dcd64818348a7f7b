/** What `handover init` may be told: one row per key that it asks for or takes as a flag. */
import { KEYS, type Key } from '../runtime/config.ts';
import type { MachineRole } from './env-file.ts';

export interface Setting {
  readonly key: Key;
  /** As in `--imap-host <server>`. A secret comes in a file: what stands on a command line, others can read. */
  readonly flag: string;
  readonly about: string;
  readonly secret?: true;
  readonly roles: readonly MachineRole[];
}

const ALL = ['both', 'cloud', 'laptop'] as const;
const SENDS = ['both', 'laptop'] as const;
const DRAFTS_IN_BOOKS = ['both', 'cloud'] as const;
const TWO = ['cloud', 'laptop'] as const;

const plain = (key: Key, flag: string, about: string, roles: readonly MachineRole[] = ALL): Setting => ({
  ...{ key, flag, about, roles },
});
const secret = (key: Key, about: string, roles: readonly MachineRole[] = ALL): Setting => ({
  ...{ key, roles, secret: true as const },
  flag: `--${key.toLowerCase().replaceAll('_', '-')}-file <file>`,
  about: `a file that holds ${about}`,
});

export const SETTINGS: readonly Setting[] = [
  plain('VAULT_DIR', '--vault <folder>', 'the vault; else VAULT_DIR of the configuration'),
  plain('STATE_DIR', '--state <folder>', 'the state folder; else STATE_DIR of the configuration'),
  plain('TIMEZONE', '--timezone <zone>', 'for dates in notes, such as Europe/Berlin'),
  plain('MAIL_FROM', '--mail-from <address>', 'the sender of replies: Name <name@example.org>'),
  plain('IMAP_HOST', '--imap-host <server>', 'where mail is read'),
  plain('IMAP_PORT', '--imap-port <number>', '993, or 143 with starttls'),
  plain(
    'IMAP_SECURE',
    '--imap-secure <true|starttls|false>',
    'TLS, STARTTLS, or plain on this machine alone',
  ),
  plain('IMAP_USER', '--imap-user <name>', 'usually the whole address'),
  secret('IMAP_PASSWORD', 'the password that reads mail'),
  plain('IMAP_MAILBOX', '--imap-mailbox <name>', 'the folder that is watched'),
  plain('IMAP_AUTH', '--imap-auth <password|oauth>', 'how to log in; oauth: then handover login'),
  plain('IMAP_OAUTH_PROVIDER', '--imap-oauth-provider <google|microsoft|custom>', 'with oauth'),
  plain('IMAP_OAUTH_CLIENT_ID', '--imap-oauth-client-id <id>', 'of the application you registered there'),
  secret('IMAP_OAUTH_CLIENT_SECRET', 'its secret, where it has one'),
  plain('SMTP_HOST', '--smtp-host <server>', 'where mail is sent; never on the cloud', SENDS),
  plain('SMTP_PORT', '--smtp-port <number>', '465, or 587 with starttls', SENDS),
  plain('SMTP_SECURE', '--smtp-secure <true|starttls|false>', 'as --imap-secure', SENDS),
  plain('SMTP_USER', '--smtp-user <name>', 'empty: the server wants no login', SENDS),
  secret('SMTP_PASSWORD', 'the password that sends mail', SENDS),
  plain('SMTP_AUTH', '--smtp-auth <password|oauth>', 'how to log in', SENDS),
  plain('TLS_CA_FILE', '--tls-ca-file <file>', 'certificates to trust besides the usual ones'),
  plain('DRAFTER', '--drafter <template|anthropic|openai-compatible>', 'who writes drafts'),
  plain('DRAFTER_MODEL', '--drafter-model <name>', 'the model, as its provider spells it'),
  plain('DRAFTER_BASE_URL', '--drafter-base-url <url>', 'where an openai-compatible model answers'),
  secret('DRAFTER_API_KEY', "the model's key"),
  plain('ODOO_URL', '--odoo-url <url>', 'where Odoo answers; without it there are no invoices'),
  plain('ODOO_DB', '--odoo-db <name>', 'its database'),
  plain('ODOO_USERNAME', '--odoo-username <name>', 'whose key it is'),
  secret('ODOO_API_KEY', 'the API key of Odoo'),
  plain('ODOO_ALLOW_POSTING_KEY', '--odoo-allow-posting-key <words>', 'see .env.example', DRAFTS_IN_BOOKS),
  plain('SYNCTHING_URL', '--syncthing-url <url>', 'the Syncthing of this machine', TWO),
  secret('SYNCTHING_API_KEY', 'its API key', TWO),
  plain('SYNCTHING_PEER_DEVICE', '--syncthing-peer-device <id>', 'the other machine; may come later', TWO),
  plain('SYNCTHING_TRUSTED_DEVICES', '--syncthing-trusted-devices <ids>', 'phones, with commas', TWO),
];

/** Why a value cannot be, without the value; null: it can. An empty one is nobody's fault here. */
export function faultIn(key: Key, value: string): string | null {
  if (value === '') return null;
  const read = KEYS[key].safeParse(value);
  if (read.success) return null;
  const [issue] = read.error.issues;
  if (issue?.code === 'invalid_value' && !issue.message.startsWith('must')) {
    return `must be one of: ${issue.values.map(String).join(', ')}`;
  }
  return issue?.message ?? 'is malformed';
}

export interface Servers {
  readonly imap: { readonly host: string; readonly port: string; readonly secure: string };
  readonly smtp: { readonly host: string; readonly port: string; readonly secure: string };
  readonly oauth: 'google' | 'microsoft' | null;
}

const tls = (host: string, port: string) => ({ host, port, secure: 'true' });
const startTls = (host: string) => ({ host, port: '587', secure: 'starttls' });

/** What to offer for an address; docs/providers.md has the sources. Elsewhere the usual names are a guess to correct. */
export function serversFor(address: string): Servers {
  const domain = /@([^\s@>]+)>?\s*$/.exec(address)?.[1]?.toLowerCase() ?? 'example.org';
  if (/^(gmail|googlemail)\.com$/.test(domain)) {
    return { imap: tls('imap.gmail.com', '993'), smtp: tls('smtp.gmail.com', '465'), oauth: 'google' };
  }
  if (/^(outlook|hotmail|live|msn)\.[a-z.]{2,6}$/.test(domain)) {
    const imap = tls('outlook.office365.com', '993');
    return { imap, smtp: startTls('smtp-mail.outlook.com'), oauth: 'microsoft' };
  }
  if (/^fastmail\.(com|fm)$/.test(domain)) {
    return { imap: tls('imap.fastmail.com', '993'), smtp: tls('smtp.fastmail.com', '465'), oauth: null };
  }
  return { imap: tls(`imap.${domain}`, '993'), smtp: tls(`smtp.${domain}`, '465'), oauth: null };
}
