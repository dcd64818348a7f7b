import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { STATES } from '../core/states.ts';
import { parseNote, text } from '../core/task-file.ts';

/** A note as somebody who looks into the vault's folders finds it. */
export interface SeenNote {
  readonly folder: string;
  readonly name: string;
  readonly text: string;
  readonly messageId: string | null;
}

/** Every note in every state folder. A note that moves while we look may be missing: look again. */
export async function seeNotes(vaultDir: string): Promise<readonly SeenNote[]> {
  const notes: SeenNote[] = [];
  for (const folder of await stateFolders(vaultDir)) {
    for (const name of await filesOf(join(vaultDir, folder))) {
      if (!name.endsWith('.md') || name.startsWith('.')) continue;
      const content = await readFile(join(vaultDir, folder, name), 'utf8').catch(() => null);
      if (content === null) continue;
      const parsed = parseNote(content);
      const messageId = parsed.ok ? text(parsed.note, 'message_id') : undefined;
      notes.push({ folder, name, text: content, messageId: messageId === '' ? null : (messageId ?? null) });
    }
  }
  return notes;
}

const FRONT_MATTER = /^---\n[^]*?\n---\n\n?/;

/** What Obsidian shows below the properties. */
export function bodyOf(note: SeenNote): string {
  return note.text.replace(FRONT_MATTER, '');
}

/** Names of the properties, which Obsidian shows folded. */
export function propertiesOf(note: SeenNote): readonly string[] {
  const parsed = parseNote(note.text);
  return parsed.ok ? Object.keys(parsed.note.data) : [];
}

async function stateFolders(vaultDir: string): Promise<string[]> {
  const months = await filesOf(join(vaultDir, 'Done'));
  return [
    ...STATES.map((state) => state.folder).filter((folder) => folder !== 'Done'),
    ...months.map((month) => `Done/${month}`),
  ];
}

function filesOf(path: string): Promise<string[]> {
  return readdir(path).catch(() => []);
}
