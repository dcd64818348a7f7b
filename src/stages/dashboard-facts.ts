/**
 * Gathers what the dashboard tells. Everything is bounded: a queue of a hundred thousand finished notes costs
 * nothing here, since finished folders are never read as a whole.
 */
import type { AuditRecord } from '../core/audit-chain.ts';
import type {
  DashboardFacts,
  LimitUsed,
  NoteSince,
  SinceLook,
  SkippedDay,
  WaitingNote,
} from '../core/dashboard-facts.ts';
import type { HandoverFacts } from '../core/handover.ts';
import { PROCESSES } from '../core/heartbeat.ts';
import { dayFrom, localTime, parseLocalTime } from '../core/local-time.ts';
import { type Presence, presenceOf } from '../core/presence.ts';
import { skippedCount, skippedPageName } from '../core/skipped-page.ts';
import { doneFolder, inProgress, type TaskFolder } from '../core/states.ts';
import { parseNote, text } from '../core/task-file.ts';
import { idInName } from '../core/task-id.ts';
import { readHeartbeat } from '../vault/read-heartbeat.ts';
import { unlessBroken } from '../vault/unless-broken.ts';
import type { Vault } from '../vault/vault.ts';
import type { ConflictReasons } from './conflict-reasons.ts';
import type { LastLook, SeenCard } from './last-look.ts';

export interface FactsDeps {
  readonly vault: Vault;
  readonly timeZone: string;
  readonly dryRun: boolean;
  /**
   * Newest audit lines of the approval handler, newest first: mails sent, invoices posted, what came back, what
   * was approved. At most `RECORDS`.
   */
  readonly sentRecords: () => Promise<readonly AuditRecord[]>;
  /** With two machines. */
  readonly handover?: (replier: Presence) => HandoverFacts;
  readonly reasons?: ConflictReasons;
  readonly limits?: () => Promise<readonly LimitUsed[]>;
  readonly lastLook?: LastLook;
}

/** Lines that are worth reading for the page; a day with more says "at least". */
export const RECORDS = 300;
const SENT_SHOWN = 10;
/** Notes per folder that are looked at one by one; the rest is counted. */
const LOOKED_AT = 200;
const PAGE_BYTES = 1_000_000;

/** What one pass learns and the next need not look up again. */
export class FactsMemory {
  /** A card is read once per version. */
  readonly cards = new Map<string, WaitingNote>();
  readonly sentNames = new Map<string, string | null>();
  /** Names of notes that were seen open, by id: a task that is done keeps its name. */
  readonly names = new Map<string, string>();
  /** A month of a hundred thousand notes is not listed again for one that is not there. */
  listAgainAt = Number.NEGATIVE_INFINITY;
}

interface Pass {
  readonly memory: FactsMemory;
  readonly faults: readonly string[];
  readonly now: number;
}

/** @returns with the cards that are named, for who has to miss them when a peer deletes them. */
export async function dashboardFacts(
  deps: FactsDeps,
  pass: Pass,
): Promise<{ readonly facts: DashboardFacts; readonly shown: readonly SeenCard[] }> {
  const { vault } = deps;
  const pending = await waitingNotes(deps, pass);
  const needs = await folderNotes(vault, ['Needs_Action/email', 'Needs_Action/odoo']);
  const claimed = await Promise.all(
    (['cloud-agent', 'local-agent'] as const).map(async (agent) => {
      const { notes } = await folderNotes(vault, [inProgress(agent)]);
      return notes.map((note) => ({ ...note, agent }));
    }),
  );
  const approved = (await folderNotes(vault, ['Approved'])).notes.filter(
    (note) => !/^pause\.md$/i.test(note.name),
  );
  const processes = await Promise.all(
    PROCESSES.map(async ({ agent, process }) => ({
      agent,
      process,
      seen: presenceOf(await readHeartbeat(vault, agent, process), pass.now),
    })),
  );
  const replier = processes.find((p) => p.agent === 'cloud-agent' && p.process === 'draft-replier');
  keepNames(pass.memory, [...approved, ...claimed.flat()]);
  const records = await deps.sentRecords();
  const facts: DashboardFacts = {
    timeZone: deps.timeZone,
    dryRun: deps.dryRun,
    pausedBy: await vault.pauseNotes(),
    waiting: pending.waiting,
    waitingMore: pending.more,
    approved,
    needsAction: { count: needs.count, since: needs.notes.map((note) => note.since) },
    claimed: claimed.flat(),
    sent: await sentNotes(deps, records, pass),
    skippedToday: await skippedOn(deps, dayOf(deps, pass.now)),
    sinceLook: await sinceLook(deps, records, pending.shown, pass.now),
    limits: (await deps.limits?.()) ?? [],
    quarantined: await listed(vault, 'Quarantine'),
    conflicts: await keptVersions(deps),
    faults: pass.faults,
    processes,
    handover: deps.handover?.(replier?.seen ?? { presence: 'never' }) ?? null,
  };
  return { facts, shown: pending.shown };
}

