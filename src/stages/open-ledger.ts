import { readdir, readlink, symlink, unlink } from 'node:fs/promises';
import { lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { STATES, type TaskFolder } from '../core/states.ts';
import { isTaskId, type TaskId } from '../core/task-id.ts';
import { syncFolder } from '../files/durable.ts';
import { errno } from '../files/errno.ts';
import type { NoteRef } from '../vault/vault.ts';

export interface LastSeen extends NoteRef {
  /** Milliseconds. */
  readonly at: number;
  readonly restored: number;
}

/**
 * Where each open task was last seen: `STATE_DIR/open-tasks/<id>`, a dangling symbolic link whose target is
 * `<times put back>:<folder>/<name>`, so that an entry costs one system call and is whole or not there. Only
 * open tasks have one; it outlives the process, since a peer may delete a note while this laptop is off.
 */
export class OpenLedger {
  readonly #folder: string;
  readonly #entries: Map<TaskId, LastSeen>;
  #changed = false;

  private constructor(folder: string, entries: Map<TaskId, LastSeen>) {
    this.#folder = folder;
    this.#entries = entries;
  }

  static async open(stateDir: string): Promise<OpenLedger> {
    const folder = join(stateDir, 'open-tasks');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const entries = new Map<TaskId, LastSeen>();
    for (const id of (await readdir(folder)).filter(isTaskId)) {
      const path = join(folder, id);
      const entry = parseEntry(await readlink(path).catch(() => ''));
      const at = lstatSync(path, { throwIfNoEntry: false })?.ctimeMs ?? 0;
      if (entry) entries.set(id, { ...entry, at });
    }
    return new OpenLedger(folder, entries);
  }

  entries(): ReadonlyMap<TaskId, LastSeen> {
    return this.#entries;
  }

  /** Durable after `flush`, and only when the place is another than before. */
  async seen(id: TaskId, ref: NoteRef, at: number): Promise<void> {
    const before = this.#entries.get(id);
    await this.#put(id, { folder: ref.folder, name: ref.name, at, restored: before?.restored ?? 0 }, before);
  }

  async putBack(id: TaskId, ref: NoteRef, at: number): Promise<void> {
    const before = this.#entries.get(id);
    const restored = (before?.restored ?? 0) + 1;
    await this.#put(id, { folder: ref.folder, name: ref.name, at, restored }, before);
  }

  async #put(id: TaskId, next: LastSeen, before: LastSeen | undefined): Promise<void> {
    this.#entries.set(id, next);
    const target = entryOf(next);
    if (before && entryOf(before) === target) return;
    this.#changed = true;
    const path = join(this.#folder, id);
    if (before) await removed(path);
    await symlink(target, path).catch(async (error: unknown) => {
      if (errno(error) !== 'EEXIST') throw error;
      await removed(path);
      await symlink(target, path);
    });
  }

  /** When each was last seen counts no longer; the next sight sets it anew. */
  doubtTimes(): void {
    for (const [id, seen] of this.#entries) this.#entries.set(id, { ...seen, at: 0 });
  }

  async forget(id: TaskId): Promise<void> {
    if (!this.#entries.delete(id)) return;
    this.#changed = true;
    await removed(join(this.#folder, id));
  }

  async flush(): Promise<void> {
    if (!this.#changed) return;
    this.#changed = false;
    await syncFolder(this.#folder);
  }
}

async function removed(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (errno(error) !== 'ENOENT') throw error;
  });
}

function entryOf(seen: LastSeen): string {
  return `${seen.restored}:${seen.folder}/${seen.name}`;
}

function parseEntry(target: string): { folder: TaskFolder; name: string; restored: number } | null {
  const match = /^(\d+):(.+)\/([^/]+)$/s.exec(target);
  const folder = STATES.find((row) => row.folder === match?.[2])?.folder;
  if (!match?.[3] || !folder) return null;
  return { folder, name: match[3], restored: Number(match[1]) };
}
