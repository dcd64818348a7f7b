/**
 * Writes the dashboard when what it tells changed: not for a minute that went by, not in the middle of a sentence the
 * user writes into it, and not many times a second.
 */
import { renderDashboard } from '../core/dashboard.ts';
import type { HandoverFacts } from '../core/handover.ts';
import type { NoteRef } from '../vault/vault.ts';
import { dashboardFacts, FactsMemory, type FactsDeps } from './dashboard-facts.ts';

export interface DashboardDeps extends FactsDeps {
  readonly now: () => number;
  /** Before a page names them: a peer may delete what the user has read of, and it has to be missed then. */
  readonly remember?: (shown: readonly NoteRef[], at: number) => Promise<void>;
  /** Another `write` is wanted then, ms. Without it nothing can be put off. */
  readonly wakeAt?: (at: number) => void;
}

export interface DashboardWriter {
  /** @param faults what the sweep found wrong with the vault, a sentence each. */
  write(faults: readonly string[]): Promise<'written' | 'unchanged' | 'put_off'>;
  /** Another device changed the page: the next `write` writes it, whatever it says. */
  forget(): void;
}

const DASHBOARD = 'Dashboard.md';
const DASHBOARD_BYTES = 1_000_000;

/** Each version travels to every device, and Obsidian draws it anew. */
const BETWEEN_WRITES_MS = 2_000;
/** Obsidian saves two seconds after the last key; a page that is replaced meanwhile takes the words away. */
const TYPING_MS = 10_000;
/** Somebody who never stops is not waited for. */
const PATIENCE_MS = 60_000;
/** A few files that arrive are no lag. */
const LAG_MS = 20_000;

interface Written {
  /** As the page was when it was last ours; null: not known. */
  page: string | null;
  known: boolean;
  at: number;
  /** Since when the user is waited for. */
  waitingSince: number | null;
}

export function dashboardWriter(deps: DashboardDeps): DashboardWriter {
  const memory = new FactsMemory();
  const lag = lagWatch();
  const written: Written = { page: null, known: false, at: Number.NEGATIVE_INFINITY, waitingSince: null };
  return {
    forget: () => {
      Object.assign(written, { page: null, known: true });
    },
    write: async (faults) => {
      const now = deps.now();
      if (!written.known) {
        const read = await deps.vault.readOther(DASHBOARD, DASHBOARD_BYTES);
        Object.assign(written, { page: read.ok ? read.text : null, known: true });
      }
      const gathered = await dashboardFacts(deps, { memory, faults, now });
      const facts = { ...gathered.facts, handover: lag(gathered.facts.handover, now) };
      const page = renderDashboard(facts, now);
      await deps.remember?.(
        gathered.shown.map(({ ref }) => ref),
        now,
      );
      // Held against what we wrote, not against the file: an edit by the user stays until we have news.
      if (page === written.page) return 'unchanged';
      // The last word before this machine goes to sleep cannot wait.
      const later = facts.handover?.stoppedAt == null ? await notBefore(deps, written, now) : now;
      if (later > now) {
        deps.wakeAt?.(later);
        return 'put_off';
      }
      await deps.vault.writeOther(DASHBOARD, page);
      Object.assign(written, { page, at: now, waitingSince: null });
      return 'written';
    },
  };
}

/** When the page may be written, ms. Now, when nobody would wake us. */
async function notBefore(deps: DashboardDeps, written: Written, now: number): Promise<number> {
  if (deps.wakeAt === undefined) return now;
  const rested = written.at + BETWEEN_WRITES_MS;
  // A clock that was set back must not keep the page for ever.
  if (now < rested && now >= written.at) return rested;
  if (written.page === null) return now;
  const read = await deps.vault.readOther(DASHBOARD, DASHBOARD_BYTES);
  if (!read.ok || read.text === written.page) return now;
  const typed = read.stat.mtimeMs;
  const isTyping = typed <= now && now - typed < TYPING_MS;
  written.waitingSince ??= now;
  if (!isTyping || now - written.waitingSince >= PATIENCE_MS) return now;
  return typed + TYPING_MS;
}

/** Since when the replica is behind; a lag of seconds is none. */
function lagWatch() {
  let since: number | null = null;
  return (facts: HandoverFacts | null, now: number): HandoverFacts | null => {
    if (facts === null) return facts;
    if (facts.sync.state !== 'behind') {
      since = null;
      return facts;
    }
    since = since === null ? now : Math.min(since, now);
    if (now - since < LAG_MS) return { ...facts, sync: { state: 'in_step' } };
    return { ...facts, sync: { ...facts.sync, since } };
  };
}
