import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { writeDurably } from '../files/durable.ts';

/**
 * How far the events were read. Ids begin with 1 at each start of Syncthing, so an id alone says nothing: with the
 * time of that event, in nanoseconds, one can see whether the buffer still holds this very event.
 */
const eventCursorSchema = z.object({
  /** Of Syncthing, to the second. */
  startedAt: z.string(),
  /** 0: nothing of this start was read yet. */
  lastId: z.int().min(0),
  /** As Syncthing wrote it; '' with `lastId` 0. */
  lastTime: z.string(),
  /** The last event of whatever start, ms since the epoch. */
  lastAt: z.number().nullable(),
});
export type EventCursor = z.output<typeof eventCursorSchema>;

/** Null when there is none, or none that can be read: then everything may have been missed. */
export async function loadCursor(path: string): Promise<EventCursor | null> {
  try {
    return eventCursorSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return null;
  }
}

export async function saveCursor(path: string, cursor: EventCursor): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeDurably(path, `${JSON.stringify(cursor)}\n`);
}
