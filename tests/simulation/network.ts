/** The links between replicas: indexes travel in batches, late, in order on one link, never when it is down. */
import type { FileInfo, Rules } from './file-info.ts';
import { Replica } from './replica.ts';

interface Batch {
  readonly infos: readonly FileInfo[];
  readonly upTo: number;
}

export interface Link {
  readonly from: number;
  readonly to: number;
  sent: number;
  received: number;
  inFlight: Batch[];
}

export interface NetworkOptions {
  readonly nodes: number;
  readonly rules: Rules;
  /** Is this path exchanged between these two? */
  readonly shares: (path: string, a: number, b: number) => boolean;
  readonly versioning: (node: number) => boolean;
  readonly now: () => number;
  /** The time in the name of the next conflict copy; `now` when there is none. */
  readonly conflictAt?: () => number;
  readonly onChange?: (node: number, info: FileInfo, origin: 'local' | 'remote') => void;
}

export class Network {
  replicas: readonly Replica[];
  links: readonly Link[];
  readonly #options: NetworkOptions;
  readonly #nodes: number;
  #up: boolean[];

  constructor(options: NetworkOptions) {
    const { nodes, rules, now, shares, versioning, onChange, conflictAt = now } = options;
    this.#options = options;
    this.#nodes = nodes;
    this.replicas = Array.from(
      { length: nodes },
      (_, node) =>
        new Replica({
          node,
          nodes,
          rules,
          now,
          conflictAt,
          versioning: versioning(node),
          shares: (path, peer) => peer !== node && shares(path, node, peer),
          onChange: onChange && ((info, origin) => onChange(node, info, origin)),
        }),
    );
    const pairs = this.replicas.flatMap((_, from) => this.replicas.map((__, to) => ({ from, to })));
    this.links = pairs
      .filter(({ from, to }) => from !== to)
      .map(({ from, to }) => ({ from, to, sent: 0, received: 0, inFlight: [] }));
    this.#up = Array.from({ length: nodes * nodes }, () => true);
  }

  node(index: number): Replica {
    const replica = this.replicas[index];
    if (!replica) throw new RangeError(`no node ${index}`);
    return replica;
  }

  connected(a: number, b: number): boolean {
    return a === b || this.#up[Math.min(a, b) * this.#nodes + Math.max(a, b)] === true;
  }

  /** What was on its way is lost; after a reconnect it is sent again from what the other has. */
  setConnected(a: number, b: number, up: boolean): void {
    this.#up[Math.min(a, b) * this.#nodes + Math.max(a, b)] = up;
    if (up) return;
    for (const link of this.links) {
      if (!((link.from === a && link.to === b) || (link.from === b && link.to === a))) continue;
      link.inFlight = [];
      link.sent = link.received;
    }
  }

  /** The index sender wakes up: what changed since its last batch goes on its way, each file as it is now. */
  send(link: Link): boolean {
    if (!this.connected(link.from, link.to)) return false;
    const { infos, upTo } = this.node(link.from).entriesAfter(link.sent, link.to);
    if (upTo === link.sent) return false;
    link.inFlight.push({ infos, upTo });
    link.sent = upTo;
    return true;
  }

  deliver(link: Link): boolean {
    const batch = this.connected(link.from, link.to) ? link.inFlight.shift() : undefined;
    if (!batch) return false;
    this.node(link.to).receive(link.from, batch.infos);
    link.received = batch.upTo;
    return true;
  }

  pullStep(node: number): boolean {
    const replica = this.node(node);
    if (!replica.beginPull()) return false;
    replica.pullStep((info) => this.#fetch(node, info));
    return true;
  }

  /** From a connected peer that announced this version and whose disk still holds it. */
  #fetch(node: number, info: FileInfo): string | null {
    for (const [peer, replica] of this.replicas.entries()) {
      if (peer === node || !this.connected(node, peer)) continue;
      const announced = this.node(node).known[peer]?.get(info.path);
      if (announced?.deleted !== false || announced.version.join() !== info.version.join()) continue;
      if (replica.disk.get(info.path)?.text === info.text) return info.text;
    }
    return null;
  }

  /** `availability` of the REST interface: connected peers that have exactly what this node has. */
  availability(node: number, path: string): number[] {
    const own = this.node(node).db.get(path);
    if (!own || own.deleted) return [];
    return this.replicas.flatMap((_, peer) => {
      if (peer === node || !this.connected(node, peer)) return [];
      const theirs = this.node(node).known[peer]?.get(path);
      return theirs?.deleted === false && theirs.version.join() === own.version.join() ? [peer] : [];
    });
  }

  /** Everything that can move moves: full scans, batches, pulls, until nothing is left. */
  settle(maxRounds = 200): boolean {
    for (let round = 0; round < maxRounds; round++) {
      const before = this.replicas.map((r) => r.sequence).join();
      let moved = false;
      for (const [node, replica] of this.replicas.entries()) {
        replica.scan();
        replica.suspects.clear();
        for (let steps = 0; steps < 1000 && this.pullStep(node); steps++) {
          const { current, queue, deletions } = replica;
          if (!current && queue.length === 0 && deletions.length === 0) break;
        }
      }
      for (const link of this.links) while (this.send(link) || this.deliver(link)) moved = true;
      if (!moved && before === this.replicas.map((r) => r.sequence).join()) return true;
    }
    return false;
  }

  clone(): Network {
    const copy = new Network(this.#options);
    copy.replicas = this.replicas.map((replica) => replica.clone());
    copy.links = this.links.map((link) => ({ ...link, inFlight: [...link.inFlight] }));
    copy.#up = [...this.#up];
    return copy;
  }
}
