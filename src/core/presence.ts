/**
 * Decisions about claimed notes. The owner of `In_Progress/<agent>` resumes or gives back what is its own
 * when it starts; nobody else touches that folder. What is left to decide here is what to tell the user.
 */
import type { HealthState, Heartbeat } from './heartbeat.ts';
import { HEARTBEAT_MS } from './heartbeat.ts';

/** Three beats missed: a laptop that wakes up needs one, a slow disk or sync another. */
export const SILENT_AFTER_MS = 3 * HEARTBEAT_MS;

/** A draft by a slow model or a mail that the server put off takes minutes, not this long. */
const UNUSUAL_MS = 30 * 60_000;

export type Presence =
  | { readonly presence: 'never' | 'clock-ahead' }
  | { readonly presence: 'alive'; readonly state: HealthState; readonly reason: string | null }
  | { readonly presence: 'stopped' | 'silent'; readonly lastSeen: number };

/** Clocks of two machines differ by seconds. One that is ahead by more would look alive long after it died. */
const CLOCK_SLACK_MS = 10 * 60_000;

/** What a heartbeat says now; it may come from another machine. */
export function presenceOf(beat: Heartbeat | null, now: number): Presence {
  if (!beat) return { presence: 'never' };
  if (beat.at > now + CLOCK_SLACK_MS) return { presence: 'clock-ahead' };
  const lastSeen = Math.min(beat.at, now);
  if (beat.state === 'stopped') return { presence: 'stopped', lastSeen };
  if (now - lastSeen > SILENT_AFTER_MS) return { presence: 'silent', lastSeen };
  return { presence: 'alive', state: beat.state, reason: beat.reason };
}

/** Is this claim worth a look by the user? `since` is when the note came into the folder. */
export function isStuck(facts: {
  readonly since: number;
  readonly owner: Presence;
  readonly now: number;
}): boolean {
  const { since, owner, now } = facts;
  switch (owner.presence) {
    case 'never':
      return now - since > SILENT_AFTER_MS;
    case 'alive':
    case 'clock-ahead':
      return now - since > UNUSUAL_MS;
    case 'stopped':
    case 'silent':
      return since <= owner.lastSeen || now - since > SILENT_AFTER_MS;
  }
}
