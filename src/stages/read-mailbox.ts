/**
 * How far a mailbox was read, and the next piece of it.
 *
 * The cursor is UIDVALIDITY and the last UID (RFC 3501 section 2.3.1.1), never the \Seen flag, which is the
 * user's. When UIDVALIDITY changes, UIDs mean nothing any more: everything since the baseline is looked at
 * again and the ledger knows what was taken in. The baseline is the server's own clock: the date of the
 * newest mail that was there at the first start, so that a clock that is wrong here neither floods the user
 * with old mail nor loses new mail.
 */

import type { At } from '../core/crash-points.ts';
import type { FetchedMail, TakenIn } from './take-in-mail.ts';

export interface Cursor {
  readonly uidValidity: string;
  readonly lastUid: number;
  /** RFC 3339. Of the UIDs below `oldBelow`, only mail the server got after this is taken in. */
  readonly baseline: string;
  readonly oldBelow: number;
}

export interface CursorStore {
  load(): Promise<Cursor | null>;
  /** Resolves when it is on disk. */
  save(cursor: Cursor): Promise<void>;
}

/** A mailbox opened read-only over one connection. Every method rejects when the connection is lost. */
export interface Inbox {
  readonly uidValidity: string;
  /** At the time it was opened. */
  readonly uidNext: number;
  /** Milliseconds; null when the mailbox is empty. */
  newestInternalDate(): Promise<number | null>;
  /** UIDs in [from, to] in ascending order, of mail got on or after the day of `sinceMs`. */
  uids(from: number, to: number | null, sinceMs: number | null): Promise<number[]>;
  /** In ascending order; mail that was deleted meanwhile is left out. No other call until it is read. */
  fetch(uids: readonly number[]): AsyncIterable<FetchedMail>;
}

export interface ReadMailboxDeps {
  readonly cursors: CursorStore;
  /** Makes durable what `takeIn` recorded; the cursor moves only after it. */
  readonly flush: () => Promise<void>;
  readonly takeIn: (fetched: FetchedMail) => Promise<TakenIn>;
  readonly onTaken: (taken: TakenIn, ms: number) => void;
  readonly now: () => number;
  readonly at: At;
  /** Days before the first start that are taken in too. */
  readonly backfillDays: number;
  readonly perPass: number;
  /** Mails worked on at once, and the size above which one is worked on alone. */
  readonly parallel: number;
  readonly aloneAboveBytes: number;
}

const DAY_MS = 86_400_000;

/** Finds or makes the cursor for this connection; gives the function that takes in one bounded piece. */
export async function mailboxReader(
  deps: ReadMailboxDeps,
  inbox: Inbox,
): Promise<(signal: AbortSignal) => Promise<{ more: boolean }>> {
  let cursor = await cursorFor(deps, inbox);
  const save = async (next: Cursor) => {
    await deps.flush();
    await deps.cursors.save(next);
    deps.at('watcher:cursor-written');
    cursor = next;
  };
  return async (signal) => {
    const old = cursor.lastUid < cursor.oldBelow - 1;
    const baselineMs = Date.parse(cursor.baseline);
    const waiting = old
      ? await inbox.uids(cursor.lastUid + 1, cursor.oldBelow - 1, baselineMs)
      : await inbox.uids(cursor.lastUid + 1, null, null);
    const piece = waiting.slice(0, deps.perPass);
    const last = piece.at(-1);
    if (last !== undefined) await takePiece(deps, inbox, piece, old ? baselineMs : null, signal);
    if (signal.aborted) return { more: false };
    const more = waiting.length > piece.length;
    if (old && !more) await save({ ...cursor, lastUid: cursor.oldBelow - 1 });
    else if (last !== undefined) await save({ ...cursor, lastUid: last });
    return { more: more || old };
  };
}

async function cursorFor(deps: ReadMailboxDeps, inbox: Inbox): Promise<Cursor> {
  const { uidValidity, uidNext } = inbox;
  const known = await deps.cursors.load();
  if (known?.uidValidity === uidValidity) return known;
  const baseline = known?.baseline ?? (await firstBaseline(deps, inbox));
  const next: Cursor =
    known || deps.backfillDays > 0
      ? { uidValidity, lastUid: 0, baseline, oldBelow: uidNext }
      : { uidValidity, lastUid: uidNext - 1, baseline, oldBelow: 0 };
  await deps.cursors.save(next);
  return next;
}

async function firstBaseline(deps: ReadMailboxDeps, inbox: Inbox): Promise<string> {
  if (deps.backfillDays > 0) return new Date(deps.now() - deps.backfillDays * DAY_MS).toISOString();
  // Of an empty mailbox nothing is old, however far its clock is from ours.
  return new Date((await inbox.newestInternalDate()) ?? 0).toISOString();
}

async function takePiece(
  deps: ReadMailboxDeps,
  inbox: Inbox,
  uids: readonly number[],
  afterMs: number | null,
  signal: AbortSignal,
): Promise<void> {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const take = async (mail: FetchedMail) => {
    const start = deps.now();
    deps.onTaken(await deps.takeIn(mail), deps.now() - start);
  };
  for await (const mail of inbox.fetch(uids)) {
    if (signal.aborted || failures.length > 0) continue;
    if (afterMs !== null && mail.internalDateMs !== null && mail.internalDateMs <= afterMs) continue;
    const alone = mail.raw.length > deps.aloneAboveBytes;
    while (running.size > (alone ? 0 : deps.parallel - 1)) await Promise.race(running);
    const work = take(mail)
      .catch((error: unknown) => failures.push(error))
      .then(() => {
        running.delete(work);
      });
    running.add(work);
    if (alone) await work;
  }
  await Promise.all(running);
  if (failures.length > 0) throw failures[0];
}
