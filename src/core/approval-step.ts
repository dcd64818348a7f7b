import { parseLocalTime } from './local-time.ts';
import { type QuietHours, quietUntil } from './quiet-hours.ts';
import { text, type TaskNote } from './task-file.ts';

/** Why an approved card waits; nothing is wrong with it. */
export type Hold =
  | { readonly why: 'paused' }
  | { readonly why: 'undo' | 'send_after' | 'quiet'; readonly until: number };

export interface HoldFacts {
  readonly now: number;
  readonly paused: boolean;
  /** When the note came into Approved: its ctime, since a rename and an edit both set it. */
  readonly approvedAt: number;
  readonly undoMs: number;
  readonly timeZone: string;
  /** Null for what may happen at night as well. */
  readonly quiet?: QuietHours | null;
}

/** What an approved card waits for before it is claimed, or null. A clock in the future delays, never hurries. */
export function holdOf(note: TaskNote | null, facts: HoldFacts): Hold | null {
  if (facts.paused) return { why: 'paused' };
  const undoEnds = Math.min(facts.approvedAt, facts.now) + facts.undoMs;
  if (undoEnds > facts.now) return { why: 'undo', until: undoEnds };
  const until = sendAfter(note, facts.timeZone);
  if (until !== null && until > facts.now) return { why: 'send_after', until };
  const quiet = quietUntil(facts.now, facts.quiet ?? null, facts.timeZone);
  return quiet === null ? null : { why: 'quiet', until: quiet };
}

function sendAfter(note: TaskNote | null, timeZone: string): number | null {
  const after = note === null ? undefined : text(note, 'send_after');
  return after === undefined || after === '' ? null : parseLocalTime(after, timeZone);
}

/**
 * As of when a card must not have expired: now, less the time it was put off for by what the user knew of at the yes,
 * its own `send_after` and the quiet hours.
 */
export function validAsOf(note: TaskNote, facts: Omit<HoldFacts, 'paused' | 'undoMs'>): number {
  const yes = Math.min(facts.approvedAt, facts.now);
  const later = Math.max(yes, sendAfter(note, facts.timeZone) ?? yes);
  const end = quietUntil(later, facts.quiet ?? null, facts.timeZone) ?? later;
  return facts.now - Math.min(end - yes, facts.now - yes);
}

export interface CheckFacts {
  readonly now: number;
  readonly timeZone: string;
  /** See `validAsOf`; default `now`. */
  readonly asOf?: number;
  /** Was this card ever offered, as our own record outside the vault says? */
  readonly offered: boolean;
  readonly thread: 'quiet' | 'answered' | 'newer' | 'unknown';
  /** What the user was told before, at an earlier yes: told once, a second yes stands. */
  readonly told: readonly string[];
  /** What the books say of the draft. */
  readonly books?: readonly Reason[];
  /** What a yes to this card does; default: a mail is sent. */
  readonly act?: Act;
}

/** `it is sent`, `to send it`. */
export interface Act {
  readonly did: 'sent' | 'posted';
  readonly verb: 'send' | 'post';
}
export const SENDING: Act = { did: 'sent', verb: 'send' };
export const POSTING: Act = { did: 'posted', verb: 'post' };

export interface Reason {
  readonly code:
    | ('never-offered' | 'expired' | 'bad-date' | 'answered' | 'newer')
    // Of a draft in Odoo.
    | ('deleted' | 'reset' | 'cancelled' | 'closed-period' | 'refused')
    // Of a mail, each with what it is about: told of one address, another one is told anew.
    | `${'first-contact' | 'stranger' | 'odd' | 'says'}:${string}`;
  readonly words: string;
}

