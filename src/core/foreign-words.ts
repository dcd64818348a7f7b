/** What the user is told of a change by another device, and of what was done about it. */
import type { ForeignKind, RemoteChange } from './ownership.ts';

/** One sentence. `phone`: there are devices the user trusts, so it may have been the user. */
export function foreignWords(
  kind: ForeignKind,
  change: RemoteChange,
  facts: { readonly phone: boolean; readonly finished: boolean },
): string {
  const deleted = change.action === 'deleted';
  const what = deleted ? 'deleted' : 'changed';
  const path = change.path;
  switch (kind) {
    case 'link':
      return `${path} is a link that came from another device. Nothing is read or written through it; delete it.`;
    case 'dashboard':
      return 'Dashboard.md was changed by another device; it was written again from what is really there.';
    case 'log':
      return `${path}, a log of this laptop, was ${what} by another device. Run "handover audit verify"; the last version is in .stversions.`;
    case 'done':
      return doneWords(path, what, deleted, facts);
    case 'heartbeat':
      return `${path} was ${what} by another device; only this laptop writes there.`;
    case 'rejected':
      return `${path} was put into Rejected by another device, not by you. Move it back to Pending_Approval if you want it.`;
    case 'answer':
      return `${path}: another device reached Approved. ${facts.phone ? 'If that was not your phone, look' : 'Look'} at the ignore lists with "handover doctor".`;
    case 'claim':
      return `${path} was ${what} by another device in the folder of this laptop's agent. It has no effect; a note put there goes back to you.`;
    case 'kept_version_deleted':
      return `${path} was deleted by another device${maybePhone(facts.phone)}; its last version is in .stversions.`;
  }
}

function doneWords(
  path: string,
  what: string,
  deleted: boolean,
  facts: { readonly phone: boolean; readonly finished: boolean },
): string {
  if (deleted) {
    return `${path} was deleted by another device${maybePhone(facts.phone)}; its last version is in .stversions.`;
  }
  return facts.finished
    ? `${path} was ${what} by another device${maybePhone(facts.phone)}; what was really sent stands in the journal of this laptop.`
    : `${path} says that something was done, but this laptop did nothing for it. It came from another device; do not believe it.`;
}

function maybePhone(phone: boolean): string {
  return phone ? ' (your phone, if you did it there)' : '';
}
