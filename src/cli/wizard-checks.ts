/** Whether what was answered works, before anything is written. Sends nothing, changes nothing. */
import { type Environment, KEYS } from '../runtime/config.ts';
import { Syncthing, SyncthingFault } from '../sync/syncthing-client.ts';
import { type Finding, fine, found } from './doctor-check.ts';
import { checkImap, checkSmtp } from './doctor-mail.ts';
import { checkModel } from './doctor-model.ts';
import { checkOdoo } from './doctor-odoo.ts';
import type { Values } from './env-file.ts';

export const EDGES = ['imap', 'smtp', 'model', 'odoo', 'syncthing'] as const;
export type Edge = (typeof EDGES)[number];

export type Checks = Readonly<Record<Edge, (values: Values) => Promise<readonly Finding[]>>>;

/** What stands in the way. That nobody is logged in yet does not: `handover login` comes after `init`. */
export function obstacles(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter(({ level, code }) => level === 'fault' && code !== 'login-missing');
}

const DEADLINE_MS = 5_000;

export const CHECKS: Checks = {
  imap: (values) => checkImap({ env: environmentOf(values) }),
  smtp: (values) => checkSmtp({ env: environmentOf(values) }),
  model: (values) => checkModel({ env: environmentOf(values) }),
  odoo: (values) => checkOdoo({ env: environmentOf(values) }),
  syncthing: checkKey,
};

/** Every key is said, empty ones too: nothing may come from a file or a variable that will not be there later. */
export function environmentOf(values: Values): Environment {
  return { ...Object.fromEntries(Object.keys(KEYS).map((key) => [key, ''])), ...values };
}

/** Only whether it answers: what is shared, and with whom, `handover sync apply` brings about later. */
async function checkKey(values: Values): Promise<readonly Finding[]> {
  const url = values['SYNCTHING_URL'] ?? '';
  const client = new Syncthing({ url, apiKey: values['SYNCTHING_API_KEY'] ?? '', deadlineMs: DEADLINE_MS });
  try {
    const { myId, version } = await client.system();
    return [fine('sync', `Syncthing ${version} answers; this machine is device ${myId}`)];
  } catch (error) {
    if (!(error instanceof SyncthingFault)) throw error;
    return error.code === 'forbidden'
      ? [found('sync-key', 'Syncthing does not accept this API key')]
      : [found('sync-unreachable', `Syncthing does not answer at ${url}`)];
  }
}
