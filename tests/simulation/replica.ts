/**
 * One Syncthing: a disk, its index, what it was told by its peers, and a puller that goes step by step, so
 * that a program on the same disk can act between any two steps. The rules are those measured in the facts
 * about Syncthing (sections 2, 3 and 6); nothing here knows what the files mean.
 */
import {
  bumped,
  conflictName,
  type DiskFile,
  type FileInfo,
  isConflictCopy,
  order,
  type Rules,
  winsConflict,
} from './file-info.ts';

export interface ReplicaOptions {
  readonly node: number;
  readonly nodes: number;
  readonly rules: Rules;
  /** Is this path exchanged with that node? False for what one of the two ignores. */
  readonly shares: (path: string, peer: number) => boolean;
  /** Keeps what a pull replaces or deletes (the laptop's versioning). */
  readonly versioning: boolean;
  readonly now: () => number;
  readonly conflictAt: () => number;
  /** An entry of the index changed: by a scan of this disk, or by a pull. */
  readonly onChange?: ((info: FileInfo, origin: 'local' | 'remote') => void) | undefined;
}

interface Pull {
  readonly path: string;
  readonly kind: 'update' | 'rename' | 'delete';
  /** Source of a rename. */
  readonly from: string | null;
  readonly info: FileInfo;
  step: 'check' | 'remove' | 'place';
  /** What lay there when the puller looked; a write after that is lost (facts section 3). */
  seen: DiskFile | null;
}

export interface Archived {
  readonly path: string;
  readonly text: string;
  readonly at: number;
}

/** A local write that met an incoming one and left no trace on this disk. */
export interface GapLoss {
  readonly path: string;
  readonly text: string;
}

/** Does a connected peer still have exactly this version? Null when it cannot be had now. */
export type Fetch = (info: FileInfo) => string | null;

export class Replica {
  readonly options: ReplicaOptions;
  disk = new Map<string, DiskFile>();
  /** The index of this node, in the order of its sequence numbers: what was set last comes last. */
  db = new Map<string, FileInfo>();
  sequences = new Map<string, number>();
  sequence = 0;
  /** What each peer announced. */
  known: Map<string, FileInfo>[];
  /** What pulls replaced or deleted, where versions are kept. */
  archive: Archived[] = [];
  gapLosses: GapLoss[] = [];
  conflicts = 0;
  /** Paths that the puller found changed and wants scanned. */
  suspects = new Set<string>();
  queue: string[] = [];
  deletions: string[] = [];
  current: Pull | null = null;

  constructor(options: ReplicaOptions) {
    this.options = options;
    this.known = Array.from({ length: options.nodes }, () => new Map<string, FileInfo>());
  }

  /** Changed and new files enter the index; a new path whose content vanished elsewhere takes that along. */
  scanChanged(under: readonly string[] | null): void {
    const { node, nodes } = this.options;
    this.#finishPull();
    for (const [path, file] of this.disk) {
      if (!covers(under, path)) continue;
      const cur = this.db.get(path);
      if (cur && !cur.deleted && cur.text === file.text && cur.mtime === file.mtime) continue;
      // Rename detection, facts section 2: the same content, no empty file, the old path gone from the disk.
      const old = !cur || cur.deleted ? this.#vanishedTwin(path, file.text) : null;
      this.#commit({ path, ...file, deleted: false, version: bumped(cur?.version, node, nodes), by: node });
      if (old) this.#commitDeleted(old);
    }
  }

  /** Files that are gone enter the index as deleted; a batch of its own, facts section 2. */
  scanDeleted(under: readonly string[] | null): void {
    this.#finishPull();
    const gone = [...this.db.values()].filter(
      (info) => !info.deleted && !this.disk.has(info.path) && covers(under, info.path),
    );
    for (const info of gone) this.#commitDeleted(info);
  }

  scan(under: readonly string[] | null = null): void {
    this.scanChanged(under);
    this.scanDeleted(under);
  }

