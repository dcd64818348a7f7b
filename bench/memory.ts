import { readdir, readFile } from 'node:fs/promises';

export interface Memory {
  /** What `ps` calls RSS, in MB of 10^6 bytes. */
  readonly rss: number;
  /** RSS with pages shared with other processes (Node's own program) counted in part. */
  readonly pss: number;
  /** The highest RSS so far. */
  readonly peak: number;
}

/** @throws where there is no /proc, and when the process is gone. */
export async function memoryOf(pid: number): Promise<Memory> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  return { rss: field(status, 'VmRSS'), pss: field(rollup, 'Pss'), peak: field(status, 'VmHWM') };
}

function field(text: string, name: string): number {
  const kib = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1];
  return kib === undefined ? Number.NaN : (Number(kib) * 1024) / 1e6;
}

/** Processes that `pid` started, with the script that each runs. */
export async function childrenOf(pid: number): Promise<{ pid: number; script: string }[]> {
  const found: { pid: number; script: string }[] = [];
  for (const task of await readdir(`/proc/${pid}/task`)) {
    const pids = await readFile(`/proc/${pid}/task/${task}/children`, 'utf8').catch(() => '');
    for (const child of pids.split(' ').filter((word) => word !== '')) {
      const command = await readFile(`/proc/${child}/cmdline`, 'utf8').catch(() => '');
      const script = command.split('\0').find((word) => word.endsWith('.js')) ?? command;
      found.push({ pid: Number(child), script });
    }
  }
  return found;
}
