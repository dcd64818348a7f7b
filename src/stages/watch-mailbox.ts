/**
 * Keeps a mailbox open for good. One round: open, take in what waits, then wait for the server's word or
 * the next scan, until the connection is gone; then back off and open a new one. Nothing that a mail server
 * does ends the process.
 */

import { backoffMs, type BackoffLimits } from '../core/backoff.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Inbox } from './read-mailbox.ts';

export interface OpenInbox extends Inbox {
  readonly closed: Promise<Error>;
  onNews(hint: () => void): void;
  close(): void;
}

export interface WatchMailboxDeps<I extends OpenInbox> {
  readonly open: () => Promise<I>;
  /** Called once for each connection; gives what takes in one bounded piece. */
  readonly reader: (inbox: I) => Promise<(signal: AbortSignal) => Promise<{ more: boolean }>>;
  /** The periodic scan is the truth: a server may forget to tell. */
  readonly everyMs: number;
  readonly backoff: BackoffLimits;
  /** A refused password is tried again this seldom: quick retries lock accounts. */
  readonly authRetryMs: number;
  /** What to mend when the login is refused; by default the keys of the one account. */
  readonly cure?: string;
  readonly onState: (state: 'ok' | 'degraded' | 'paused', reason?: string) => void;
  readonly log: (event: { what: string; reason?: string; waitMs?: number }) => void;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly jitter: () => number;
}

export interface Watching {
  /** Resolves when the first attempt to read the mailbox has succeeded or failed. */
  readonly settled: Promise<void>;
  /** Resolves when what is under way is finished. */
  stop(): Promise<void>;
}

export function watchMailbox<I extends OpenInbox>(deps: WatchMailboxDeps<I>): Watching {
  const stopping = new AbortController();
  let settle: () => void = () => undefined;
  const settled = new Promise<void>((resolve) => (settle = resolve));
  const stopped = () => stopping.signal.aborted;
  const run = async (): Promise<void> => {
    let failures = 0;
    while (!stopped()) {
      const worked = () => {
        failures = 0;
        deps.onState('ok');
        settle();
      };
      const error = await round(deps, stopping.signal, worked).catch((e: unknown) => e);
      settle();
      if (stopped()) return;
      failures += 1;
      const waitMs = report(deps, error, failures);
      await deps.clock.sleep(waitMs, stopping.signal);
    }
  };
  const finished = run();
  return {
    settled,
    stop: async () => {
      stopping.abort();
      await finished;
    },
  };
}

/** Returns why the connection ended, or rejects with what went wrong. */
async function round<I extends OpenInbox>(
  deps: WatchMailboxDeps<I>,
  stop: AbortSignal,
  worked: () => void,
): Promise<unknown> {
  const inbox = await deps.open();
  try {
    deps.log({ what: 'mailbox open' });
    const ended = new AbortController();
    let why: unknown = new Error('stopped');
    void inbox.closed.then((error) => {
      why = error;
      ended.abort();
    });
    const end = AbortSignal.any([stop, ended.signal]);
    let wake = new AbortController();
    let news = false;
    inbox.onNews(() => {
      news = true;
      wake.abort();
    });
    const takePiece = await deps.reader(inbox);
    while (!end.aborted) {
      news = false;
      const { more } = await takePiece(stop);
      if (more) continue;
      worked();
      // News may have come while the piece was read, which the type checker cannot see.
      if (news as boolean) continue;
      wake = new AbortController();
      await deps.clock.sleep(deps.everyMs, AbortSignal.any([wake.signal, end]));
    }
    return why;
  } finally {
    inbox.close();
  }
}

/** Says what is wrong, to the log and to the user; gives how long to wait. */
function report<I extends OpenInbox>(deps: WatchMailboxDeps<I>, error: unknown, failures: number): number {
  const reason = error instanceof Error ? error.message : 'unknown error';
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const waitMs =
    code === 'auth'
      ? Math.round(deps.authRetryMs * (1 + deps.jitter() / 10))
      : backoffMs(failures, deps.jitter(), deps.backoff);
  deps.log({ what: 'mailbox lost', reason, waitMs });
  if (code === 'auth') {
    const { cure = 'IMAP_USER and IMAP_PASSWORD' } = deps;
    deps.onState('paused', `${reason}; check ${cure} and restart cloud-email-watcher`);
  } else if (code === 'network') {
    // A connection that ends now and then is nothing to tell the user about.
    if (failures > 1) deps.onState('degraded', `${reason}; tried again ever more seldom`);
  } else {
    deps.onState('paused', `mail is not taken in: ${reason}`);
  }
  return waitMs;
}
