/**
 * Gathers what the dashboard tells and writes it when it changed. Everything is bounded: a queue of a
 * hundred thousand finished notes costs nothing here, since finished folders are never read as a whole.
 */
import type { AuditRecord } from '../core/audit-chain.ts';
import { type Presence, presenceOf } from '../core/presence.ts';
import {
  type DashboardFacts,
  type NoteSince,
  renderDashboard,
  type SkippedToday,
  type WaitingNote,
} from '../core/dashboard.ts';
import type { HandoverFacts } from '../core/handover.ts';
import { PROCESSES } from '../core/heartbeat.ts';
import { localTime, parseLocalTime } from '../core/local-time.ts';
import { skippedCount, skippedPageName } from '../core/skipped-page.ts';
import { doneFolder, inProgress, type TaskFolder } from '../core/states.ts';
import { parseNote, text } from '../core/task-file.ts';
import { idInName } from '../core/task-id.ts';
import { readHeartbeat } from '../vault/read-heartbeat.ts';
import type { NoteRef, Vault } from '../vault/vault.ts';
import { unlessBroken } from '../vault/unless-broken.ts';
import type { ConflictReasons } from './conflict-reasons.ts';

export interface DashboardDeps {
  readonly vault: Vault;
  readonly now: () => number;
  readonly timeZone: string;
  readonly dryRun: boolean;
  /** Newest audit lines about mails that were sent and invoices that were posted, newest first, few. */
  readonly sentRecords: () => Promise<readonly AuditRecord[]>;
  /** With two machines. */
  readonly handover?: (replier: Presence) => HandoverFacts;
  readonly reasons?: ConflictReasons;
  /** Before a page names them: a peer may delete what the user has read of, and it has to be missed then. */
  readonly remember?: (shown: readonly NoteRef[], at: number) => Promise<void>;
}

export interface DashboardWriter {
  /** @param faults what the sweep found wrong with the vault, a sentence each. */
  write(faults: readonly string[]): Promise<'written' | 'unchanged'>;
  /** Another device changed the page: the next `write` writes it, whatever it says. */
  forget(): void;
}

/** Notes per folder that are looked at one by one; the rest is counted. */
const LOOKED_AT = 200;

const DASHBOARD = 'Dashboard.md';
const DASHBOARD_BYTES = 1_000_000;

export function dashboardWriter(deps: DashboardDeps): DashboardWriter {
  let last: string | null = null;
  const cards = new Map<string, WaitingNote>();
  const sentNames = new Map<string, string | null>();
  let known = false;
  return {
    forget: () => {
      last = null;
      known = true;
    },
    write: async (faults) => {
      const now = deps.now();
      if (!known) last = await readPage(deps.vault);
      known = true;
      const shown: NoteRef[] = [];
      const page = renderDashboard(await gather(deps, { cards, sentNames, faults, now, shown }), now);
      await deps.remember?.(shown, now);
      // Held against what we wrote, not against the file: an edit by the user stays until we have news.
      if (page === last) return 'unchanged';
      await deps.vault.writeOther(DASHBOARD, page);
      last = page;
      return 'written';
    },
  };
}

const GONE = { ok: false, why: 'gone' } as const;

function listed(vault: Vault, folder: TaskFolder): Promise<string[]> {
  return unlessBroken(vault.list(folder), []);
}

async function readPage(vault: Vault): Promise<string | null> {
  const read = await vault.readOther(DASHBOARD, DASHBOARD_BYTES);
  return read.ok ? read.text : null;
}

interface Pass {
  readonly cards: Map<string, WaitingNote>;
  readonly sentNames: Map<string, string | null>;
  readonly faults: readonly string[];
  readonly now: number;
  /** The cards the page names are put here. */
  readonly shown: NoteRef[];
}

