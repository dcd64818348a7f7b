/** Which chains are this machine's own: those whose end it keeps in STATE_DIR. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errno } from '../files/errno.ts';
import { type ChainHead, readHead } from './chain-head.ts';
import { actorOf } from './day-files.ts';

/** Heads of the chains in `dir`, by process; a head of another folder's chain says nothing about this one. */
export async function knownHeads(dir: string, headDir: string): Promise<Map<string, ChainHead>> {
  const heads = new Map<string, ChainHead>();
  const names = await readdir(headDir).catch((error: unknown) => {
    if (errno(error) === 'ENOENT') return [];
    throw error;
  });
  for (const name of names) {
    const process = /^([a-z][a-z0-9-]{0,40})\.head\.json$/.exec(name)?.[1];
    const head = process === undefined ? null : await readHead(join(headDir, name));
    if (process !== undefined && head?.actor === actorOf(dir, process)) heads.set(process, head);
  }
  return heads;
}
