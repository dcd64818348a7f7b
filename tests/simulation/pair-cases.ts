/** What is done on both sides of a pair that is apart, for the simulator and for two real Syncthings alike. */
import { Tape, tapeOf } from './tape.ts';

export type Op =
  | { readonly do: 'write'; readonly path: string; readonly text: string; readonly mtime: number }
  | { readonly do: 'move'; readonly path: string; readonly to: string }
  | { readonly do: 'delete'; readonly path: string }
  | { readonly do: 'scan' };

/** The link is down while both sides act, then it comes up and all is exchanged. */
export interface Round {
  readonly a: readonly Op[];
  readonly b: readonly Op[];
}

export interface PairCase {
  readonly name: string;
  /** Made on A and exchanged before the first round. */
  readonly before: readonly Op[];
  readonly rounds: readonly Round[];
}

/** Seconds since the epoch; never equal within a case unless the case is about that. */
const T = 1_790_000_000;
const IN = 'Needs_Action/x.md';
const CLOUD = 'In_Progress/cloud-agent/x.md';
const LOCAL = 'In_Progress/local-agent/x.md';
const PENDING = 'Pending_Approval/x.md';

const write = (path: string, text: string, at: number): Op => ({ do: 'write', path, text, mtime: T + at });
const move = (path: string, to: string): Op => ({ do: 'move', path, to });
const remove = (path: string): Op => ({ do: 'delete', path });
const scan: Op = { do: 'scan' };
const note = write(IN, 'mail', 0);

function once(name: string, before: readonly Op[], a: readonly Op[], b: readonly Op[]): PairCase {
  return { name, before, rounds: [{ a, b }] };
}

/** The table of the facts about Syncthing, section 3. */
export const MEASURED: readonly PairCase[] = [
  once('both claim, scanned', [note], [move(IN, CLOUD), scan], [move(IN, LOCAL), scan]),
  once('both claim, not scanned', [note], [move(IN, CLOUD)], [move(IN, LOCAL)]),
  once(
    'both claim, stamped before',
    [note],
    [write(IN, 'mail, cloud', 10), scan, move(IN, CLOUD), scan],
    [write(IN, 'mail, local', 20), scan, move(IN, LOCAL), scan],
  ),
  once(
    'both claim, stamped after',
    [note],
    [move(IN, CLOUD), scan, write(CLOUD, 'mail, cloud', 10), scan],
    [move(IN, LOCAL), scan, write(LOCAL, 'mail, local', 20), scan],
  ),
  once('both move to one place', [note], [move(IN, 'Done/x.md'), scan], [move(IN, 'Done/x.md'), scan]),
  once(
    'both move to one place with different stamps',
    [note],
    [move(IN, 'Done/x.md'), write('Done/x.md', 'by a', 10), scan],
    [move(IN, 'Done/x.md'), write('Done/x.md', 'by b', 20), scan],
  ),
  once(
    'both create one file',
    [],
    [write('Claims/x.md', 'a', 10), scan],
    [write('Claims/x.md', 'b', 20), scan],
  ),
  once('both edit, A is newer', [note], [write(IN, 'a', 20), scan], [write(IN, 'b', 10), scan]),
  once('both edit, B is newer', [note], [write(IN, 'a', 10), scan], [write(IN, 'b', 20), scan]),
  once('both edit alike', [note], [write(IN, 'same', 10), scan], [write(IN, 'same', 20), scan]),
  once(
    'the earlier edit has a forged time',
    [note],
    [write(IN, 'a', 300_000_000), scan],
    [write(IN, 'b', 20), scan],
  ),
  once('A deletes, B edits', [note], [remove(IN), scan], [write(IN, 'b', 20), scan]),
  once('A edits, B deletes', [note], [write(IN, 'a', 20), scan], [remove(IN), scan]),
  once('both delete', [note], [remove(IN), scan], [remove(IN), scan]),
  once(
    'A rewrites a card that B approves',
    [write(PENDING, 'card', 0)],
    [write(PENDING, 'card, changed', 10), scan],
    [move(PENDING, 'Yes/x.md'), scan],
  ),
  once(
    'A approves a card that B rewrites',
    [write(PENDING, 'card', 0)],
    [move(PENDING, 'Yes/x.md'), scan],
    [write(PENDING, 'card, changed', 10), scan],
  ),
  once(
    'A claims, B edits what it claims',
    [note],
    [move(IN, CLOUD), scan],
    [write(IN, 'mail, edited', 10), scan],
  ),
  once('A claims, B deletes', [note], [move(IN, CLOUD), scan], [remove(IN), scan]),
  once(
    'A claims and gives back, B claims',
    [note],
    [move(IN, CLOUD), scan, move(CLOUD, IN), scan],
    [move(IN, LOCAL), scan],
  ),
  once('A touches, B edits', [note], [write(IN, 'mail', 30), scan], [write(IN, 'b', 20), scan]),
  once(
    'A moves, B moves elsewhere and edits',
    [note],
    [move(IN, CLOUD), scan],
    [move(IN, LOCAL), write(LOCAL, 'mail, drafted', 20), scan],
  ),
  {
    name: 'a conflict copy is edited on both sides',
    before: [note],
    rounds: [
      { a: [write(IN, 'a', 10), scan], b: [write(IN, 'b', 20), scan] },
      { a: [write(IN, 'a again', 40), scan], b: [write(IN, 'b again', 30), scan] },
    ],
  },
  {
    name: 'apart twice: claimed twice, then both offered',
    before: [note],
    rounds: [
      { a: [move(IN, CLOUD), scan], b: [move(IN, LOCAL), scan] },
      { a: [move(CLOUD, PENDING), scan], b: [move(LOCAL, PENDING), scan] },
    ],
  },
];

const PATHS = [IN, CLOUD, LOCAL, PENDING, 'Yes/x.md'] as const;

/** One to three rounds of up to four things on each side; what cannot be done is left out by both players. */
export function randomCase(seed: number): PairCase {
  const tape = new Tape(tapeOf(seed, 200));
  let made = 0;
  const op = (): Op => {
    const path = tape.pick(PATHS) ?? IN;
    const kind = tape.next(8);
    if (kind < 3) return write(path, `text ${(made += 1)}`, tape.next(1000) * 100 + made);
    if (kind < 6) return move(path, tape.pick(PATHS) ?? IN);
    return kind === 6 ? remove(path) : scan;
  };
  const ops = (): Op[] => Array.from({ length: 1 + tape.next(4) }, op);
  const rounds = Array.from({ length: 1 + tape.next(3) }, () => ({
    a: [...ops(), scan],
    b: [...ops(), scan],
  }));
  return { name: `random ${seed}`, before: [note, write(PENDING, 'card', 1)], rounds };
}