async function gather(deps: DashboardDeps, pass: Pass): Promise<DashboardFacts> {
  const { vault } = deps;
  const pending = await waitingNotes(deps, pass);
  const needs = await folderNotes(vault, ['Needs_Action/email', 'Needs_Action/odoo']);
  const claimed = await Promise.all(
    (['cloud-agent', 'local-agent'] as const).map(async (agent) => {
      const { notes } = await folderNotes(vault, [inProgress(agent)]);
      return notes.map((note) => ({ ...note, agent }));
    }),
  );
  const processes = await Promise.all(
    PROCESSES.map(async ({ agent, process }) => ({
      agent,
      process,
      seen: presenceOf(await readHeartbeat(vault, agent, process), pass.now),
    })),
  );
  const replier = processes.find((p) => p.agent === 'cloud-agent' && p.process === 'draft-replier');
  return {
    timeZone: deps.timeZone,
    dryRun: deps.dryRun,
    pausedBy: await vault.pauseNotes(),
    waiting: pending.waiting,
    waitingMore: pending.more,
    approved: (await folderNotes(vault, ['Approved'])).notes.filter(
      (note) => !/^pause\.md$/i.test(note.name),
    ),
    needsAction: { count: needs.count, oldest: oldest(needs.notes) },
    claimed: claimed.flat(),
    sent: await sentNotes(deps, pass),
    skippedToday: await skippedToday(deps, pass.now),
    quarantined: await listed(vault, 'Quarantine'),
    conflicts: await keptVersions(deps),
    faults: pass.faults,
    processes,
    handover: deps.handover?.(replier?.seen ?? { presence: 'never' }) ?? null,
  };
}

async function keptVersions({ vault, reasons }: DashboardDeps): Promise<DashboardFacts['conflicts']> {
  const names = [...(await listed(vault, 'Conflicts')), ...(await conflictCopies(vault))];
  await reasons?.keepOnly(new Set(names));
  return names.map((name) => ({ name, why: reasons?.of(name) ?? null }));
}

async function waitingNotes(
  deps: DashboardDeps,
  pass: Pass,
): Promise<{ waiting: WaitingNote[]; more: number }> {
  const waiting: WaitingNote[] = [];
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
      const card = pass.cards.get(key) ?? (await readCard(deps, { folder, name }, stat.ctimeMs));
      pass.cards.set(key, card);
      seen.add(key);
      waiting.push(card);
      pass.shown.push({ folder, name });
    }
  }
  for (const key of pass.cards.keys()) if (!seen.has(key)) pass.cards.delete(key);
  return { waiting, more };
}

/** Waiting since it was drafted, as the card says; an edit by the user does not make it younger. */
async function readCard(
  deps: DashboardDeps,
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
async function skippedToday({ vault, timeZone }: DashboardDeps, now: number): Promise<SkippedToday | null> {
  const path = skippedPageName(localTime(now, timeZone).slice(0, 10));
  const read = await unlessBroken(vault.readOther(path, DASHBOARD_BYTES), GONE);
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

function oldest(notes: readonly NoteSince[]): number | null {
  return notes.length === 0 ? null : Math.min(...notes.map((note) => note.since));
}

/** Conflict copies are no task files, so `list` leaves them out. */
async function conflictCopies(vault: Vault): Promise<string[]> {
  const strays = await unlessBroken(vault.listStrays('Conflicts'), []);
  return strays.filter((stray) => stray.why === 'sync-conflict').map((stray) => stray.name);
}

/** The audit line names the task; the name of its note is looked up once, in the month's folder. */
async function sentNotes(deps: DashboardDeps, pass: Pass): Promise<DashboardFacts['sent']> {
  const { sentNames } = pass;
  // A crash between the line and the outcome writes the line twice (docs/states.md).
  const once = new Map<string | null, AuditRecord>();
  for (const record of await deps.sentRecords()) {
    if (!once.has(record.task)) once.set(record.task, record);
  }
  const records = [...once.values()].filter((record) => record.task !== null);
  const unknown = records.filter((record) => typeof sentNames.get(record.task ?? '') !== 'string');
  const months = new Set(
    unknown.map((record) => doneFolder(localTime(Date.parse(record.ts), deps.timeZone))),
  );
  const names = new Map<string, string>();
  for (const month of months) {
    for (const name of await listed(deps.vault, month)) names.set(idInName(name) ?? '', name);
  }
  for (const { task } of unknown) if (task !== null) sentNames.set(task, names.get(task) ?? null);
  const shown = new Set(records.map((record) => record.task));
  for (const task of sentNames.keys()) if (!shown.has(task)) sentNames.delete(task);
  return records.map(({ task, ts }) => ({
    task: task ?? '',
    name: sentNames.get(task ?? '') ?? null,
    at: Date.parse(ts),
  }));
}
