/**
 * The simulator against two real Syncthings: the same things are done on both sides of a real pair that is apart,
 * and what lies there in the end must be what the simulator says, or one of what it can say.
 */
import { mkdir, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errno } from '../../src/files/errno.ts';
import { FOLDER, startPair, type SyncNode, type SyncPair } from '../helpers/syncthing.ts';
import { MEASURED, type Op, type PairCase, randomCase } from './pair-cases.ts';
import { plainTree, play, type Tree } from './pair-play.ts';

const RANDOM = 50;
/** Orders of events tried in the simulator for each case. */
const ORDERS = 100;
const CASES: readonly PairCase[] = [
  ...MEASURED,
  ...Array.from({ length: RANDOM }, (_, seed) => randomCase(seed + 1)),
];

/** Each case in a folder of its own, all of them apart and together at the same times. */
const folderOf = (index: number): string => `case-${index}`;

let pair: SyncPair;

beforeAll(async () => {
  pair = await startPair();
  for (const [index, { before }] of CASES.entries()) await act(pair.cloud, index, before);
  await pair.idle();
  const rounds = Math.max(...CASES.map((one) => one.rounds.length));
  for (let round = 0; round < rounds; round++) {
    await pair.disconnect();
    for (const [index, one] of CASES.entries()) {
      await act(pair.cloud, index, one.rounds[round]?.a ?? []);
      await act(pair.laptop, index, one.rounds[round]?.b ?? []);
    }
    await pair.connect();
    await pair.idle();
  }
}, 180_000);

afterAll(() => pair.stop());

async function act(node: SyncNode, index: number, ops: readonly Op[]): Promise<void> {
  const at = (path: string): string => join(node.vault, folderOf(index), path);
  for (const op of ops) {
    if (op.do === 'scan') await node.client.scan(FOLDER, [folderOf(index)]);
    if (op.do === 'delete') await rm(at(op.path), { force: true });
    if (op.do === 'write') {
      await mkdir(dirname(at(op.path)), { recursive: true });
      // Of each case its own, or a rename would be found across cases.
      await writeFile(at(op.path), `${index}: ${op.text}`);
      await utimes(at(op.path), op.mtime, op.mtime);
    }
    if (op.do === 'move') {
      await mkdir(dirname(at(op.to)), { recursive: true });
      await rename(at(op.path), at(op.to)).catch((error: unknown) => {
        if (errno(error) !== 'ENOENT') throw error;
      });
    }
  }
}

async function treeOf(node: SyncNode, index: number): Promise<Tree> {
  const root = join(node.vault, folderOf(index));
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const read = async (path: string): Promise<[string, string]> => [
    relative(root, path),
    (await readFile(path, 'utf8')).replace(`${index}: `, ''),
  ];
  const ids = { [pair.cloud.shortId]: 'A', [pair.laptop.shortId]: 'B' };
  return plainTree(await Promise.all(files.map(read)), ids);
}

describe('two real Syncthings do what the simulator says', () => {
  it.each(CASES.map((one, index) => ({ ...one, index })))('$name', async ({ index, ...pairCase }) => {
    const [cloud, laptop] = [await treeOf(pair.cloud, index), await treeOf(pair.laptop, index)];
    expect(cloud).toEqual(laptop);
    const reached = new Map<string, Tree>();
    for (let rough = 0; rough < ORDERS; rough++) {
      const [a, b] = play(pairCase, rough);
      expect(a).toEqual(b);
      reached.set(JSON.stringify(a), a);
    }
    // What order of events a real pair takes is its own; told whole when none of them ends as it did.
    if (!reached.has(JSON.stringify(cloud))) expect([...reached.values()]).toContainEqual(cloud);
  });
});
