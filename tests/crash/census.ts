import { readdirSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PROJECT } from '../helpers/source-tree.ts';

/**
 * Who is where, counted from the files alone and without the product's own reading of them: a mail of
 * these tests is known by its Message-ID `<m0001.crash@example.org>`, wherever it stands in a note.
 */
const NO_TASKS =
  /^(\.obsidian|Attachments|Company_Handbook\.md|Contacts|Dashboard\.md|Logs|Templates|Updates)(\/|$)/;
/** What every new vault brings: pages that say what a folder is for, boards. */
const BROUGHT = new Set(readdirSync(join(PROJECT, 'vault-template'), { recursive: true, encoding: 'utf8' }));
const MARK = /<(m\d{4})\.crash@example\.org>/;

export interface Place {
  /** `Done/2026-11`, `Approved` … */
  readonly folder: string;
  readonly name: string;
  readonly text: string;
}

export interface Census {
  readonly notes: ReadonlyMap<string, readonly Place[]>;
  /** Everything else that lies in a state folder: staging files of a crash, explanations. */
  readonly others: readonly Place[];
}

export async function takeCensus(vault: string): Promise<Census> {
  const notes = new Map<string, Place[]>();
  const others: Place[] = [];
  for (const entry of await readdir(vault, { recursive: true, withFileTypes: true })) {
    const folder = entry.parentPath.slice(vault.length + 1);
    if (!entry.isFile() || NO_TASKS.test(folder || entry.name)) continue;
    if (BROUGHT.has(join(folder, entry.name))) continue;
    const text = await readFile(join(entry.parentPath, entry.name), 'utf8').catch(() => null);
    // Moved between the listing and the reading; the next census sees it at its new place.
    if (text === null) continue;
    const place = { folder, name: entry.name, text };
    const mark = MARK.exec(text)?.[1];
    const isNote = entry.name.endsWith('.md') && !/^[.~]| \(why\)\.md$/.test(entry.name);
    if (!isNote || mark === undefined) others.push(place);
    else notes.set(mark, [...(notes.get(mark) ?? []), place]);
  }
  return { notes, others };
}

export function messageId(mark: string): string {
  return `<${mark}.crash@example.org>`;
}

/** Which mail a reply at the SMTP server answers, by its own In-Reply-To. */
export function answeredMark(raw: Buffer): string | null {
  const head = raw.toString('latin1').split('\r\n\r\n', 1)[0] ?? '';
  const unfolded = head.replace(/\r\n[ \t]+/g, ' ');
  const field = /^In-Reply-To: (.*)$/im.exec(unfolded)?.[1] ?? '';
  return MARK.exec(field)?.[1] ?? null;
}

export function property(place: Place, key: string): string | null {
  const value = new RegExp(`^${key}: *(.*)$`, 'm').exec(place.text.split('\n---', 1)[0] ?? '')?.[1];
  return value === undefined ? null : value.replace(/^["']|["']$/g, '');
}
