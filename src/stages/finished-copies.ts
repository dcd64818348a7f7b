/** Does a task that is open here lie in a finished folder as well? Exact names only: finished notes are many. */
import { plainName } from '../core/claim-protocol.ts';
import { nameWithSuffix } from '../core/filename.ts';
import type { StateFolder, TaskFolder } from '../core/states.ts';
import type { TaskId } from '../core/task-id.ts';
import { parseNote, text } from '../core/task-file.ts';
import { doneMonths } from '../vault/task-places.ts';
import type { NoteRef, Vault } from '../vault/vault.ts';
import { unlessBroken } from '../vault/unless-broken.ts';

export interface FinishedTasks {
  /** Does this laptop's journal say that the effect of the task happened? Cheap for a task without a journal. */
  isDone(id: TaskId): Promise<boolean>;
}

const FINISHED: readonly StateFolder[] = ['Rejected', 'Skipped'];

/**
 * Finished copies of a task whose open notes are `open`. A note in Done counts when the journal says so too:
 * a peer can put anything there. When it cannot be found by name, the journal's word alone stands for it.
 */
export async function finishedCopies(
  vault: Vault,
  finished: FinishedTasks,
  id: TaskId,
  open: readonly NoteRef[],
): Promise<readonly (NoteRef & { readonly virtual?: boolean })[]> {
  const found: (NoteRef & { readonly virtual?: boolean })[] = [];
  const names = [...new Set(open.flatMap((ref) => namesakes(plainName(ref.name))))];
  for (const name of names) found.push(...(await placesNamed(vault, name, FINISHED)));
  const extra = found.filter((ref) => !open.some((o) => o.folder === ref.folder && o.name === ref.name));
  if (!(await finished.isDone(id))) return extra;
  const months = await unlessBroken(doneMonths(vault), []);
  const done = (await Promise.all(names.map((name) => placesNamed(vault, name, months)))).flat();
  if (done.length > 0) return [...extra, ...done];
  // On its way to Done, or a question about it is with the user: the handler's to carry on.
  if (await isBeingAnswered(vault, open)) return extra;
  return [...extra, { folder: 'Done', name: names[0] ?? `${id}.md`, virtual: true }];
}

/** A second card of a task is called `x (2).md` where `x.md` was taken. */
function namesakes(name: string): string[] {
  const bare = name.replace(/ \(\d+\)\.md$/, '.md');
  return [bare, nameWithSuffix(bare, ' (2)'), nameWithSuffix(bare, ' (3)'), name];
}

async function placesNamed(vault: Vault, name: string, folders: readonly TaskFolder[]): Promise<NoteRef[]> {
  const found: NoteRef[] = [];
  for (const folder of folders) {
    if (await unlessBroken(vault.exists({ folder, name }), false)) found.push({ folder, name });
  }
  return found;
}

async function isBeingAnswered(vault: Vault, open: readonly NoteRef[]): Promise<boolean> {
  for (const ref of open) {
    if (ref.folder.startsWith('Needs_Action/')) continue;
    if (!ref.folder.startsWith('Pending_Approval/')) return true;
    const read = await vault.read(ref);
    const parsed = read.ok ? parseNote(read.text) : null;
    if (parsed?.ok === true && text(parsed.note, 'outcome') !== undefined) return true;
  }
  return false;
}
