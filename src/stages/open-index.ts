/** What is open, by task: one listing of the folders where notes wait. Nothing here grows with finished tasks. */
import { plainName } from '../core/claim-protocol.ts';
import { OPEN_FOLDERS, type TaskFolder } from '../core/states.ts';
import { idInName, type TaskId } from '../core/task-id.ts';
import { type NoteRef, type Vault, VaultFault } from '../vault/vault.ts';

export interface OpenIndex {
  /** Milliseconds, both before the first folder was listed: for measuring patience, and as file times count. */
  readonly at: number;
  readonly wall: number;
  /** Plain notes by task id; notes without an id (a person is writing them) by `folder/name`. */
  readonly notes: ReadonlyMap<string, readonly NoteRef[]>;
  /** Conflict copies, by the same keys as the note they are a version of. */
  readonly copies: ReadonlyMap<string, readonly NoteRef[]>;
  /** Rejected notes of tasks that are done as well, by id; looked for now and then. */
  readonly rejectedDone: ReadonlyMap<string, NoteRef>;
  /** The finished folders were looked at too. */
  readonly whole: boolean;
  /** A folder could not be listed: what seems to be missing may be there. */
  readonly broken: boolean;
}

/** The key of the task that a file in `folder` belongs to; `x (2).md` is another card of the same task. */
function taskKey(folder: TaskFolder, name: string): string {
  const plain = plainName(name);
  return idInName(plain.replace(/ \(\d+\)\.md$/, '.md')) ?? `${folder}/${plain}`;
}

export interface IndexOptions {
  /** Milliseconds as file times count; default: `now`. */
  readonly wall?: number;
  /** Folders besides the open ones: for conflict copies, and for rejected notes that are done too. */
  readonly also?: readonly TaskFolder[];
  readonly isDone?: (id: TaskId) => Promise<boolean>;
}

/** @param now milliseconds, for measuring patience */
export async function indexOpen(vault: Vault, now: number, options: IndexOptions = {}): Promise<OpenIndex> {
  const { wall = now, also = [], isDone } = options;
  const notes = new Map<string, NoteRef[]>();
  const copies = new Map<string, NoteRef[]>();
  const rejectedDone = new Map<string, NoteRef>();
  let broken = false;
  const file = (map: Map<string, NoteRef[]>, ref: NoteRef): void => {
    const key = taskKey(ref.folder, ref.name);
    const there = map.get(key);
    if (there) there.push(ref);
    else map.set(key, [ref]);
  };
  for (const folder of [...OPEN_FOLDERS, ...also]) {
    try {
      const open = (OPEN_FOLDERS as readonly TaskFolder[]).includes(folder);
      if (open) for (const name of await vault.list(folder)) file(notes, { folder, name });
      for (const name of folder === 'Rejected' ? await vault.list(folder) : []) {
        const id = idInName(name);
        if (id !== null && (await isDone?.(id)) === true) rejectedDone.set(id, { folder, name });
      }
      for (const { name, why } of await vault.listStrays(folder)) {
        if (why === 'sync-conflict') file(copies, { folder, name });
      }
    } catch (error) {
      // A folder that is a link: the sweep tells the user, and nothing is decided from half a picture.
      if (!(error instanceof VaultFault)) throw error;
      broken = true;
    }
  }
  return { at: now, wall, rejectedDone, notes, copies, whole: also.length > 0, broken };
}
