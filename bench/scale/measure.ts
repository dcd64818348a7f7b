import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../tests/helpers/until.ts';
import type * as SecretWatchModule from '../../src/vault/secret-watch.ts';
import type * as OpenIndexModule from '../../src/stages/open-index.ts';
import type * as PlacesModule from '../../src/vault/task-places.ts';
import type * as SweepModule from '../../src/stages/sweep-vault.ts';
import type * as VaultModule from '../../src/vault/vault.ts';
import { type Host, type ProcessName, ROOT } from '../host.ts';
import { childrenOf, memoryOf } from '../memory.ts';
import { median } from '../statistics.ts';

const PROCESSES = [
  'cloud-email-watcher',
  'draft-replier',
  'approval-handler',
  'orchestrator',
] as const satisfies readonly ProcessName[];

/** Milliseconds to `ready`, each process alone; median of `times` starts. */
export async function startTimes(host: Host, times: number): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const name of PROCESSES) {
    const each: number[] = [];
    for (let n = 0; n < times; n++) {
      const began = performance.now();
      const one = await host.start(name);
      await one.ready;
      each.push(performance.now() - began);
      await one.stop();
    }
    found[name] = median(each);
  }
  return found;
}

/** All are started on a machine that was off: until the page is there. */
export async function timeToPage(host: Host): Promise<number> {
  const page = join(host.vault, 'Dashboard.md');
  await rm(page, { force: true });
  const began = performance.now();
  await host.startAll();
  await until('the page is written', () => stat(page).catch(() => null), 120_000);
  return performance.now() - began;
}

/** The orchestrator alone: a note comes or goes, and the page says so. Also its processor time for each. */
export async function pageTimes(host: Host, samples: number): Promise<{ wall: number[]; cpu: number }> {
  const orchestrator = await host.start('orchestrator');
  await orchestrator.ready;
  await sleep(3_000);
  const page = join(host.vault, 'Dashboard.md');
  const inode = async (): Promise<number> => (await stat(page)).ino;
  const staged = join(host.vault, '..', 'typing.md');
  const note = join(host.vault, 'Needs_Action/email/A question of my own.md');
  const wall: number[] = [];
  const before = await processorMs(orchestrator.pid);
  for (let n = 0; n < samples; n++) {
    const was = await inode();
    const began = performance.now();
    if (n % 2 === 0) {
      await writeFile(staged, '---\nfrom: a@example.org\n---\n\nHello\n');
      await rename(staged, note);
    } else await rm(note);
    await until('the page changed', async () => (await inode().catch(() => was)) !== was, 60_000);
    wall.push(performance.now() - began);
  }
  const cpu = ((await processorMs(orchestrator.pid)) - before) / samples;
  await rm(note, { force: true });
  await orchestrator.stop();
  return { wall, cpu };
}

/** Processor time of every process and its children, by name, in milliseconds. */
export async function processorTimes(host: Host): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const { name, pid } of host.running()) {
    found[name] = await processorMs(pid);
    for (const child of await childrenOf(pid)) found[nameOf(child.script)] = await processorMs(child.pid);
  }
  return found;
}

export async function residentMb(host: Host): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const { name, pid } of host.running()) {
    found[name] = (await memoryOf(pid)).rss;
    for (const child of await childrenOf(pid)) found[nameOf(child.script)] = (await memoryOf(child.pid)).rss;
  }
  return found;
}

/** What is done once an hour, and after changes among finished notes: it may take time, and its time is bounded. */
export async function wholeLooks(vaultDir: string): Promise<Record<string, number>> {
  const load = async <T>(path: string): Promise<T> =>
    (await import(pathToFileURL(join(ROOT, 'dist', path)).href)) as T;
  const { Vault } = await load<typeof VaultModule>('vault/vault.js');
  const { sweepVault } = await load<typeof SweepModule>('stages/sweep-vault.js');
  const { indexOpen } = await load<typeof OpenIndexModule>('stages/open-index.js');
  const { doneMonths } = await load<typeof PlacesModule>('vault/task-places.js');
  const { secretWatch } = await load<typeof SecretWatchModule>('vault/secret-watch.js');
  const vault = await Vault.open(vaultDir);
  const audit = { append: () => Promise.resolve() };
  const sweep = { vault, audit, now: Date.now, timeZone: 'UTC', conflictCopies: 'leave' } as const;
  const timed = async (act: () => Promise<unknown>): Promise<number> => {
    const began = performance.now();
    await act();
    return performance.now() - began;
  };
  return {
    'sweep of every folder': await timed(() => sweepVault(sweep, 'all')),
    'sweep of the open folders': await timed(() => sweepVault(sweep, 'open')),
    'index of every folder': await timed(async () => {
      const also = ['Rejected', 'Done', 'Skipped', 'Quarantine', ...(await doneMonths(vault))] as const;
      await indexOpen(vault, Date.now(), { also, isDone: () => Promise.resolve(false) });
    }),
    'index of the open folders': await timed(() => indexOpen(vault, Date.now())),
    'look for secrets, everywhere': await timed(() => secretWatch({ root: vaultDir, now: Date.now }).words()),
  };
}

function nameOf(script: string): string {
  return script.replace(/^.*\/|\.main\.js$/g, '');
}

/** User and system time so far. The kernel counts in hundredths of a second. */
async function processorMs(pid: number): Promise<number> {
  const line = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
