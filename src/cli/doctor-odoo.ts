import { readFile } from 'node:fs/promises';
import { canPost } from '../odoo/guard/can-post.ts';
import { LOOK_CALLS } from '../odoo/guard/guard-calls.ts';
import { OdooFault, type OdooFaultCode } from '../odoo/faults.ts';
import { type KeyExpiry, keyExpiry } from '../odoo/key-expiry.ts';
import type { Odoo } from '../odoo/odoo.ts';
import { openOdoo } from '../odoo/open-odoo.ts';
import { majorOf } from '../odoo/server-version.ts';
import { type Config, loadConfig, ODOO_KEYS } from '../runtime/config.ts';
import { type EdgeOptions, fine, type Finding, found, inTime, off, shown } from './doctor-check.ts';
import type { FaultCode } from './doctor-codes.ts';
import { orConfigFindings } from './doctor-config.ts';

const KEYS = [...ODOO_KEYS, 'ODOO_MODE', 'ODOO_ALLOW_POSTING_KEY', 'ODOO_API_KEY_EXPIRES'] as const;
type OdooConfig = Config<(typeof KEYS)[number]>;

/** One call; the whole look has the deadline of every check. */
const CALL_MS = 15_000;
const LOOK_MS = 35_000;
const OLDEST = 14;
const NEWEST = 19;
/** As the processes announce it; see mcp/odoo/key-watch.ts. */
const ANNOUNCED_MS = 14 * 86_400_000;

/** Version, login, whether the key can post where it must not, and when it ends. Nothing in Odoo changes. */
export async function checkOdoo({ env, now = Date.now }: EdgeOptions): Promise<readonly Finding[]> {
  const all = await orConfigFindings(async () => {
    const config = loadConfig(KEYS, env);
    if (config.ODOO_URL === '') return [off('odoo', 'ODOO_URL is empty: no invoices')];
    return inTime('odoo', look(config, now()));
  });
  return all.map(shown);
}

async function look(config: OdooConfig, now: number): Promise<readonly Finding[]> {
  const { ODOO_URL: url, ODOO_DB: db, ODOO_USERNAME: username, TLS_CA_FILE: caFile } = config;
  const ca = caFile === '' ? undefined : await readFile(caFile, 'utf8').catch(() => null);
  if (ca === null) return [found('config-wrong', `TLS_CA_FILE ${caFile} cannot be read`)];
  const signal = AbortSignal.timeout(LOOK_MS);
  return orFault(async () => {
    const settings = { url, db, username, apiKey: config.ODOO_API_KEY, protocol: config.ODOO_PROTOCOL };
    const odoo = await openOdoo({ ...settings, ca, deadlineMs: CALL_MS, allow: LOOK_CALLS }, signal);
    const where = `${username} on ${odoo.url}, database ${odoo.db}, Odoo ${odoo.version} (${odoo.protocol})`;
    return [
      fine('odoo', `${where}: the key opens it`),
      ...versionFindings(odoo),
      ...(await orFault(async () => [await guardFinding(odoo, config, signal)])),
      ...(await orFault(async () =>
        expiryFindings(await keyExpiry(odoo, config.ODOO_API_KEY_EXPIRES, now), now),
      )),
    ];
  });
}

async function orFault(work: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof OdooFault)) throw error;
    return [found(CODE_OF[error.code], error.message)];
  }
}

function versionFindings({ version }: Odoo): readonly Finding[] {
  const major = majorOf(version);
  if (major >= OLDEST && major <= NEWEST) return [];
  return [found('odoo-version', `Odoo ${version} is none of those that Handover was tried with`)];
}

/** The laptop's key posts what was approved; any other must not be able to. */
async function guardFinding(odoo: Odoo, config: OdooConfig, signal: AbortSignal): Promise<Finding> {
  if (config.ODOO_MODE === 'live') return off('odoo', 'ODOO_MODE=live: this key may post what you approved');
  switch (await canPost(odoo, signal)) {
    case 'no':
      return fine('odoo', 'the guard holds: this key cannot post');
    case 'unknown':
      return found('odoo-key-not-proved', 'not proved that this key cannot post');
    case 'yes': {
      const words = 'THIS KEY CAN POST: whoever takes over this machine could post invoices in Odoo';
      const allowed = config.ODOO_ALLOW_POSTING_KEY !== '';
      return found('odoo-key-can-post', allowed ? `${words}; ODOO_ALLOW_POSTING_KEY lets it` : words);
    }
  }
}

function expiryFindings({ at, source }: KeyExpiry, now: number): readonly Finding[] {
  if (at === null) {
    return source === 'odoo'
      ? [fine('odoo', 'the key has no end')]
      : [
          off(
            'odoo',
            'when the key ends is not known: this Odoo does not tell, and ODOO_API_KEY_EXPIRES is empty',
          ),
        ];
  }
  const day = new Date(at).toISOString().slice(0, 10);
  if (at <= now) return [found('odoo-key-ended', `the key ended on ${day}`)];
  if (at - now < ANNOUNCED_MS) return [found('odoo-key-ends', `the key ends on ${day}`)];
  return [fine('odoo', `the key is good until ${day}`)];
}

const CODE_OF: Readonly<Record<OdooFaultCode, FaultCode>> = {
  unreachable: 'odoo-unreachable',
  unknown: 'odoo-unreachable',
  busy: 'odoo-busy',
  authentication: 'odoo-key',
  access: 'odoo-rights',
  wrong_database: 'odoo-address',
  unsupported: 'odoo-fault',
  missing: 'odoo-fault',
  refused: 'odoo-fault',
  malformed: 'odoo-fault',
  invalid_call: 'odoo-address',
};
