import { type Dirent, lstatSync, readdirSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { lookAlikeOf } from '../core/look-alike.ts';
import { OPEN_FOLDERS, STATES } from '../core/states.ts';
import { errno } from '../files/errno.ts';

export type ShapeCode =
  | 'state-folder-link'
  | 'state-folder-no-folder'
  | 'link'
  | 'look-alike'
  | 'hard-link'
  | 'cannot-look';

/** Something about the vault's folders that the user should know. */
export interface ShapeFinding {
  readonly code: ShapeCode;
  /** Relative to the vault. */
  readonly path: string;
  /** What is wrong and the cure. */
  readonly words: string;
  /** May nothing be sent until it is gone? */
  readonly stops: boolean;
}

/** A note that is being created has two names for an instant (link(2), then unlink of the staging file). */
const SETTLED_MS = 5_000;
/** More of them say nothing new. */
const MAX_FINDINGS = 100;

/**
 * A cheap look at the folders a person can drag a note into: the root, the two levels of the state folders
 * and the notes in the open ones; finished notes are not read. Never throws, follows no link.
 *
 * Every link among them stops effects: Syncthing carries links, and one named `Archive` that leads to
 * `Approved` would turn putting a card away into a yes.
 *
 * @param now milliseconds since the epoch; null: not each note is looked at, only what may stop effects
 * @param folds does the vault's file system take `APPROVED` for `Approved`?
 */
export function inspectShape(
  root: string,
  now: number | null,
  folds = foldsNames(root),
): readonly ShapeFinding[] {
  const found: ShapeFinding[] = [];
  const folders = STATES.map((row) => row.folder);
  for (const path of new Set(folders.flatMap((folder) => [folder.split('/')[0] ?? folder, folder]))) {
    stateFolder(root, path, found);
  }
  for (const entry of entriesOf(root, '', found)) {
    if (entry.isSymbolicLink()) found.push(linkFinding(entry.name));
    else if (entry.isDirectory()) lookAlike(root, entry.name, folds, found);
  }
  for (const folder of ['Needs_Action', 'In_Progress', 'Pending_Approval', 'Done', ...OPEN_FOLDERS]) {
    openFolder(root, folder, now, found);
  }
  // The first finding of a path says most: a link in the place of a state folder is found as a link too.
  const unique = new Map(found.toReversed().map((finding) => [finding.path, finding]));
  const all = [...unique.values()].toReversed();
  return [...all.filter((f) => f.stops), ...all.filter((f) => !f.stops)].slice(0, MAX_FINDINGS);
}

function entriesOf(root: string, folder: string, found: ShapeFinding[]): Dirent[] {
  try {
    // Through a link nothing is listed: what is there is not the vault's.
    if (folder !== '' && !throughFolders(root, folder)) return [];
    return readdirSync(join(root, folder), { withFileTypes: true });
  } catch (error) {
    if (errno(error) === 'ENOENT') return [];
    found.push({
      code: 'cannot-look',
      path: folder,
      words: `${folder === '' ? 'The vault' : folder} cannot be read (${errno(error) ?? 'unknown error'}).`,
      stops: true,
    });
    return [];
  }
}

function throughFolders(root: string, folder: string): boolean {
  let path = root;
  for (const part of folder.split('/')) {
    path = join(path, part);
    if (looked(path)?.isDirectory() !== true) return false;
  }
  return true;
}

function linkFinding(path: string): ShapeFinding {
  return {
    code: 'link',
    path,
    words: `${path} is a symbolic link: a note moved there could land anywhere, in Approved too. Delete the link.`,
    stops: true,
  };
}

function stateFolder(root: string, folder: string, found: ShapeFinding[]): void {
  const parent = folder.includes('/') ? folder.slice(0, folder.lastIndexOf('/')) : '';
  if (parent !== '' && !throughFolders(root, parent)) return;
  const stat = looked(join(root, folder));
  if (!stat || stat.isDirectory()) return;
  found.push(
    stat.isSymbolicLink()
      ? {
          code: 'state-folder-link',
          path: folder,
          words: `${folder} is a link and not a folder; nothing is read or written through it. Delete the link.`,
          stops: true,
        }
      : {
          code: 'state-folder-no-folder',
          path: folder,
          words: `${folder} is not a folder. Move away what is in its place.`,
          stops: true,
        },
  );
}

/**
 * Where the file system takes several spellings for one name, a look-alike may be the very folder that is
 * meant, under a name that the list of exclusions was not made for: there it stops effects.
 */
function lookAlike(root: string, name: string, folds: boolean, found: ShapeFinding[]): void {
  const meant = lookAlikeOf(name);
  if (meant === null) return;
  const stops = meant === 'Approved' && (folds || sameOnDisk(root, name, meant));
  found.push({
    code: 'look-alike',
    path: name,
    words: `${JSON.stringify(name)} looks like ${meant} but is another folder: a note moved there is not seen. Move its notes and delete it.`,
    stops,
  });
}

function sameOnDisk(root: string, name: string, meant: string): boolean {
  const [one, other] = [looked(join(root, name)), looked(join(root, meant))];
  return one !== null && other !== null && one.ino === other.ino && one.dev === other.dev;
}

export function foldsNames(root: string): boolean {
  return sameOnDisk(root, 'aPPROVED', 'Approved');
}

function openFolder(root: string, folder: string, now: number | null, found: ShapeFinding[]): void {
  for (const entry of entriesOf(root, folder, found)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isSymbolicLink()) found.push(linkFinding(path));
    else if (now !== null && entry.isFile() && hasTwoNames(join(root, path), now)) {
      found.push({
        code: 'hard-link',
        path,
        words: `${path} is the same file as another one (a hard link): changing one changes both. Copy it and delete the link.`,
        stops: false,
      });
    }
  }
}

function hasTwoNames(path: string, now: number): boolean {
  const stat = looked(path);
  return stat !== null && stat.nlink > 1 && now - stat.ctimeMs > SETTLED_MS;
}

/** Null for what is not there or cannot be looked at. */
function looked(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch {
    return null;
  }
}
