import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { APPROVED_RULE, ignoreLines } from '../../src/core/ignore-lists.ts';
import type { SharedFolder } from './syncthing-config.ts';
import { idle } from './syncthing-idle.ts';
import { FOLDER, type Prepared, prepare, SYNCTHING, type SyncNode } from './syncthing-node.ts';
import { until } from './until.ts';

export { FOLDER, SYNCTHINGS, type SyncNode } from './syncthing-node.ts';

/** Only between trusted devices: `<vault>/Approved`. */
export const APPROVED_FOLDER = `${FOLDER}-approved`;
/** A reconnection was seen to take 25 s when both sides dialled at the same instant. */
const RECONNECT_MS = 60_000;
const [ATTEMPTS, ATTEMPT_MS] = [4, 2_000];

export type Name = 'cloud' | 'laptop' | 'phone';

export interface PairOptions {
  /** The file watcher waits 10 s, as Syncthing ships it; otherwise 1 s, as Handover configures it. */
  readonly defaults?: boolean;
  /** Replaces a device's ignore patterns. Without: the list of the product, `Approved` ignored but on the cloud. */
  readonly ignores?: Readonly<Partial<Record<Name, readonly string[]>>>;
  /** Another Syncthing than Debian's. */
  readonly binary?: string;
  /** Of the laptop, when the two are to differ. */
  readonly laptopBinary?: string;
}

export interface SyncPair {
  readonly cloud: SyncNode;
  readonly laptop: SyncNode;
  /** After it both sides see each other, and what they had to exchange may still be under way. */
  connect(): Promise<void>;
  /** The laptop pauses the cloud; after it neither side is connected. */
  disconnect(): Promise<void>;
  /**
   * Every running node scanned its vault, is idle and, of the connected ones, has what the others have. What is
   * on a disk when it is called is part of it; what comes later may be.
   */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

export interface SyncTrio extends SyncPair {
  /** Has the vault too, and shares `Approved` with the laptop in a folder of its own. */
  readonly phone: SyncNode;
}

/** Two devices that share a vault and are connected. The laptop dials, as it would from behind its router. */
export async function startPair(options: PairOptions = {}): Promise<SyncPair> {
  const cloud = await prepareOne('cloud', options);
  const laptop = await prepareOne('laptop', options);
  const vault = (path: string): SharedFolder => shared(FOLDER, path, [cloud, laptop], options);
  const nodes = {
    cloud: await cloud.configure([{ ...laptop, dial: null }], [vault(cloud.vault)]),
    laptop: await laptop.configure([{ ...cloud, dial: cloud.address }], [vault(laptop.vault)]),
  };
  return started(nodes, [nodes.cloud, nodes.laptop]);
}

/** The pair and a phone. The phone dials both, the laptop the cloud. */
export async function startTrio(options: PairOptions = {}): Promise<SyncTrio> {
  const cloud = await prepareOne('cloud', options);
  const laptop = await prepareOne('laptop', options);
  const phone = await prepareOne('phone', options);
  const vault = (path: string): SharedFolder => shared(FOLDER, path, [cloud, laptop, phone], options);
  const approved = (path: string): SharedFolder =>
    shared(APPROVED_FOLDER, join(path, 'Approved'), [laptop, phone], options);
  const nodes = {
    cloud: await cloud.configure(
      [
        { ...laptop, dial: null },
        { ...phone, dial: null },
      ],
      [vault(cloud.vault)],
    ),
    laptop: await laptop.configure(
      [
        { ...cloud, dial: cloud.address },
        { ...phone, dial: null },
      ],
      [vault(laptop.vault), approved(laptop.vault)],
    ),
    phone: await phone.configure(
      [
        { ...cloud, dial: cloud.address },
        { ...laptop, dial: laptop.address },
      ],
      [vault(phone.vault), approved(phone.vault)],
    ),
  };
  return started(nodes, [nodes.cloud, nodes.laptop, nodes.phone]);
}

/** One node that knows nobody and has no folder: what a user has before `handover sync apply`. */
export async function startNode(
  options: { readonly name?: string; readonly ignores?: readonly string[]; readonly binary?: string } = {},
): Promise<SyncNode> {
  const prepared = await prepare(options.name ?? 'lonely', options.ignores ?? [], options.binary);
  const node = await prepared.configure([], []);
  await node.start();
  return node;
}

async function prepareOne(name: Name, options: PairOptions): Promise<Prepared> {
  const binary = (name === 'laptop' ? options.laptopBinary : undefined) ?? options.binary ?? SYNCTHING;
  return prepare(name, options.ignores?.[name] ?? (await productIgnores(name)), binary);
}

/**
 * What `.gitignore-sync` says for a device of this kind; only that the cloud does not keep to the line of
 * `Approved`: what holds has to hold by the lists of the others.
 */
async function productIgnores(name: Name): Promise<readonly string[]> {
  const text = await readFile(join(import.meta.dirname, '../../.gitignore-sync'), 'utf8');
  const rules = ignoreLines(text, name);
  return name === 'cloud' ? rules.filter((rule) => rule !== APPROVED_RULE) : rules;
}

function shared(id: string, path: string, members: readonly Prepared[], options: PairOptions): SharedFolder {
  const watcherDelayS = options.defaults === true ? 10 : 1;
  return { id, path, devices: members.map((member) => member.id), watcherDelayS };
}

/** Listeners first: two that dial each other at the same instant drop both connections and back off. */
async function started<N extends { readonly cloud: SyncNode; readonly laptop: SyncNode }>(
  nodes: N,
  all: readonly SyncNode[],
): Promise<N & Omit<SyncPair, 'cloud' | 'laptop'>> {
  const { cloud, laptop } = nodes;
  const links = all.flatMap((a, i) => all.slice(i + 1).map((b) => [a, b] as const));
  try {
    for (const node of all) await node.start();
    for (const [a, b] of links) await linked(a, b, true);
    await idle(all);
  } catch (error) {
    await Promise.all(all.map((node) => node.remove()));
    throw error;
  }
  return {
    ...nodes,
    connect: async () => {
      await cloud.resumePeer(laptop.id);
      await redial(laptop, cloud);
    },
    disconnect: async () => {
      // Only the side that dials: it dials again at once when it is resumed.
      await laptop.pausePeer(cloud.id);
      await linked(cloud, laptop, false);
    },
    idle: () => idle(all),
    stop: async () => {
      await Promise.all(all.map((node) => node.remove()));
    },
  };
}

/** A node whose peer was away for a while dials it ever less often; a device that is resumed is dialled at once. */
async function redial(dialler: SyncNode, listener: SyncNode): Promise<void> {
  await dialler.resumePeer(listener.id);
  for (let attempt = 1; ; attempt++) {
    try {
      await linked(dialler, listener, true, attempt < ATTEMPTS ? ATTEMPT_MS : RECONNECT_MS);
      return;
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
    await dialler.pausePeer(listener.id);
    await dialler.resumePeer(listener.id);
  }
}

async function linked(a: SyncNode, b: SyncNode, wanted: boolean, limitMs = RECONNECT_MS): Promise<void> {
  const sees = async (one: SyncNode, other: SyncNode): Promise<boolean> =>
    (await one.client.connections()).get(other.id)?.connected === true;
  await until(
    `${a.name} and ${b.name} are ${wanted ? 'connected' : 'apart'}`,
    async () => (await sees(a, b)) === wanted && (await sees(b, a)) === wanted,
    limitMs,
  );
}
