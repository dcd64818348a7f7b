import { attachmentRisk } from './attachment-risk.ts';
import type { TaskId } from './task-id.ts';

/** Explains a folder to a person, wherever it lies. */
export const README = 'README.md';

const TITLE_BYTES = 60;
const ATTACHMENT_BYTES = 120;

/** The longest beginning of `value` that is at most `max` bytes of UTF-8 and ends with a whole character. */
function cutBytes(value: string, max: number): string {
  let out = '';
  let bytes = 0;
  for (const char of value) {
    bytes += new TextEncoder().encode(char).length;
    if (bytes > max) break;
    out += char;
  }
  return out;
}

/**
 * A note's name: letters, digits, space and hyphen of the title, at most 60 bytes, then the id.
 * Never a path, never hidden, no name that Windows, macOS or Obsidian would refuse; NFC, because
 * Syncthing renames NFD names on disk (measured).
 */
export function noteName(title: string, id: TaskId): string {
  const reduced = title
    .normalize('NFKC')
    .replace(/[^\p{L}\p{N} -]+/gu, ' ')
    .normalize('NFC')
    .replace(/\s+/g, ' ')
    .replace(/^[ -]+/, '');
  const head = cutBytes(reduced, TITLE_BYTES).replace(/[ -]+$/, '');
  return `${head === '' ? 'No subject' : head} ${id}.md`;
}

/**
 * A sender's file name as one safe path component; the extension survives. Nothing hidden, nothing that turns text around,
 * nothing that Windows, macOS or Obsidian would refuse or read as more than a name; and no click starts a program.
 */
export function attachmentName(filename: string): string {
  const clean = filename
    .normalize('NFC')
    .replace(/\p{Default_Ignorable_Code_Point}+|[^\p{L}\p{M}\p{N}._ -]+/gu, '_')
    .replace(/(\p{M}{3})\p{M}+/gu, '$1')
    .replace(/^[. ~\p{M}-]+/u, '')
    .replace(/[. ]+$/, '');
  if (clean === '') return 'attachment';
  const dot = clean.lastIndexOf('.');
  const extension = dot > 0 && clean.length - dot <= 10 ? clean.slice(dot) : '';
  const stem = extension === '' ? clean : clean.slice(0, dot);
  const name = `${cutBytes(stem, ATTACHMENT_BYTES).replace(/[. ]+$/, '')}${extension}`;
  // A note among the attachments could be taken for a task or run as a template.
  return /\.(md|base|canvas)$/i.test(name) || attachmentRisk(name) === 'runs' ? `${name}.txt` : name;
}

/** `<stem><suffix>.md`, the stem cut so that the name fits a file system's 255 bytes. */
export function nameWithSuffix(name: string, suffix: string): string {
  const end = `${suffix}.md`;
  return `${cutBytes(name.replace(/\.md$/, ''), 255 - new TextEncoder().encode(end).length)}${end}`;
}

export type StrayReason =
  | 'hidden'
  | 'temporary'
  | 'sync-conflict'
  | 'not-markdown'
  | 'not-a-task'
  | 'odd-name'
  | 'not-a-file';

/** Why a name in a state folder is no task, or null when it may be one. */
export function strayReason(name: string): Exclude<StrayReason, 'not-a-file'> | null {
  if (/^\.syncthing\..*\.tmp$|^~syncthing~|^\.handover-/.test(name)) return 'temporary';
  if (name.startsWith('.') || name.startsWith('~')) return 'hidden';
  if (/\.sync-conflict-/.test(name)) return 'sync-conflict';
  if (!name.endsWith('.md')) return 'not-markdown';
  if (/ \(why\)\.md$/.test(name) || name === 'PAUSE.md' || name === README) return 'not-a-task';
  if (/[\u0000-\u001f\u007f\\/]/.test(name) || name.includes('\uFFFD')) return 'odd-name';
  return null;
}

export function isTaskFileName(name: string): boolean {
  return strayReason(name) === null;
}
