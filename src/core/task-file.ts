import {
  type FrontMatter,
  joinFrontMatter,
  type NoteFault,
  type Property,
  splitFrontMatter,
} from './front-matter.ts';

export type { FrontMatter, NoteFault, Property } from './front-matter.ts';

/** A task note: flat front matter in file order, and everything after it. */
export interface TaskNote {
  readonly data: FrontMatter;
  readonly body: string;
}

export type ParsedNote =
  | { readonly ok: true; readonly note: TaskNote }
  | { readonly ok: false; readonly fault: NoteFault };

export function parseNote(source: string): ParsedNote {
  const split = splitFrontMatter(source);
  if (!split.ok) return split;
  return { ok: true, note: { data: split.data, body: split.body } };
}

export function renderNote(note: TaskNote): string {
  return joinFrontMatter(note.data, note.body);
}

/** Changes some properties; `undefined` deletes. Order and unknown keys survive. */
export function withData(note: TaskNote, patch: Readonly<Record<string, Property | undefined>>): TaskNote {
  const merged: Record<string, Property | undefined> = { ...note.data, ...patch };
  const kept = Object.entries(merged).filter((entry): entry is [string, Property] => entry[1] !== undefined);
  return { data: Object.fromEntries(kept), body: note.body };
}

/** Text of a property. A number or a flag that a person typed reads as its text. */
export function text(note: TaskNote, key: string): string | undefined {
  const value = property(note, key);
  if (value === undefined || value === null || Array.isArray(value)) return undefined;
  return String(value);
}

/** A list property; a single text counts as a list of one, empty text as none. */
export function list(note: TaskNote, key: string): readonly string[] {
  const value = property(note, key);
  if (value === undefined || value === null || value === '') return [];
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  return items.filter((item) => item !== null && item !== '').map(String);
}

export function num(note: TaskNote, key: string): number | undefined {
  const value = property(note, key);
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const parsed = Number(value);
  return Number.isFinite(parsed) ? parsed : undefined;
}

export function flag(note: TaskNote, key: string): boolean | undefined {
  const value = property(note, key);
  if (typeof value === 'boolean') return value;
  if (value === 'true') return true;
  if (value === 'false') return false;
  return undefined;
}

function property(note: TaskNote, key: string): Property | undefined {
  return Object.hasOwn(note.data, key) ? note.data[key] : undefined;
}
