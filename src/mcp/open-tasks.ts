/** Open tasks as the tools show them. Finished ones are never walked through: they only grow. */
import { z } from 'zod';
import { propertyText } from '../core/neutralise.ts';
import { OPEN_FOLDERS, type StateFolder } from '../core/states.ts';
import { parseNote, text } from '../core/task-file.ts';
import { idInName, isTaskId, type TaskId } from '../core/task-id.ts';
import type { NoteRef, ReadResult, Vault } from '../vault/vault.ts';

/** How a client names a task: no tool takes a path. */
export const taskIdInput = z
  .string()
  .regex(/^(?:em|od)-[0-9a-f]{16}$/)
  .describe('Task id, such as em-0123456789abcdef');

const taskSummary = z.strictObject({
  task_id: z.string(),
  folder: z.string(),
  name: z.string(),
  title: z.string(),
  kind: z.string(),
  from: z.string(),
  created: z.string(),
  since: z
    .string()
    .describe('RFC 3339: when the note came into this folder or was last written, on this machine'),
});
type TaskSummary = z.infer<typeof taskSummary>;

export const tasksAnswer = z.strictObject({
  tasks: z.array(taskSummary).max(100),
  /** Pass it as `cursor` for the next page; null after the last one. */
  next: z.string().nullable(),
});

export interface Page<Item> {
  readonly items: Item[];
  readonly next: string | null;
}

export interface PageRequest {
  readonly folders: readonly StateFolder[];
  readonly limit: number;
  /** From the page before. */
  readonly cursor: string | undefined;
  /** At most this many notes are read for one page. */
  readonly maxReads: number;
}

/** Goes through the notes of the folders by name; `take` gives null for one that is not wanted. */
export async function walkNotes<Item>(
  vault: Vault,
  request: PageRequest & { readonly take: (ref: NoteRef, read: Read) => Item | null },
): Promise<Page<Item>> {
  const items: Item[] = [];
  const after = decodeCursor(request.cursor);
  let reads = 0;
  for (const [place, folder] of request.folders.entries()) {
    for (const name of await vault.list(folder)) {
      if (after && (place < after.place || (place === after.place && name <= after.name))) continue;
      const read = await vault.read({ folder, name });
      reads++;
      const item = read.ok ? request.take({ folder, name }, read) : null;
      if (item !== null) items.push(item);
      if (items.length >= request.limit || reads >= request.maxReads) {
        return { items, next: encodeCursor(place, name) };
      }
    }
  }
  return { items, next: null };
}

type Read = Extract<ReadResult, { ok: true }>;

export async function pageOfTasks(
  vault: Vault,
  request: PageRequest & { readonly matches: (note: { name: string; text: string }) => boolean },
): Promise<z.output<typeof tasksAnswer>> {
  const { items, next } = await walkNotes(vault, {
    ...request,
    take: (ref, read) => (request.matches({ name: ref.name, text: read.text }) ? summarise(ref, read) : null),
  });
  return { tasks: items, next };
}

/**
 * The note of an open task, by the id in its name.
 * @param folders where to look, in this order
 */
export async function findOpenTask(
  vault: Vault,
  id: TaskId,
  folders: readonly StateFolder[] = OPEN_FOLDERS,
): Promise<{ ref: NoteRef; text: string } | null> {
  for (const folder of folders) {
    for (const name of await vault.list(folder)) {
      if (idInName(name) !== id) continue;
      const read = await vault.read({ folder, name });
      if (read.ok) return { ref: { folder, name }, text: read.text };
    }
  }
  return null;
}

const MAX_PROPERTY = 300;

function summarise(ref: NoteRef, read: Read): TaskSummary | null {
  const parsed = parseNote(read.text);
  if (!parsed.ok) return null;
  const property = (key: string) => propertyText(text(parsed.note, key) ?? '', MAX_PROPERTY);
  const id = text(parsed.note, 'id');
  return {
    task_id: isTaskId(id) ? id : '',
    folder: ref.folder,
    name: propertyText(ref.name, MAX_PROPERTY),
    title: property('title'),
    kind: property('kind'),
    from: property('from'),
    created: property('created'),
    since: new Date(read.stat.ctimeMs).toISOString(),
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
