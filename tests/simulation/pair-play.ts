/** Plays a case of pair-cases.ts in the simulator; `rough` says how unevenly scans, batches and pulls come. */
import type { Network } from './network.ts';
import { Network as SimNetwork } from './network.ts';
import type { Op, PairCase } from './pair-cases.ts';
import { Tape, tapeOf } from './tape.ts';

/** Path to text; conflict copies by the side that won, without their time. */
export type Tree = Readonly<Record<string, string>>;

const IDS: Readonly<Record<string, string>> = { CLOUDAA: 'A', LAPTOPA: 'B' };

export function plainTree(files: Iterable<readonly [string, string]>, ids = IDS): Tree {
  const plain = [...files].map(([path, text]): [string, string] => {
    const name = path.replace(
      /\.sync-conflict-\d{8}-\d{6}-([A-Z2-7]{7})/g,
      (_, id: string) => `.conflict-${ids[id] ?? id}`,
    );
    return [name, text];
  });
  return Object.fromEntries(plain.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The trees of both sides in the end. */
export function play(pairCase: PairCase, rough: number): readonly [Tree, Tree] {
  const tape = new Tape(rough === 0 ? [] : tapeOf(rough, 2000));
  let now = 0;
  const net = new SimNetwork({
    nodes: 2,
    rules: 'v1',
    shares: () => true,
    versioning: () => false,
    now: () => now,
    conflictAt: () => (now += 1000),
  });
  for (const op of pairCase.before) act(net, 0, op);
  net.settle();
  for (const { a, b } of pairCase.rounds) {
    net.setConnected(0, 1, false);
    for (const [node, ops] of [a, b].entries()) {
      for (const op of ops) {
        act(net, node, op);
        // The file watcher may fire at any time.
        if (tape.next(4) === 3) net.node(node).scan();
      }
    }
    net.setConnected(0, 1, true);
    stir(net, tape);
    net.settle();
  }
  const tree = (node: number): Tree =>
    plainTree([...net.node(node).disk].map(([path, { text }]) => [path, text]));
  return [tree(0), tree(1)];
}

/** What a real pair does in an order of its own once it is connected again. */
function stir(net: Network, tape: Tape): void {
  for (let i = 0; i < 60 && !tape.over; i++) {
    const node = tape.next(2);
    const link = net.links[tape.next(2)];
    const kind = tape.next(8);
    if (kind < 3 && link) net.send(link);
    else if (kind < 5 && link) net.deliver(link);
    else if (kind < 7) net.pullStep(node);
    else net.node(node).scan();
  }
}

function act(net: Network, node: number, op: Op): void {
  const replica = net.node(node);
  const { disk } = replica;
  if (op.do === 'scan') replica.scan();
  if (op.do === 'write') disk.set(op.path, { text: op.text, mtime: op.mtime * 1000 });
  if (op.do === 'delete') disk.delete(op.path);
  if (op.do !== 'move') return;
  const file = disk.get(op.path);
  if (!file || op.path === op.to) return;
  disk.delete(op.path);
  disk.set(op.to, file);
}
