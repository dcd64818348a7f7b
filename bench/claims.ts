import { closeSync, fsync, openSync, renameSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type * as VaultModule from '../src/vault/vault.ts';
import { ROOT } from './host.ts';
import { median } from './statistics.ts';

/** Claims per second, one entry per round. */
export interface ClaimRates {
  readonly ours: number[];
  readonly bare: number[];
}

const FROM = 'Needs_Action/email';
const INTO = 'In_Progress/cloud-agent';

/** Rounds of both, turn by turn, so that the weather of the disk meets both. */
export async function measureClaims(folder: string, rounds: number, perRound: number): Promise<ClaimRates> {
  const { Vault } = (await import(
    pathToFileURL(join(ROOT, 'dist/vault/vault.js')).href
  )) as typeof VaultModule;
  const root = join(folder, 'claims');
  const rates: ClaimRates = { ours: [], bare: [] };
  await mkdir(root);
  const vault = await Vault.open(root);
  await vault.ensureFolders();
  const ours = async (name: string) => {
    if ((await vault.move({ folder: FROM, name }, INTO)) !== 'moved') throw new Error('claim lost');
  };
  const bare = async (name: string) => {
    renameSync(join(root, FROM, name), join(root, INTO, name));
    await Promise.all([syncFolder(join(root, INTO)), syncFolder(join(root, FROM))]);
  };
  for (let round = 0; round < rounds; round += 1) {
    // Who comes first is turned about.
    const turns = round % 2 === 0 ? (['ours', 'bare'] as const) : (['bare', 'ours'] as const);
    for (const who of turns) {
      const names = await notes(root, round, perRound);
      const started = performance.now();
      for (const name of names) await (who === 'ours' ? ours : bare)(name);
      rates[who].push((perRound * 1000) / (performance.now() - started));
      for (const name of names) await rm(join(root, INTO, name));
    }
  }
  return rates;
}

/** The ratio round by round: a slow second of the disk is in both halves of its round. */
export function claimShare(rates: ClaimRates): number {
  return median(rates.ours.map((rate, i) => rate / (rates.bare[i] ?? Number.NaN)));
}

async function notes(root: string, round: number, count: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, n) => `Person - Question ${round} ${n}.md`);
  for (const name of names) await writeFile(join(root, FROM, name), '---\nid: x\n---\n');
  return names;
}

const flush = promisify(fsync);

/** As cheap as Node can: only the waiting for the disk goes through its thread pool. */
async function syncFolder(path: string): Promise<void> {
  const fd = openSync(path, 'r');
  await flush(fd);
  closeSync(fd);
}
