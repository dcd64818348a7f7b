import { OPEN_FOLDERS, type StateFolder } from '../../core/states.ts';
import { parseNote, text } from '../../core/task-file.ts';
import { idInName, isTaskId, type TaskId } from '../../core/task-id.ts';
import type { NoteRef, Vault } from '../../vault/vault.ts';
import type { TaskSummary } from './answers.ts';

/** Reads of the open folders for the tools. Finished tasks are never walked through: they only grow. */

export interface Page {
  readonly tasks: TaskSummary[];
  readonly next: string | null;
}

export interface PageRequest {
  readonly folders: readonly StateFolder[];
  readonly limit: number;
  /** From the page before. */
  readonly cursor: string | undefined;
  /** At most this many notes are read for one page. */
  readonly maxReads: number;
  readonly matches: (note: { name: string; text: string }) => boolean;
}

export async function pageOfTasks(vault: Vault, request: PageRequest): Promise<Page> {
  const tasks: TaskSummary[] = [];
  const after = decodeCursor(request.cursor);
  let reads = 0;
  for (const folder of request.folders) {
    const place = request.folders.indexOf(folder);
    for (const name of await vault.list(folder)) {
      if (after && (place < after.place || (place === after.place && name <= after.name))) continue;
      const read = await vault.read({ folder, name });
      reads++;
      if (read.ok && request.matches({ name, text: read.text })) {
        const summary = summarise({ folder, name }, read.text);
        if (summary) tasks.push(summary);
      }
      if (tasks.length >= request.limit || reads >= request.maxReads) {
        return { tasks, next: encodeCursor(place, name) };
      }
    }
  }
  return { tasks, next: null };
}

/** The note of an open task, by its id; the id in the front matter counts, the name is only where to look. */
export async function findOpenTask(vault: Vault, id: TaskId): Promise<{ ref: NoteRef; text: string } | null> {
  for (const folder of OPEN_FOLDERS) {
    for (const name of await vault.list(folder)) {
      if (idInName(name) !== id) continue;
      const read = await vault.read({ folder, name });
      if (read.ok) return { ref: { folder, name }, text: read.text };
    }
  }
  return null;
}

const MAX_PROPERTY = 300;

function summarise(ref: NoteRef, source: string): TaskSummary | null {
  const parsed = parseNote(source);
  if (!parsed.ok) return null;
  const property = (key: string) => (text(parsed.note, key) ?? '').slice(0, MAX_PROPERTY);
  const id = text(parsed.note, 'id');
  return {
    task_id: isTaskId(id) ? id : '',
    folder: ref.folder,
    name: ref.name,
    title: property('title'),
    kind: property('kind'),
    from: property('from'),
    created: property('created'),
  };
}

function encodeCursor(place: number, name: string): string {
  return Buffer.from(`${place}:${name}`, 'utf8').toString('base64url');
}

/** A cursor that is none starts from the beginning. */
function decodeCursor(cursor: string | undefined): { place: number; name: string } | null {
  if (cursor === undefined) return null;
  const match = /^(\d{1,3}):(.*)$/su.exec(Buffer.from(cursor, 'base64url').toString('utf8'));
  return match ? { place: Number(match[1]), name: match[2] ?? '' } : null;
}
