/**
 * What is wrong with one thing in a vault, as pure decisions: `handover vault check` brings the facts. Each
 * finding has words for the user and a cure. Nothing here says what is to be done about two copies of a task;
 * that is claim-protocol.ts.
 */
import { README, strayReason } from './filename.ts';
import { mayLieThere } from './agent-files.ts';
import { secretName } from './secret-names.ts';
import { type Agent, OTHER_FOLDERS, STATES, type TaskFolder } from './states.ts';

export const FINDING_CODES = [
  'folder-missing',
  'folder-replaced',
  'guard-missing',
  'look-alike',
  'link',
  'hard-link',
  'special-file',
  'odd-name',
  'not-readable',
  'stray',
  'foreign-file',
  'claimed-twice',
  'two-places',
  'conflict-copy',
  'id-mismatch',
  'no-id',
  'unreadable-note',
  'too-large',
  'unclaimed',
  'done-unproven',
  'staging-left',
  'sync-temp-left',
  'secret-name',
  'secret-content',
  'ignores-missing',
  'ignores-wrong',
] as const;
export type FindingCode = (typeof FINDING_CODES)[number];

export interface Finding {
  readonly code: FindingCode;
  /** Relative to the vault, `/` separated, as it is on disk. */
  readonly path: string;
  /** What is wrong, for the user. */
  readonly words: string;
  readonly cure: string;
}

export type EntryKind = 'file' | 'folder' | 'link' | 'special';

/** One thing in the vault as lstat(2) shows it. */
export interface Entry {
  /** Folder relative to the vault, `''` for its root. */
  readonly folder: string;
  readonly name: string;
  readonly kind: EntryKind;
  readonly size: number;
  readonly links: number;
  readonly mtimeMs: number;
}

export function pathOf(entry: Pick<Entry, 'folder' | 'name'>): string {
  return entry.folder === '' ? entry.name : `${entry.folder}/${entry.name}`;
}

/** qmail's figure: nothing that still works holds a temporary file this long, not even a sleeping laptop. */
export const STALE_MS = 36 * 3_600_000;

export const GUARD = '.keep';

/** Every folder that the processes make and guard. */
export const KNOWN_FOLDERS: readonly string[] = [...STATES.map((row) => row.folder), ...OTHER_FOLDERS];

const STATE_FOLDERS = new Set<string>(STATES.map((row) => row.folder));
/** `Needs_Action`, `In_Progress` …: they hold folders of ours and nothing else. */
const GROUPS = new Set(KNOWN_FOLDERS.filter((path) => path.includes('/')).map((path) => path.split('/')[0]));

/** Is this a folder tasks lie in? */
export function isTaskFolder(folder: string): folder is TaskFolder {
  return STATE_FOLDERS.has(folder) || /^Done\/\d{4}-\d{2}$/.test(folder);
}

/** Folders of Syncthing, git and other programs: not part of the vault, looked into by nobody. */
export function isForeignProgram(folder: string, name: string): boolean {
  if (name === '.git' || name === 'node_modules') return true;
  return folder === '' && ['.stfolder', '.stversions', '.trash'].includes(name);
}

export type Make = (code: FindingCode, words: string, cure: string) => Finding;

/** What the name, kind and place of one thing say. `lookAlikeOf`: the folder of ours that it looks like and is not. */
export function entryFindings(
  entry: Entry,
  facts: { readonly now: number; readonly lookAlikeOf: string | null },
): Finding[] {
  const path = pathOf(entry);
  const make: Make = (code, words, cure) => ({ code, path, words, cure });
  const found: Finding[] = [];
  if (facts.lookAlikeOf !== null) {
    found.push(
      make(
        'look-alike',
        `its name only looks like ${facts.lookAlikeOf}; a disk that does not tell them apart mixes the two`,
        'move what is in it to the real folder and remove it',
      ),
    );
  }
  const secret = secretName(entry.name);
  if (secret !== null) {
    found.push(
      make(
        'secret-name',
        `its name says it is a secret (${secret}); such names are kept from travelling`,
        'move it out of the vault; if it was there before the ignore list was, renew what it opens',
      ),
    );
  }
  const odd = oddWords(entry.name);
  if (odd !== null) found.push(make('odd-name', odd, 'rename it, or remove it'));
  found.push(...kindFindings(entry, make, facts.now));
  return found;
}

function oddWords(name: string): string | null {
  if (/[\u0000-\u001f\u007f\u0080-\u009f]/.test(name)) return 'its name holds control characters';
  if (name.includes('\uFFFD')) return 'its name is no valid text';
  if (/[\u202a-\u202e\u2066-\u2069\u200b-\u200f\u2060\ufeff]/u.test(name))
    return 'its name holds characters that are not seen';
  if (name.includes('\\')) return 'its name holds a backslash, which some systems take for a folder';
  return null;
}

