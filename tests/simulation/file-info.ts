/** What Syncthing knows of one file: a version vector, a modification time, who changed it last. */

/** One counter per node, by the node's number. */
export type Vector = readonly number[];

export interface DiskFile {
  readonly text: string;
  /** Milliseconds; whoever writes the file chooses it. */
  readonly mtime: number;
}

export interface FileInfo extends DiskFile {
  readonly path: string;
  readonly deleted: boolean;
  readonly version: Vector;
  /** The node that made this version: names a conflict copy (facts section 3: the winner's, not the loser's). */
  readonly by: number;
}

export type Order = 'equal' | 'newer' | 'older' | 'concurrent';

export function order(a: Vector, b: Vector): Order {
  let more = false;
  let less = false;
  for (const [index, value] of a.entries()) {
    const other = b[index] ?? 0;
    if (value > other) more = true;
    if (value < other) less = true;
  }
  if (more && less) return 'concurrent';
  return more ? 'newer' : less ? 'older' : 'equal';
}

export function bumped(version: Vector | undefined, node: number, nodes: number): Vector {
  return Array.from({ length: nodes }, (_, index) => (version?.[index] ?? 0) + (index === node ? 1 : 0));
}

export type Rules = 'v1' | 'v2';

/**
 * Which of two concurrent versions stands everywhere. v1: an edit beats a delete, then the newer
 * modification time, then the device (facts section 3). v2: the newer time, a delete has one too (section 6).
 */
export function winsConflict(a: FileInfo, b: FileInfo, rules: Rules): boolean {
  if (rules === 'v1' && a.deleted !== b.deleted) return b.deleted;
  if (a.mtime !== b.mtime) return a.mtime > b.mtime;
  for (const [index, value] of a.version.entries()) {
    const other = b.version[index] ?? 0;
    if (value !== other) return value > other;
  }
  return false;
}

const IDS = ['CLOUDAA', 'LAPTOPA', 'PHONEAA'];

/** Seconds only, as measured: two conflicts of one name, one winner and one second meet in one copy. */
export function conflictName(path: string, winner: number, atMs: number): string {
  const stamp = new Date(atMs).toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return path.replace(
    /(\.[^./]*)?$/,
    (suffix) => `.sync-conflict-${stamp}-${IDS[winner] ?? 'DEVICEA'}${suffix}`,
  );
}

export function isConflictCopy(path: string): boolean {
  return path.includes('.sync-conflict-');
}
