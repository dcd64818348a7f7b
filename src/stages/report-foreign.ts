/**
 * Changes that came from another device on what only this laptop writes. Nothing is decided by them: the
 * handler asks its own journal, the page is written again. They are told and kept in the audit log: the first
 * of each kind by path, a flood as a number.
 */
import type { AuditTrail } from '../core/audit-chain.ts';
import { foreignWords } from '../core/foreign-words.ts';
import { type ForeignKind, foreignKind } from '../core/ownership.ts';
import { idInName } from '../core/task-id.ts';
import type { Findings } from './findings.ts';
import type { FinishedTasks } from './finished-copies.ts';

export interface ForeignChange {
  readonly path: string;
  readonly action: string;
  readonly type: string;
  readonly origin: 'local' | 'remote';
  /** What the peer's index says; it can write what it likes there. */
  readonly modifiedBy: string;
}

export interface ForeignDeps {
  readonly audit: AuditTrail;
  readonly findings: Findings;
  readonly finished: FinishedTasks;
  readonly now: () => number;
  readonly phone: boolean;
  /** The page is not as we wrote it any more. */
  readonly onDashboard: () => void;
}

export interface ForeignReporter {
  /** Rejects when the audit log cannot be written. */
  note(change: ForeignChange): Promise<void>;
  /** Writes what was only counted; call it once a pass. */
  flush(): Promise<void>;
}

/** What the words ask the user to take away is told until it is gone. */
function isMendedByDeleting(kind: ForeignKind, change: ForeignChange, finished: boolean): boolean {
  return kind === 'link' || (kind === 'done' && change.action !== 'deleted' && !finished);
}

/** Audit lines of one kind within the hour; the rest is one line with a number for each pass. */
const LINES = 20;
const HOUR_MS = 3_600_000;

export function foreignReporter(deps: ForeignDeps): ForeignReporter {
  const lines = new Map<ForeignKind, number>();
  const counted = new Map<ForeignKind, number>();
  let hour = 0;
  return {
    note: async (change) => {
      if (change.origin !== 'remote') return;
      const kind = foreignKind(change, deps.phone);
      if (kind === null) return;
      if (kind === 'dashboard') deps.onDashboard();
      const id = idInName(change.path);
      const finished = kind === 'done' && id !== null && (await deps.finished.isDone(id));
      const words = foreignWords(kind, change, { phone: deps.phone, finished });
      deps.findings.add(
        `foreign.${kind}`,
        words,
        isMendedByDeleting(kind, change, finished) ? change.path : null,
      );
      if (deps.now() - hour >= HOUR_MS) {
        hour = deps.now();
        lines.clear();
      }
      const written = lines.get(kind) ?? 0;
      if (written >= LINES) {
        counted.set(kind, (counted.get(kind) ?? 0) + 1);
        return;
      }
      lines.set(kind, written + 1);
      await deps.audit.append({
        action: 'vault.foreign_change',
        task: id ?? undefined,
        target: change.path.slice(0, 300),
        parameters: { kind, change: change.action, type: change.type, said_to_be_by: change.modifiedBy },
        result: 'told',
      });
    },
    flush: async () => {
      for (const [kind, count] of counted) {
        counted.delete(kind);
        await deps.audit.append({
          action: 'vault.foreign_change',
          parameters: { kind, more: count },
          result: 'counted',
        });
      }
      await deps.findings.flush();
    },
  };
}
