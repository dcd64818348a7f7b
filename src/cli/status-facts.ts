/** What `handover status` tells: what the dashboard is made from, read afresh, by whichever machine it is typed on. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { recentRecords } from '../audit/recent-records.ts';
import type { DashboardFacts, LimitUsed } from '../core/dashboard-facts.ts';
import type { HandoverFacts, SyncFacts } from '../core/handover.ts';
import type { Presence } from '../core/presence.ts';
import { parseNotice, TAKEOVER_FILE, TAKEOVER_FILE_BYTES } from '../core/takeover.ts';
import { EffectLimit } from '../journal/effect-limit.ts';
import { type Config, isConfigured, loadConfig, SYNC_KEYS } from '../runtime/config.ts';
import { dashboardFacts, FactsMemory } from '../stages/dashboard-facts.ts';
import { Findings } from '../stages/findings.ts';
import { Syncthing, SyncthingFault } from '../sync/syncthing-client.ts';
import type { Vault } from '../vault/vault.ts';

const KEYS = ['DRY_RUN', 'MAX_SENDS_PER_HOUR', 'MAX_POSTS_PER_HOUR', ...SYNC_KEYS] as const;
type StatusConfig = Config<(typeof KEYS)[number]>;

/** A Syncthing that is busy answers within a second. */
const DEADLINE_MS = 5_000;
const SENT_SHOWN = 10;
const HOUR_MS = 3_600_000;

/** Changes nothing, and needs no process of ours. @throws ConfigFault */
export async function statusFacts(vault: Vault, now: number): Promise<DashboardFacts> {
  const config = loadConfig(KEYS);
  const link = await linkOf(config, vault);
  const { facts } = await dashboardFacts(
    {
      vault,
      timeZone: config.TIMEZONE,
      dryRun: config.DRY_RUN && sends(),
      sentRecords: () =>
        recentRecords({
          dir: join(vault.root, 'Logs', 'local-agent'),
          process: 'approval-handler',
          wanted: ({ action }) => action === 'mail.sent' || action === 'invoice.posted',
          max: SENT_SHOWN,
        }),
      limits: () => limitsOf(config, now),
      ...(link === null ? {} : { handover: (replier: Presence) => ({ ...link, replier }) }),
    },
    { memory: new FactsMemory(), faults: await findingsOf(config.STATE_DIR, vault, now), now },
  );
  return facts;
}

/** Only the machine that sends has limits, and a dry run. */
function sends(): boolean {
  return isConfigured(['SMTP_HOST']);
}

async function limitsOf(config: StatusConfig, now: number): Promise<readonly LimitUsed[]> {
  if (!sends()) return [];
  const used = async (of: 'sends' | 'posts', perHour: number): Promise<LimitUsed> => {
    const limit = new EffectLimit({ stateDir: config.STATE_DIR, of, perHour, now: () => now });
    const times = await limit.times();
    const leaving = times.length >= perHour ? times[times.length - perHour] : undefined;
    return {
      of: of === 'sends' ? 'mails' : 'invoices',
      account: null,
      used: times.length,
      perHour,
      freeAt: leaving === undefined ? null : leaving + HOUR_MS,
    };
  };
  return [
    await used('sends', config.MAX_SENDS_PER_HOUR),
    ...(isConfigured(['ODOO_URL']) ? [await used('posts', config.MAX_POSTS_PER_HOUR)] : []),
  ];
}

/** What the orchestrator found and remembers; nothing where it never ran. */
async function findingsOf(stateDir: string, vault: Vault, now: number): Promise<readonly string[]> {
  const file = join(stateDir, 'orchestrator', 'findings.json');
  if (!existsSync(file)) return [];
  const findings = await Findings.open(file, () => now);
  return findings.words((path) => existsSync(join(vault.root, path)));
}

type Link = Omit<HandoverFacts, 'replier'>;

/** Null on one machine, and where nobody can be asked. */
async function linkOf(config: StatusConfig, vault: Vault): Promise<Link | null> {
  if (config.SYNC === 'none' || config.SYNCTHING_API_KEY === '') return null;
  const rest = { takeOver: await takeOverOf(vault), away: null, stoppedAt: null };
  const client = new Syncthing({
    url: config.SYNCTHING_URL,
    apiKey: config.SYNCTHING_API_KEY,
    deadlineMs: DEADLINE_MS,
  });
  try {
    const { SYNCTHING_FOLDER: folder, SYNCTHING_PEER_DEVICE: peer } = config;
    const [connections, stats, { state, needTotalItems }] = await Promise.all([
      client.connections(),
      client.deviceStats(),
      client.folderStatus(folder),
    ]);
    const connection = connections.get(peer);
    const connected = connection?.connected === true;
    const since = connected ? connection.since : (stats.get(peer)?.lastSeen ?? null);
    return { ...rest, link: { known: true, connected, since }, sync: syncOf(state, needTotalItems) };
  } catch (error) {
    if (!(error instanceof SyncthingFault)) throw error;
    const sync: SyncFacts =
      error.code === 'refused' ? { state: 'stopped', why: error.message } : { state: 'unreachable' };
    return { ...rest, link: { known: false, connected: false, since: null }, sync };
  } finally {
    client.close();
  }
}

/** As the laptop says in the vault; on the cloud it came by sync. */
async function takeOverOf(vault: Vault): Promise<Link['takeOver']> {
  const read = await vault.readOther(TAKEOVER_FILE, TAKEOVER_FILE_BYTES);
  const notice = read.ok ? parseNotice(read.text) : null;
  if (notice?.on !== true) return { on: false, since: null, drafted: 0 };
  return { on: true, since: Date.parse(notice.since), drafted: 0 };
}

function syncOf(state: string, files: number): SyncFacts {
  if (state === 'error') return { state: 'stopped', why: 'the folder is in error' };
  return files === 0 ? { state: 'in_step' } : { state: 'behind', files };
}
