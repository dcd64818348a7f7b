import type { DeliveryCause } from '../../core/delivery-verdict.ts';
import type { ChangedDraft } from '../../stages/post-effects.ts';
import { OdooFault, type OdooFaultCode } from '../faults.ts';
import type { OdooConnection } from '../open-odoo.ts';
import { lookAtTarget, type Target, type TargetLook } from './look-at-target.ts';

/** Words are for a bookkeeper. */
export type PostVerdict =
  | { readonly verdict: 'posted'; readonly words: string }
  /** `failed`: this yes is used up, the user has to look. `retry`: nothing was posted, and it may go later. */
  | { readonly verdict: 'failed' | 'retry'; readonly words: string; readonly cause: DeliveryCause }
  /** It may be posted, or be about to: look again later. */
  | { readonly verdict: 'in_doubt'; readonly words: string };

export interface PostOnceResult {
  readonly verdict: PostVerdict;
  /** How far it got: `look` surely posted nothing. */
  readonly phase: 'look' | 'post';
}

/**
 * Posts the target if it is the draft that was shown, and says what became of it. However many callers race, and
 * whatever is lost on the way: one document, one number. Odoo's `action_post` has no key and takes no condition,
 * so it is looked at before and, whatever was answered, after (measured: a refusal, a fault and a time-out
 * may each belong to a document that is posted). Between the first look and the post a person can change the
 * draft within milliseconds; the second look tells it.
 * @param onPosting called right before the one call that posts; when it throws, nothing is posted.
 */
export async function postOnce(
  odoo: OdooConnection,
  target: Target & { readonly again: boolean },
  onPosting: () => void,
): Promise<PostOnceResult> {
  const before = await look(odoo, target);
  if (before instanceof OdooFault) return { verdict: beforePosting(before), phase: 'look' };
  if (!isPostable(before, target.again)) return { verdict: settled(before), phase: 'look' };
  const connected = await odoo.get().catch(orFault);
  if (connected instanceof OdooFault) return { verdict: beforePosting(connected), phase: 'look' };
  onPosting();
  const fault = await connected
    .call({ model: 'account.move', method: 'action_post', ids: [target.odooId], args: {} })
    .then(() => null)
    .catch(orFault);
  const after = await look(odoo, target);
  return { verdict: afterPosting(fault, after, target.again), phase: 'post' };
}

/** @param again the user was told that it had been posted and set back to draft, and said yes to that */
export function isPostable(look: TargetLook, again: boolean): boolean {
  return look.is === 'as_shown' || (look.is === 'reset' && again && look.changed === null);
}

async function look(odoo: OdooConnection, target: Target): Promise<TargetLook | OdooFault> {
  try {
    return await lookAtTarget(await odoo.get(), target);
  } catch (error) {
    return orFault(error);
  }
}

function orFault(error: unknown): OdooFault {
  if (error instanceof OdooFault) return error;
  throw error;
}

/** A document that is not the draft that was shown. */
function settled(look: TargetLook): PostVerdict {
  const failed = (words: string): PostVerdict => ({ verdict: 'failed', words, cause: 'content' });
  switch (look.is) {
    case 'posted':
      // Our own lost call, or a person in Odoo: either way it is what was approved.
      if (look.changed === null) return { verdict: 'posted', words: `posted as ${look.number}` };
      return failed(
        `It is posted in Odoo as ${look.number}, and not as you approved it. ${list(look.changed)}`,
      );
    case 'changed':
      return failed(`The draft was changed in Odoo after you approved it. ${list(look.changed)}`);
    case 'deleted':
      return failed('The draft is no longer in Odoo.');
    case 'reset':
      return failed('It was posted once, and somebody set it back to draft in Odoo.');
    case 'cancelled':
      return failed('The draft was cancelled in Odoo.');
    case 'as_shown':
      return { verdict: 'in_doubt', words: 'It is still a draft in Odoo.' };
  }
}

function list({ lines }: ChangedDraft): string {
  return lines.join(' / ').slice(0, 1200);
}

function beforePosting(fault: OdooFault): PostVerdict {
  return { verdict: 'retry', words: fault.message, cause: causeOf(fault.code) };
}

function afterPosting(fault: OdooFault | null, after: TargetLook | OdooFault, again: boolean): PostVerdict {
  if (after instanceof OdooFault) {
    return {
      verdict: 'in_doubt',
      words: `Odoo was asked to post it and cannot be asked what became of that: ${after.message}`,
    };
  }
  switch (after.is) {
    case 'posted': {
      const words = `posted as ${after.number}`;
      if (after.changed === null) return { verdict: 'posted', words };
      return {
        verdict: 'posted',
        words: `${words}; somebody changed it at the same moment: ${list(after.changed)}`,
      };
    }
    case 'as_shown':
    case 'changed':
      return stillDraft(fault);
    case 'reset':
      return again ? stillDraft(fault) : settled(after);
    case 'deleted':
    case 'cancelled':
      // Between our two looks somebody was at it.
      return settled(after);
  }
}

function stillDraft(fault: OdooFault | null): PostVerdict {
  if (fault === null) {
    return { verdict: 'in_doubt', words: 'Odoo says that it posted it, and it is still a draft there.' };
  }
  switch (fault.code) {
    case 'refused':
    case 'missing':
    case 'invalid_call':
      return { verdict: 'failed', words: fault.message, cause: 'content' };
    // Rolled back, or turned away at the door: for sure nothing happened.
    case 'busy':
    case 'authentication':
    case 'access':
    case 'wrong_database':
    case 'unsupported':
      return { verdict: 'retry', words: fault.message, cause: causeOf(fault.code) };
    // It may still be at work on it (measured: ten of ten calls that we gave up were carried out).
    case 'unreachable':
    case 'unknown':
    case 'malformed':
      return { verdict: 'in_doubt', words: fault.message };
  }
}

function causeOf(code: OdooFaultCode): DeliveryCause {
  switch (code) {
    case 'unreachable':
      return 'network';
    case 'unknown':
      return 'timeout';
    case 'authentication':
    case 'access':
      return 'authentication';
    case 'wrong_database':
    case 'unsupported':
      return 'local';
    case 'busy':
    case 'malformed':
    case 'missing':
    case 'refused':
    case 'invalid_call':
      return 'server';
  }
}
