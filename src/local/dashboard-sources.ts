/** Where the orchestrator reads what the dashboard tells of the other processes of this laptop: log, limits, last look. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { recentRecords } from '../audit/recent-records.ts';
import type { AuditRecord } from '../core/audit-chain.ts';
import type { LimitUsed } from '../core/dashboard-facts.ts';
import { errno } from '../files/errno.ts';
import { EffectLimit } from '../journal/effect-limit.ts';
import { type FactsDeps, RECORDS } from '../stages/dashboard-facts.ts';
import { LastLook } from '../stages/last-look.ts';

const HOUR_MS = 3_600_000;
/** Places free themselves in steps, as ages grow in steps: the page must not change for each. */
const FREE_STEP_MS = 15 * 60_000;
const MAX_ACCOUNTS = 50;

type Sources = Required<Pick<FactsDeps, 'sentRecords' | 'limits' | 'lastLook'>>;

export async function dashboardSources(deps: {
  /** Folder of this agent's logs. */
  readonly logs: string;
  readonly stateDir: string;
  readonly now: () => number;
  readonly config: { readonly MAX_SENDS_PER_HOUR: number; readonly MAX_POSTS_PER_HOUR: number };
}): Promise<Sources> {
  return {
    sentRecords: handlerRecords(deps.logs),
    limits: () => limitsUsed(deps),
    lastLook: await LastLook.open(join(deps.stateDir, 'orchestrator', 'last-look.json')),
  };
}

const TOLD = new Set(['mail.sent', 'invoice.posted', 'mail.returned']);

function isTold({ action }: AuditRecord): boolean {
  return TOLD.has(action) || action.endsWith('.approved') || action.endsWith('.bounced');
}

/** Read again only when the log grew: hashing hundreds of lines in every pass would be most of its cost. */
function handlerRecords(dir: string): () => Promise<readonly AuditRecord[]> {
  let known: { readonly version: string; readonly records: readonly AuditRecord[] } | null = null;
  return async () => {
    const version = await logVersion(dir);
    if (known?.version !== version) {
      const records = await recentRecords({
        dir,
        process: 'approval-handler',
        wanted: isTold,
        max: RECORDS,
      });
      known = { version, records };
    }
    return known.records;
  };
}

async function logVersion(dir: string): Promise<string> {
  try {
    const names = await readdir(dir);
    const newest = names
      .filter((name) => name.endsWith('.approval-handler.jsonl'))
      .sort()
      .at(-1);
    if (newest === undefined) return '';
    const { size, ctimeMs } = await stat(join(dir, newest));
    return `${newest}/${size}/${ctimeMs}`;
  } catch (error) {
    if (errno(error) === 'ENOENT') return '';
    throw error;
  }
}

async function limitsUsed(deps: Parameters<typeof dashboardSources>[0]): Promise<readonly LimitUsed[]> {
  const { stateDir, now, config } = deps;
  const used = async (
    dir: string,
    of: 'sends' | 'posts',
    account: string | null,
    perHour: number | null,
  ): Promise<LimitUsed> => {
    const limit = (now: () => number) => new EffectLimit({ stateDir: dir, of, perHour: perHour ?? 0, now });
    const times = await limit(now).times();
    const isFull = perHour !== null && times.length >= perHour;
    const leaving = isFull ? times[times.length - perHour] : undefined;
    // Full is exact. Otherwise a place that frees itself is seen a little late.
    const step = Math.floor(now() / FREE_STEP_MS) * FREE_STEP_MS;
    const coarse = isFull ? times.length : (await limit(() => step).times()).length;
    return {
      of: of === 'sends' ? 'mails' : 'invoices',
      account,
      used: isFull || perHour === null ? coarse : Math.min(coarse, perHour - 1),
      perHour,
      freeAt: leaving === undefined ? null : leaving + HOUR_MS,
    };
  };
  return [
    await used(stateDir, 'sends', null, config.MAX_SENDS_PER_HOUR),
    // Each account may have a limit of its own; it stands in the accounts file, which this process does not read.
    ...(await Promise.all(
      (
        await accountNames(stateDir)
      ).map((name) => used(join(stateDir, 'accounts', name), 'sends', name, null)),
    )),
    await used(stateDir, 'posts', null, config.MAX_POSTS_PER_HOUR),
  ];
}

async function accountNames(stateDir: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(join(stateDir, 'accounts'), { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort()
      .slice(0, MAX_ACCOUNTS);
  } catch (error) {
    if (errno(error) === 'ENOENT') return [];
    throw error;
  }
}
