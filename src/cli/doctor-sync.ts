import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ageWords } from '../core/age.ts';
import { isInside } from '../files/inside.ts';
import { type Config, isConfigured, loadConfig, SYNC_KEYS } from '../runtime/config.ts';
import { checkIgnores } from '../sync/check-ignores.ts';
import { Syncthing, SyncthingFault } from '../sync/syncthing-client.ts';
import { lookAt } from '../sync/topology.ts';
import {
  type EdgeOptions,
  fine,
  type Finding,
  found,
  inTime,
  off,
  type Role,
  shown,
} from './doctor-check.ts';
import type { FaultCode } from './doctor-codes.ts';
import { orConfigFindings } from './doctor-config.ts';

type SyncConfig = Config<(typeof SYNC_KEYS)[number]>;

/** What the adapter was measured with first; docs/two-machines.md. */
const OLDEST = { major: 1, minor: 19 };
const SHOWN = 3;

interface Look {
  readonly client: Syncthing;
  readonly config: SyncConfig;
  readonly role: Role;
  readonly now: number;
  /** Null: not configured. */
  readonly peer: string | null;
}

/** Syncthing of this machine: key, version, who can write into `Approved`, ignore lists, the peer, what is behind. */
export async function checkSyncthing({ env, now = Date.now }: EdgeOptions): Promise<readonly Finding[]> {
  const all = await orConfigFindings(async () => {
    const config = loadConfig(SYNC_KEYS, env);
    if (config.SYNC === 'none') return [off('sync', 'SYNC=none: one machine, nothing travels')];
    if (config.SYNCTHING_API_KEY === '') return [found('sync-no-key', 'SYNCTHING_API_KEY is empty')];
    const role: Role = isConfigured(['SMTP_HOST'], env) ? 'laptop' : 'cloud';
    const client = new Syncthing({ url: config.SYNCTHING_URL, apiKey: config.SYNCTHING_API_KEY });
    const peer = config.SYNCTHING_PEER_DEVICE === '' ? null : config.SYNCTHING_PEER_DEVICE;
    const work = look({ client, config, role, now: now(), peer });
    // Its calls have deadlines; closing ends those that outlast ours.
    return inTime('sync', work).finally(() => client.close());
  });
  return all.map(shown);
}

async function look(at: Look): Promise<readonly Finding[]> {
  try {
    const { version } = await at.client.system();
    const [rules, travels, traffic] = await Promise.all([
      ruleFindings(at),
      travelFindings(at),
      trafficFindings(at),
    ]);
    return [versionFinding(version), ...rules, ...travels, ...traffic];
  } catch (error) {
    if (!(error instanceof SyncthingFault)) throw error;
    const words = `at ${at.config.SYNCTHING_URL}: ${error.message}`;
    return [found(CODE_OF[error.code], words)];
  }
}

const CODE_OF: Readonly<Record<SyncthingFault['code'], FaultCode>> = {
  unreachable: 'sync-unreachable',
  timeout: 'sync-unreachable',
  forbidden: 'sync-key',
  refused: 'sync-odd',
  malformed: 'sync-odd',
};

function versionFinding(version: string): Finding {
  const [, major = '', minor = ''] = /^v?(\d{1,4})\.(\d{1,4})/.exec(version) ?? [];
  const old =
    Number(major) < OLDEST.major || (Number(major) === OLDEST.major && Number(minor) < OLDEST.minor);
  if (major === '' || old) return found('sync-old', `Syncthing ${version} is older than 1.19`);
  return fine('sync', `Syncthing ${version} answers and takes the key`);
}

/** About the list of exclusions both looks speak, and once is enough. */
const ABOUT_THE_LIST = /^(ignore-|guard-not-ignored$|no-folder$)/;

async function ruleFindings({ client, config, role, peer }: Look): Promise<readonly Finding[]> {
  const folder = config.SYNCTHING_FOLDER;
  const vaultRoot = await realpath(config.VAULT_DIR).catch(() => null);
  // Who can write into `Approved` matters where approving has an effect.
  const topology =
    role === 'laptop' && vaultRoot !== null
      ? await lookAt({ client, folder, peer, trusted: config.SYNCTHING_TRUSTED_DEVICES, vaultRoot })
      : null;
  const told = (topology?.findings ?? []).map(({ words, refuses }) =>
    refuses ? found('sync-refused', `nothing is sent: ${words}`) : found('sync-advice', words),
  );
  const listTold = topology?.findings.some(({ code }) => ABOUT_THE_LIST.test(code)) === true;
  const list = listTold ? [] : await checkIgnores(client, folder, role);
  return [
    ...(topology?.effects === 'allowed'
      ? [fine('sync', 'only your own devices can write into Approved')]
      : []),
    ...told,
    ...list.map(({ words }) => found('sync-ignores', words)),
  ];
}

/** Does one of Syncthing's folders hold STATE_DIR? */
async function travelFindings({ client, config }: Look): Promise<readonly Finding[]> {
  const state = await realpath(config.STATE_DIR).catch(() => resolve(config.STATE_DIR));
  const { folders } = await client.config();
  const out: Finding[] = [];
  for (const { id, path } of folders) {
    if (path === undefined || path === '' || path.startsWith('~')) continue;
    const place = await realpath(path).catch(() => resolve(path));
    if (isInside(place, state)) {
      out.push(found('state-travels', `STATE_DIR lies in ${place}, which Syncthing shares as ${id}`));
    }
  }
  return out;
}

async function trafficFindings(at: Look): Promise<readonly Finding[]> {
  const { client, config } = at;
  const folder = config.SYNCTHING_FOLDER;
  const { folders } = await client.config();
  const known = folders.find(({ id }) => id === folder);
  // What refuses is told by the rules; a paused folder answers with errors.
  if (known === undefined || known.paused === true) return [];
  const status = await client.folderStatus(folder);
  if (status.state === 'error') {
    return [
      found(
        'sync-folder-error',
        `Syncthing has stopped the folder ${folder}: ${status.error ?? 'no reason given'}`,
      ),
    ];
  }
  const errors = status.errors + status.pullErrors === 0 ? [] : await client.folderErrors(folder);
  const shownErrors = errors.slice(0, SHOWN).map(({ path, error }) => `${path} (${error})`);
  return [
    ...(errors.length === 0
      ? []
      : [found('sync-file-errors', `${errors.length} files cannot be synced: ${shownErrors.join('; ')}`)]),
    ...(status.needTotalItems === 0
      ? []
      : [found('sync-behind', `${status.needTotalItems} files of the other machine are not here yet`)]),
    ...(await peerFindings(at)),
  ];
}

async function peerFindings({ client, config, peer, now }: Look): Promise<readonly Finding[]> {
  if (peer === null)
    return [found('sync-no-peer', 'SYNCTHING_PEER_DEVICE is empty: there is no other machine')];
  const state = (await client.connections()).get(peer);
  if (state?.paused === true) return [found('sync-peer-paused', 'the other machine is paused in Syncthing')];
  if (state?.connected !== true) {
    const lastSeen = (await client.deviceStats()).get(peer)?.lastSeen ?? null;
    const since =
      lastSeen === null ? 'it never was' : `last seen ${ageWords(Math.max(0, now - lastSeen))} ago`;
    return [found('sync-peer-away', `the other machine is not connected; ${since}`)];
  }
  const { needItems, needDeletes } = await client.completion(config.SYNCTHING_FOLDER, peer);
  const behind = needItems + needDeletes;
  if (behind === 0) return [fine('sync', 'the other machine is connected, and has everything')];
  return [found('sync-peer-behind', `the other machine lacks ${behind} changes of this one`)];
}