const MAX_NAMES = 2_000;

function keepNames({ names }: FactsMemory, notes: readonly NoteSince[]): void {
  for (const { name } of notes) {
    const id = idInName(name);
    if (id !== null) names.set(id, name);
  }
  for (const id of names.keys()) {
    if (names.size <= MAX_NAMES) return;
    names.delete(id);
  }
}

async function sinceLook(
  deps: FactsDeps,
  records: readonly AuditRecord[],
  shown: readonly SeenCard[],
  now: number,
): Promise<SinceLook | null> {
  const approvals = records.filter(({ action }) => action.endsWith('.approved')).map(at);
  const date = localTime(now, deps.timeZone);
  await deps.lastLook?.pass(deps.vault, { cards: shown, approvals, now, date });
  const since = deps.lastLook?.since(now) ?? null;
  if (since === null) return null;
  const later = records.filter((record) => at(record) > since);
  const tasks = (wanted: (action: string) => boolean) =>
    new Set(later.filter(({ action }) => wanted(action)).map(({ task }) => task)).size;
  const today = date.slice(0, 10);
  return {
    since,
    sent: tasks((action) => action === 'mail.sent'),
    posted: tasks((action) => action === 'invoice.posted'),
    cameBack: tasks((action) => action.endsWith('.bounced') || action === 'mail.returned'),
    more: later.length === records.length && records.length >= RECORDS,
    skippedYesterday: dayOf(deps, since) === today ? null : await skippedOn(deps, dayFrom(today, -1)),
  };
}

const at = ({ ts }: AuditRecord): number => Date.parse(ts);

function dayOf({ timeZone }: FactsDeps, ms: number): string {
  return localTime(ms, timeZone).slice(0, 10);
}

const GONE = { ok: false, why: 'gone' } as const;

function listed(vault: Vault, folder: TaskFolder): Promise<string[]> {
  return unlessBroken(vault.list(folder), []);
}

async function keptVersions({ vault, reasons }: FactsDeps): Promise<DashboardFacts['conflicts']> {
  const names = [...(await listed(vault, 'Conflicts')), ...(await conflictCopies(vault))];
  await reasons?.keepOnly(new Set(names));
  return names.map((name) => ({ name, why: reasons?.of(name) ?? null }));
}

async function waitingNotes(
  deps: FactsDeps,
  pass: Pass,
): Promise<{ waiting: WaitingNote[]; shown: SeenCard[]; more: number }> {
  const { cards } = pass.memory;
  const waiting: WaitingNote[] = [];
  const shown: SeenCard[] = [];
  const seen = new Set<string>();
  let more = 0;
  for (const folder of ['Pending_Approval/email', 'Pending_Approval/odoo'] as const) {
    const names = await listed(deps.vault, folder);
    more += Math.max(0, names.length - LOOKED_AT);
    for (const name of names.slice(0, LOOKED_AT)) {
      const stat = await deps.vault.stat({ folder, name });
      if (!stat) continue;
      // A card is read once per version: the key changes with every write and every move.
      const key = `${folder}/${name}/${stat.ctimeMs}/${stat.size}`;
      const card = cards.get(key) ?? (await readCard(deps, { folder, name }, stat.ctimeMs));
      cards.set(key, card);
      seen.add(key);
      waiting.push(card);
      shown.push({ ref: { folder, name }, stat });
    }
  }
  for (const key of cards.keys()) if (!seen.has(key)) cards.delete(key);
  keepNames(pass.memory, waiting);
  return { waiting, shown, more };
}