function kindFindings(entry: Entry, make: Make, now: number): Finding[] {
  switch (entry.kind) {
    case 'link':
      return [linkFinding(entry, make)];
    case 'special':
      return [
        make('special-file', 'it is a pipe, a socket or a device and no plain file', 'remove it'),
        ...replaced(entry, make),
      ];
    case 'folder':
      return folderFindings(entry, make);
    case 'file':
      return [...replaced(entry, make), ...fileFindings(entry, make, now)];
  }
}

function linkFinding(entry: Entry, make: Make): Finding {
  if (KNOWN_FOLDERS.includes(pathOf(entry)) || GROUPS.has(pathOf(entry))) {
    return make(
      'folder-replaced',
      'a link lies in the place of this folder; nothing is read or written through it',
      'remove the link, then run: handover vault check --fix',
    );
  }
  return make(
    'link',
    'it is a symbolic link; no process follows it',
    'remove it, or put the file itself there',
  );
}

function replaced(entry: Entry, make: Make): Finding[] {
  if (!KNOWN_FOLDERS.includes(pathOf(entry)) && !GROUPS.has(pathOf(entry))) return [];
  return [
    make(
      'folder-replaced',
      'a file lies in the place of this folder',
      'move the file away, then run: handover vault check --fix',
    ),
  ];
}

function folderFindings(entry: Entry, make: Make): Finding[] {
  const path = pathOf(entry);
  if (KNOWN_FOLDERS.includes(path) || isTaskFolder(path)) return [];
  if (entry.name.startsWith('.')) return [];
  if (isTaskFolder(entry.folder) || isAgentFolder(entry.folder) || GROUPS.has(entry.folder)) {
    return [make('stray', 'a folder that nobody looks into', 'move its notes out and remove it')];
  }
  return [];
}

function isAgentFolder(folder: string): boolean {
  return /^(Updates|Logs)\/(cloud|local)-agent$/.test(folder);
}

function fileFindings(entry: Entry, make: Make, now: number): Finding[] {
  const found: Finding[] = [];
  if (entry.links > 1) {
    found.push(
      make(
        'hard-link',
        'the same file has a second name, here or elsewhere on this disk; a change of one is a change of both',
        'copy it, remove it, and put the copy in its place',
      ),
    );
  }
  const stale = now - entry.mtimeMs > STALE_MS;
  const why = strayReason(entry.name);
  if (why === 'temporary') return stale ? [...found, leftover(entry, make)] : found;
  if (why === 'sync-conflict' && !isTaskFolder(entry.folder)) {
    const words = 'Syncthing kept this version of a file that was changed on two devices';
    return [...found, make('conflict-copy', words, 'compare it with the file, keep one, remove the other')];
  }
  found.push(...placeFindings(entry, make));
  return found;
}

function leftover(entry: Entry, make: Make): Finding {
  return entry.name.startsWith('.handover-')
    ? make('staging-left', 'an unfinished file of ours that a crash left', 'run: handover vault check --fix')
    : make('sync-temp-left', 'an unfinished file that Syncthing left', 'remove it when Syncthing is idle');
}

function placeFindings(entry: Entry, make: Make): Finding[] {
  const { folder, name } = entry;
  if (name === GUARD) return [];
  if (name === README && !isAgentFolder(folder)) return [];
  if (isAgentFolder(folder)) {
    if (mayLieThere(folder, name)) return [];
    const words = `no process of ${agentOf(folder) ?? 'this agent'} writes a file of this name here`;
    return [make('foreign-file', words, 'find out who put it there; move it away')];
  }
  if (name.startsWith('.')) return [];
  if (GROUPS.has(folder))
    return [
      make('stray', 'a file beside the folders, where nobody looks', 'move it into one of the folders'),
    ];
  return isTaskFolder(folder) ? strayFindings(entry, make) : [];
}

function strayFindings({ folder, name }: Entry, make: Make): Finding[] {
  const why = strayReason(name);
  if (why === 'not-markdown' || why === 'hidden') {
    return [make('stray', 'not a note, so nobody works on it', 'move it to Attachments or out of the vault')];
  }
  if (why === 'not-a-task') {
    const fits =
      name === 'PAUSE.md' ? folder === 'Approved' : folder === 'Quarantine' || folder === 'Conflicts';
    return fits ? [] : [make('stray', 'a note about a task, and no task itself', 'read it and remove it')];
  }
  return [];
}

export function agentOf(folder: string): Agent | null {
  const agent = /^(?:In_Progress|Updates|Logs)\/((?:cloud|local)-agent)$/.exec(folder)?.[1];
  return agent === 'cloud-agent' || agent === 'local-agent' ? agent : null;
}
