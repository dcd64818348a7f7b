/** What a program on a simulated machine sees of its Syncthing: the REST interface and the list of changes. */
import { acknowledge, type Acknowledgement } from '../../src/sync/acknowledge.ts';
import type { Connection, FileStatus, FileVersion, Syncthing } from '../../src/sync/syncthing-client.ts';
import type { CardTracker, ChangeLedger } from '../../src/stages/offered-cards.ts';
import type { FileInfo } from './file-info.ts';
import type { Life } from './process.ts';
import { NAMES, nameOf, type World } from './world.ts';

type Client = Pick<Syncthing, 'scan' | 'file' | 'connections' | 'events'>;

const GONE: FileVersion = {
  ...{ deleted: true, type: 'file', modifiedBy: '', version: [], size: 0, modified: '' },
  ...{ invalid: false, ignored: false },
};

function simClient(world: World, node: number, life: Life): Client {
  const replica = world.net.node(node);
  const at = async <T>(answer: () => T): Promise<T> => {
    await life.gate();
    return answer();
  };
  return {
    scan: (_folder, subs) => at(() => replica.scan(subs)),
    file: (_folder, path) =>
      at((): FileStatus | null => {
        const local = replica.db.get(path);
        const global = replica.global(path);
        if (!global) return null;
        const availability = world.net.availability(node, path).map((peer) => nameOf(peer));
        return { availability, global: versionOf(global), local: local ? versionOf(local) : GONE };
      }),
    connections: () =>
      at(
        (): ReadonlyMap<string, Connection> =>
          new Map(
            NAMES.map((name, peer) => {
              const connected = world.net.connected(node, peer);
              return [name, { connected, paused: false, since: null }];
            }),
          ),
      ),
    events: async () => {
      await life.pause();
      return [];
    },
  };
}

function versionOf(info: FileInfo): FileVersion {
  return {
    ...{ ...GONE, deleted: info.deleted, size: info.text.length },
    ...{
      modifiedBy: nameOf(info.by),
      version: info.version.map((counter, index) => `${index}:${counter}`),
    },
  };
}

/** Asks the product's way whether the other machine has this file. */
export function asking(world: World, node: number, peer: number, life: Life) {
  const client = simClient(world, node, life);
  const clock = { now: () => world.clock(node), sleep: () => life.pause() };
  return (path: string, signal: AbortSignal): Promise<Acknowledgement> =>
    acknowledge({ client, folder: 'vault', peer: nameOf(peer), clock, timeoutMs: 10_000 }, path, signal);
}

/** As sync/disk-changes.ts: in order, at least once; what a restart of Syncthing lost is told as a gap. */
export class FollowedChanges implements ChangeLedger {
  readonly #world: World;
  readonly #life: Life;
  readonly #tracker: CardTracker;
  #turn: Promise<void> = Promise.resolve();
  continuous = false;

  constructor(world: World, life: Life, tracker: CardTracker) {
    this.#world = world;
    this.#life = life;
    this.#tracker = tracker;
  }

  flush(): Promise<void> {
    const next = this.#turn.then(() => this.#deliver());
    this.#turn = next.catch(() => undefined);
    return next;
  }

  async #deliver(): Promise<void> {
    const world = this.#world;
    await this.#life.gate();
    const end = world.changes.length;
    if (world.lostChanges) {
      this.continuous = false;
      world.lostChanges = false;
      world.heard = end;
      await this.#tracker.gap();
    }
    while (world.heard < end) {
      const change = world.changes[world.heard];
      if (change) await this.#tracker.changed(change);
      await this.#life.gate();
      world.heard += 1;
    }
    this.continuous = true;
  }
}