/** Reasons that concern the moment rather than the content; see `mailActionOf` for the content. */
export function momentReasons(note: TaskNote, facts: CheckFacts): readonly Reason[] {
  const { did, verb } = facts.act ?? SENDING;
  const reasons: Reason[] = [];
  const say = (code: Reason['code'], words: string) => reasons.push({ code, words });
  if (!facts.offered) {
    say(
      'never-offered',
      `This card was never offered to you by Handover. Read it; move it to \`Approved\` again if you want it ${did}.`,
    );
  }
  const expires = text(note, 'expires') ?? '';
  const expiry = expires === '' ? null : parseLocalTime(expires, facts.timeZone);
  if (expires !== '' && expiry === null) say('bad-date', 'The property `expires` is not a date and time.');
  if (expiry !== null && expiry <= (facts.asOf ?? facts.now)) {
    say(
      'expired',
      `The draft expired on ${expires.replace('T', ' ')}. Move it to \`Approved\` again to ${verb} it all the same.`,
    );
  }
  const after = text(note, 'send_after') ?? '';
  if (after !== '' && parseLocalTime(after, facts.timeZone) === null) {
    say('bad-date', 'The property `send_after` is not a date and time.');
  }
  if (facts.thread === 'answered')
    say('answered', 'You already answered this mail: a reply lies in your Sent folder.');
  if (facts.thread === 'newer') say('newer', 'A newer mail came in this thread after the draft was made.');
  reasons.push(...(facts.books ?? []));
  return reasons.filter((reason) => !mayInsist(reason.code) || !facts.told.includes(reason.code));
}

function mayInsist(code: Reason['code']): boolean {
  return MAY_INSIST.has(code.split(':', 1)[0] ?? '');
}

/** What the user may know better: told once, moving the card again sends it. */
const MAY_INSIST: ReadonlySet<string> = new Set([
  ...['answered', 'newer', 'reset', 'closed-period'],
  ...['first-contact', 'odd', 'says'],
]);

/** The journal's word on a task, as far as the approval handler needs it. */
export type EffectWord =
  | 'none'
  | 'ready'
  | 'waiting'
  | 'running'
  | 'done'
  | 'failed'
  | 'in_doubt'
  | 'unreadable';

export interface StepFacts {
  readonly effect: EffectWord;
  /** Claimed out of Approved in this very pass. */
  readonly fresh: boolean;
  /**
   * Our record outside the vault says that this very text was claimed out of Approved. Without it a note
   * found in `In_Progress/local-agent` proves nothing: whoever writes the vault can put it there.
   */
  readonly claimed: boolean;
  /** `outcome` of the note, as we wrote it. */
  readonly outcome: string | undefined;
}

export type Step =
  | 'check' // a yes: check, seal, send
  | 'send' // sealed: go on
  | 'wait' // another process is at it, or a time has not come
  | 'finish' // the effect happened: file, write the outcome, move to Done
  | 'bounce_failed' // refused for good: back to the user with the server's words
  | 'bounce_done' // this id was sent before: nothing is sent again
  | 'bounce_unreadable'
  | 'bounce_unclaimed' // somebody else put it here: no yes of the user is behind it
  | 'return' // was bounced, but a crash kept it here: finish the move to Pending
  | 'look' // in doubt: look in Sent, else ask
  | 'resend'; // in doubt, asked, and the user said: send again

/**
 * What to do with a note that lies in `In_Progress/local-agent`. A function of the journal first and the
 * note second, so that a crash at any point leads back to the same step.
 */
export function nextStep(facts: StepFacts): Step {
  const yes = facts.fresh || facts.claimed;
  switch (facts.effect) {
    case 'none':
      if (yes) return 'check';
      return facts.outcome === 'bounced' || facts.outcome === 'dry_run' ? 'return' : 'bounce_unclaimed';
    // A yes that is not sealed yet covers what the note says now, not what an older seal holds: the user
    // may have edited the card before the second yes.
    case 'ready':
      return yes ? 'check' : 'send';
    case 'waiting':
      return yes ? 'check' : 'wait';
    case 'running':
      return 'wait';
    case 'done':
      return facts.fresh ? 'bounce_done' : 'finish';
    case 'failed':
      if (yes) return 'check';
      return facts.outcome === 'bounced' ? 'return' : 'bounce_failed';
    case 'in_doubt':
      if (facts.outcome !== 'in_doubt') return 'look';
      return yes ? 'resend' : 'return';
    case 'unreadable':
      return 'bounce_unreadable';
  }
}
