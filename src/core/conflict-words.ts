/** Why a version lies in `Conflicts`, in words that help the user to decide whether it is needed. */
import type { Copy } from './claim-protocol.ts';

/** @param winner null: nothing else of the task is open, the copy was merely no note to work with. */
export function lostWords(loser: Copy, winner: Copy | null): string {
  if (winner === null) return 'a second version of a note; it is kept here and nothing is done with it';
  const stands = `in ${winner.folder}`;
  if (loser.folder === 'Approved' && !loser.conflictCopy) return approvedWords(winner, stands);
  if (winner.hash !== '' && winner.hash === loser.hash) return `the same text as the note ${stands}`;
  if (loser.conflictCopy) {
    return `two devices changed this note at the same time; the other version stands, ${stands}`;
  }
  if (loser.folder.startsWith('Needs_Action/')) return needsWords(winner, stands);
  if (loser.folder.startsWith('Pending_Approval/')) return pendingWords(winner, stands);
  if (loser.folder === 'Rejected') return `rejected on another device after it was done, ${stands}`;
  return `the task is further already: ${stands}`;
}

function needsWords(winner: Copy, stands: string): string {
  if (isDone(winner)) return `came back after its task was done (${stands}); nothing is sent again`;
  if (winner.folder.startsWith('In_Progress/')) {
    return `this mail's note was edited while it was being drafted; your version is here, the draft goes on ${stands}`;
  }
  if (winner.folder === 'Rejected') return `you rejected the draft of this note on another device: ${stands}`;
  return `this mail's note was edited while it was being drafted; your version is here, the draft ${stands} does not know it`;
}

function pendingWords(winner: Copy, stands: string): string {
  if (winner.folder.startsWith('Pending_Approval/'))
    return `drafted twice; the other draft stands, ${stands}`;
  if (winner.folder === 'Rejected') return `you rejected this draft: ${stands}`;
  return `this draft was changed on another device after you approved it; what you approved stands, ${stands}`;
}

function approvedWords(winner: Copy, stands: string): string {
  if (winner.folder === 'Rejected') {
    return 'approved on one device and rejected on another: nothing was sent. Move it to Approved if you want it sent';
  }
  return isDone(winner)
    ? `came back to Approved after its task was done (${stands}); nothing is sent again`
    : `the task is further already: ${stands}`;
}

function isDone(copy: Copy): boolean {
  return copy.folder === 'Done' || copy.folder.startsWith('Done/');
}