  /** A folder of Syncthing scans or pulls, never both at a time. */
  #finishPull(): void {
    while (this.current) this.#advance(this.current);
  }

  #vanishedTwin(path: string, text: string): FileInfo | null {
    if (text === '') return null;
    for (const info of this.db.values()) {
      if (info.deleted || info.path === path || info.text !== text || this.disk.has(info.path)) continue;
      // Two folders are two indexes: nothing is a rename across them.
      if (!this.#sameFolder(info.path, path)) continue;
      return info;
    }
    return null;
  }

  #sameFolder(a: string, b: string): boolean {
    const { node, nodes, shares } = this.options;
    for (let peer = 0; peer < nodes; peer++) {
      if (peer !== node && shares(a, peer) !== shares(b, peer)) return false;
    }
    return true;
  }

  #commitDeleted(info: FileInfo): void {
    const { node, nodes, rules, now } = this.options;
    // v2 gives a delete the time of the scan (facts section 6); v1 keeps the file's.
    const mtime = rules === 'v2' ? now() : info.mtime;
    this.#commit({ ...info, mtime, deleted: true, version: bumped(info.version, node, nodes), by: node });
  }

  #commit(info: FileInfo): void {
    this.options.onChange?.(info, info.by === this.options.node ? 'local' : 'remote');
    this.sequence += 1;
    this.db.set(info.path, info);
    this.sequences.set(info.path, this.sequence);
  }

  /** The index entries a peer has not been sent, in the order of their sequence. */
  entriesAfter(sequence: number, peer: number): { infos: readonly FileInfo[]; upTo: number } {
    if (this.sequence === sequence) return { infos: [], upTo: sequence };
    const infos = [...this.db.values()]
      .filter((i) => this.#sequenceOf(i) > sequence && this.options.shares(i.path, peer))
      .sort((a, b) => this.#sequenceOf(a) - this.#sequenceOf(b));
    return { infos, upTo: this.sequence };
  }

  #sequenceOf(info: FileInfo): number {
    return this.sequences.get(info.path) ?? 0;
  }

  receive(peer: number, infos: readonly FileInfo[]): void {
    for (const info of infos) {
      if (this.options.shares(info.path, peer)) this.known[peer]?.set(info.path, info);
    }
  }

  /** The version that should stand everywhere, of all that were ever announced. */
  global(path: string): FileInfo | undefined {
    let best = this.db.get(path);
    for (const infos of this.known) {
      const info = infos.get(path);
      if (!info) continue;
      if (!best || this.#beats(info, best)) best = info;
    }
    return best;
  }

  #beats(a: FileInfo, b: FileInfo): boolean {
    const which = order(a.version, b.version);
    return which === 'newer' || (which === 'concurrent' && winsConflict(a, b, this.options.rules));
  }

  #needs(path: string): FileInfo | null {
    const global = this.global(path);
    const local = this.db.get(path);
    if (!global || global === local || (!local && global.deleted)) return null;
    if (local) {
      const which = order(local.version, global.version);
      if (which === 'equal' || which === 'newer') return null;
    }
    return global;
  }

  needed(): string[] {
    const paths = new Set(this.known.flatMap((infos) => [...infos.keys()]));
    return [...paths].filter((path) => this.#needs(path) !== null).sort();
  }

  /** Begins an iteration when none is under way. Returns whether there is something to pull. */
  beginPull(): boolean {
    if (this.current || this.queue.length > 0 || this.deletions.length > 0) return true;
    for (const path of this.needed()) {
      (this.#needs(path)?.deleted === true ? this.deletions : this.queue).push(path);
    }
    return this.queue.length > 0 || this.deletions.length > 0;
  }

  /** One step of the puller: files first, deletions last, a rename where both belong together. */
  pullStep(fetch: Fetch): void {
    if (this.current) return this.#advance(this.current);
    const path = this.queue.shift();
    if (path !== undefined) return this.#start(path, fetch);
    const gone = this.deletions.shift();
    if (gone === undefined) return;
    const info = this.#needs(gone);
    if (info?.deleted !== true) return;
    this.current = { path: gone, kind: 'delete', from: null, info, step: 'check', seen: null };
  }

  #start(path: string, fetch: Fetch): void {
    const info = this.#needs(path);
    if (!info) return;
    if (info.deleted) return void this.deletions.push(path);
    const local = this.db.get(path);
    // The same content needs no transfer and is no conflict (facts section 3).
    if (local && !local.deleted && local.text === info.text && this.#untouched(path)) {
      this.disk.set(path, { text: info.text, mtime: info.mtime });
      return this.#commit(info);
    }
    const from = this.#renameSource(info);
    if (from !== null && !this.disk.has(path)) {
      this.current = { path, kind: 'rename', from, info, step: 'check', seen: null };
    } else if (fetch(info) === info.text) {
      this.current = { path, kind: 'update', from: null, info, step: 'check', seen: null };
    }
  }

  #renameSource(info: FileInfo): string | null {
    if (info.text === '') return null;
    const from = this.deletions.find((gone) => {
      const local = this.db.get(gone);
      return local?.deleted === false && local.text === info.text && this.#sameFolder(gone, info.path);
    });
    return from ?? null;
  }

  /** Is the disk as the index says? If not, the puller leaves the path alone and has it scanned. */
  #untouched(path: string): boolean {
    const file = this.disk.get(path);
    const info = this.db.get(path);
    if (!file) return !info || info.deleted;
    return info?.deleted === false && info.text === file.text && info.mtime === file.mtime;
  }

  #advance(pull: Pull): void {
    if (pull.step === 'check') return this.#check(pull);
    if (pull.step === 'remove') return this.#remove(pull);
    this.#place(pull);
    this.current = null;
  }

  #check(pull: Pull): void {
    const paths = pull.from === null ? [pull.path] : [pull.path, pull.from];
    const touched = paths.filter((path) => !this.#untouched(path));
    if (touched.length > 0) {
      for (const path of touched) this.suspects.add(path);
      this.current = null;
      return;
    }
    pull.seen = this.disk.get(pull.from ?? pull.path) ?? null;
    pull.step = pull.seen === null ? 'place' : 'remove';
  }

  /** Syncthing replaces by unlink and rename, not in one step (facts section 2). */
  #remove(pull: Pull): void {
    const path = pull.from ?? pull.path;
    const now = this.disk.get(path);
    pull.step = 'place';
    if (now === undefined) return;
    this.disk.delete(path);
    if (pull.from !== null) {
      if (now !== pull.seen) this.#lose(path, now);
      else if (this.options.versioning) this.#keep(path, now.text);
      return;
    }
    const local = this.db.get(path);
    const conflict = local && order(local.version, pull.info.version) === 'concurrent';
    if (conflict && !isConflictCopy(path)) {
      this.conflicts += 1;
      const name = conflictName(path, pull.info.by, this.options.conflictAt());
      const before = this.disk.get(name);
      if (before) this.gapLosses.push({ path: name, text: before.text });
      this.disk.set(name, now);
    } else this.#lose(path, now, now !== pull.seen || conflict === true);
  }

  /** Where versions are kept nothing is lost; elsewhere what the puller did not see is. */
  #lose(path: string, file: DiskFile, unseen = true): void {
    if (this.options.versioning) this.#keep(path, file.text);
    else if (unseen) this.gapLosses.push({ path, text: file.text });
  }

  #keep(path: string, text: string): void {
    this.archive.push({ path, text, at: this.options.now() });
  }

  #place(pull: Pull): void {
    const { path, info } = pull;
    // Syncthing merges the vectors of a delete and of what it deletes. The merged one can beat an edit that this
    // node has not heard of yet: Syncthing's own loss, which no program on the disk can prevent, so kept out.
    if (pull.kind === 'delete') return this.#commit(info);
    const there = this.disk.get(path);
    if (there) this.gapLosses.push({ path, text: there.text });
    this.disk.set(path, { text: info.text, mtime: info.mtime });
    this.#commit(info);
    if (pull.from === null) return;
    this.deletions = this.deletions.filter((other) => other !== pull.from);
    const gone = this.#needs(pull.from);
    if (gone?.deleted === true) this.#commit(gone);
  }

  /** Syncthing stopped and started: the index stays, what was under way does not. */
  restart(): void {
    const pull = this.current;
    // A rename that was under way left its content in a temporary file; the next pull makes it again.
    if (pull?.kind === 'rename' && pull.step === 'place' && pull.seen && pull.from !== null) {
      this.disk.set(pull.from, pull.seen);
    }
    this.current = null;
    this.queue = [];
    this.deletions = [];
    this.suspects.clear();
  }

  clone(): Replica {
    const copy = new Replica(this.options);
    copy.disk = new Map(this.disk);
    copy.db = new Map(this.db);
    copy.sequences = new Map(this.sequences);
    copy.sequence = this.sequence;
    copy.known = this.known.map((infos) => new Map(infos));
    copy.archive = [...this.archive];
    copy.gapLosses = [...this.gapLosses];
    copy.conflicts = this.conflicts;
    copy.suspects = new Set(this.suspects);
    copy.queue = [...this.queue];
    copy.deletions = [...this.deletions];
    copy.current = this.current && { ...this.current };
    return copy;
  }
}

function covers(under: readonly string[] | null, path: string): boolean {
  return under === null || under.some((sub) => path === sub || path.startsWith(`${sub}/`));
}