/** Waiting since it was drafted, as the card says; an edit by the user does not make it younger. */
async function readCard(
  deps: FactsDeps,
  ref: { readonly folder: TaskFolder; readonly name: string },
  ctimeMs: number,
): Promise<WaitingNote> {
  const read = await deps.vault.read(ref);
  const parsed = read.ok ? parseNote(read.text) : null;
  if (!parsed?.ok) return { name: ref.name, since: ctimeMs, outcome: null };
  const drafted = stamp(text(parsed.note, 'drafted_at'), deps.timeZone);
  return {
    name: ref.name,
    since: drafted === null ? ctimeMs : Math.min(drafted, ctimeMs),
    outcome: text(parsed.note, 'outcome') ?? null,
    high: text(parsed.note, 'priority') === 'high',
  };
}

/** The watcher's page, which another machine may have written: it is believed about nothing but a number. */
async function skippedOn({ vault }: FactsDeps, day: string): Promise<SkippedDay | null> {
  const path = skippedPageName(day);
  const read = await unlessBroken(vault.readOther(path, PAGE_BYTES), GONE);
  const count = read.ok ? skippedCount(read.text) : null;
  return count === null ? null : { count, page: path.slice(path.lastIndexOf('/') + 1) };
}

/** RFC 3339 or local time of the vault; null for anything else. */
function stamp(value: string | undefined, timeZone: string): number | null {
  if (value === undefined) return null;
  const local = parseLocalTime(value, timeZone);
  if (local !== null) return local;
  return /^\d{4}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:\d{2})$/.test(value) ? Date.parse(value) || null : null;
}

async function folderNotes(
  vault: Vault,
  folders: readonly TaskFolder[],
): Promise<{ count: number; notes: NoteSince[] }> {
  let count = 0;
  const notes: NoteSince[] = [];
  for (const folder of folders) {
    const names = await listed(vault, folder);
    count += names.length;
    for (const name of names.slice(0, LOOKED_AT)) {
      const stat = await vault.stat({ folder, name });
      if (stat) notes.push({ name, since: stat.ctimeMs });
    }
  }
  return { count, notes };
}

/** Conflict copies are no task files, so `list` leaves them out. */
async function conflictCopies(vault: Vault): Promise<string[]> {
  const strays = await unlessBroken(vault.listStrays('Conflicts'), []);
  return strays.filter((stray) => stray.why === 'sync-conflict').map((stray) => stray.name);
}

/**
 * The audit line names the task. Its note was seen open, as a rule; after a restart the month's folder is listed
 * once, and for a note that is nowhere only now and then.
 */
async function sentNotes(
  deps: FactsDeps,
  all: readonly AuditRecord[],
  pass: Pass,
): Promise<DashboardFacts['sent']> {
  const { memory } = pass;
  // A crash between the line and the outcome writes the line twice (docs/states.md).
  const once = new Map<string, AuditRecord>();
  for (const record of all) {
    const isEffect = record.action === 'mail.sent' || record.action === 'invoice.posted';
    if (isEffect && record.task !== null && !once.has(record.task)) once.set(record.task, record);
    if (once.size === SENT_SHOWN) break;
  }
  for (const task of once.keys()) {
    const name = memory.sentNames.get(task) ?? memory.names.get(task) ?? null;
    memory.sentNames.set(task, name);
  }
  const unknown = [...once].filter(([task]) => memory.sentNames.get(task) === null);
  if (unknown.length > 0 && pass.now >= memory.listAgainAt) {
    memory.listAgainAt = pass.now + BETWEEN_LISTS_MS;
    await namesFromMonths(deps, unknown, memory);
  }
  for (const task of memory.sentNames.keys()) if (!once.has(task)) memory.sentNames.delete(task);
  return [...once].map(([task, record]) => ({
    task,
    name: memory.sentNames.get(task) ?? null,
    at: at(record),
  }));
}

const BETWEEN_LISTS_MS = 60_000;

async function namesFromMonths(
  deps: FactsDeps,
  unknown: readonly (readonly [string, AuditRecord])[],
  { sentNames }: FactsMemory,
): Promise<void> {
  const wanted = new Set(unknown.map(([task]) => task));
  const months = new Set(unknown.map(([, record]) => doneFolder(localTime(at(record), deps.timeZone))));
  for (const month of months) {
    for (const name of await listed(deps.vault, month)) {
      const id = idInName(name);
      if (id !== null && wanted.has(id)) sentNames.set(id, name);
    }
  }
}
