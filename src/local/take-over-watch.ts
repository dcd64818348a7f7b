import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { At } from '../core/crash-points.ts';
import {
  parseNotice,
  renderNotice,
  startMemory,
  TAKEOVER_FILE,
  TAKEOVER_FILE_BYTES,
  type TakeoverMemory,
  takeoverStep,
} from '../core/takeover.ts';
import { writeDurably } from '../files/durable.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Sync } from '../sync/open-sync.ts';
import { SyncthingFault } from '../sync/syncthing-client.ts';
import { readHeartbeat } from '../vault/read-heartbeat.ts';
import type { Vault } from '../vault/vault.ts';

export interface TakeOverState {
  readonly on: boolean;
  /** Milliseconds since the epoch; null while it is off. */
  readonly since: number | null;
  /** Notes offered since it began; after its end of the last one. */
  readonly drafted: number;
}

const kept = z.object({ on: z.boolean(), since: z.number().nullable(), drafted: z.int().min(0) });

interface Deps {
  readonly vault: Vault;
  readonly clock: Clock;
  readonly log: Logger;
  readonly stateDir: string;
  readonly at: At;
  /** Null: there is nobody to ask. */
  readonly sync: (Pick<Sync, 'folder'> & { readonly client: Pick<Sync['client'], 'folderStatus'> }) | null;
  readonly peer: () => { readonly connected: boolean };
  readonly takeoverMs: number;
  /** Is a note of ours under way still? */
  readonly inHand: () => Promise<boolean>;
}

/** An unreadable one counts as off: the cloud's silence begins it again. */
async function load(path: string): Promise<TakeOverState> {
  try {
    return kept.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return { on: false, since: null, drafted: 0 };
  }
}

/**
 * Whether the laptop drafts, as `STATE_DIR/takeover.json`, which a restart goes on from, and as the notice in
 * the vault for the cloud's agent. The notice of the end waits until the last draft is out of hand: up to then
 * the cloud's agent has to ask.
 */
export class TakeOverWatch {
  readonly #deps: Deps;
  readonly #path: string;
  #memory: TakeoverMemory;
  #state: TakeOverState;

  private constructor(deps: Deps, path: string, state: TakeOverState) {
    this.#deps = deps;
    this.#path = path;
    this.#state = state;
    this.#memory = startMemory(state.on, deps.clock.now());
  }

  static async open(deps: Deps): Promise<TakeOverWatch> {
    const path = join(deps.stateDir, 'takeover.json');
    return new TakeOverWatch(deps, path, await load(path));
  }

  state(): TakeOverState {
    return this.#state;
  }

  /** One look at the cloud, and the notice as it should be; true when it began or ended. */
  async tick(): Promise<boolean> {
    const { vault, clock, log, at, takeoverMs } = this.#deps;
    const beat = await readHeartbeat(vault, 'cloud-agent', 'draft-replier');
    this.#memory = takeoverStep(
      this.#memory,
      {
        now: clock.now(),
        beat: beat && { id: `${beat.at} ${beat.state}`, state: beat.state },
        inTouch: await this.#inTouch(),
      },
      takeoverMs,
    );
    const { on } = this.#memory;
    const changed = on !== this.#state.on;
    if (changed) {
      log.info({ on }, on ? 'the cloud is silent: the laptop drafts' : 'the cloud is back and drafts');
      await this.#keep(on ? { on, since: clock.now(), drafted: 0 } : { ...this.#state, on, since: null });
    }
    await this.#publish();
    if (changed && on) at('takeover:announced');
    return changed;
  }

  async countDraft(): Promise<void> {
    await this.#keep({ ...this.#state, drafted: this.#state.drafted + 1 });
  }

  async #keep(state: TakeOverState): Promise<void> {
    this.#state = state;
    await writeDurably(this.#path, `${JSON.stringify(state)}\n`);
  }

  /** Also when somebody else changed the notice: it is ours alone to write. */
  async #publish(): Promise<void> {
    const { vault, clock, inHand } = this.#deps;
    const read = await vault.readOther(TAKEOVER_FILE, TAKEOVER_FILE_BYTES);
    const on = this.#state.on || (await inHand());
    // Nothing to say yet, and nothing was ever said.
    if (!on && !read.ok && read.why === 'gone') return;
    const there = read.ok ? parseNotice(read.text) : null;
    const { since } = this.#state;
    const wanted = since === null ? null : new Date(since).toISOString();
    if (there?.on === on && (wanted === null || wanted === there.since)) return;
    const notice = { on, since: wanted ?? new Date(clock.now()).toISOString() };
    await vault.writeOther(TAKEOVER_FILE, renderNotice(notice));
  }

  /** Has the peer given us all it has, so that its silence means something? */
  async #inTouch(): Promise<boolean> {
    const { sync, peer } = this.#deps;
    if (sync === null || !peer().connected) return false;
    try {
      const { state, needTotalItems } = await sync.client.folderStatus(sync.folder);
      return state === 'idle' && needTotalItems === 0;
    } catch (error) {
      if (error instanceof SyncthingFault) return false;
      throw error;
    }
  }
}
