import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { systemClock } from '../../src/runtime/clock.ts';
import { Nudger } from '../../src/sync/nudge.ts';
import { Vault } from '../../src/vault/vault.ts';
import { FOLDER, type SyncPair } from '../../tests/helpers/syncthing.ts';
import { until } from '../../tests/helpers/until.ts';
import { watchSightings } from './sightings.ts';

const INBOX = 'Needs_Action/email';
const LIMIT_MS = 600_000;
const AT_ONCE = 4;

export type How = 'ours' | 'bare' | 'defaults';

/**
 * Seconds from the first write on the cloud until the laptop has seen the last of `tasks` notes. `ours`: made
 * durable one by one by our vault and nudged as they come. `bare`: written without fsync beside the vault, moved in,
 * and one scan request. `defaults`: the same with no request.
 */
export async function measureBulk(pair: SyncPair, how: How, tasks: number, round: string): Promise<number> {
  const names = Array.from({ length: tasks }, (_, i) => `${round}-${how}-${i}.md`);
  const there = await watchSightings(pair.laptop.vault, [INBOX]);
  const begun = performance.now();
  await (how === 'ours' ? ours(pair, names) : bare(pair, names, how === 'bare'));
  await until(`${tasks} notes are there`, () => there.count(INBOX).names === tasks, LIMIT_MS);
  const { lastAt } = there.count(INBOX);
  there.close();
  return (lastAt - begun) / 1000;
}

const textOf = (name: string): string =>
  `---\nid: ${name}\n---\n\n${'A question about an order.\n'.repeat(70)}`;

async function ours({ cloud }: SyncPair, names: readonly string[]): Promise<void> {
  const vault = await Vault.open(cloud.vault);
  const log = pino({ level: 'silent' });
  const nudger = new Nudger({ client: cloud.client, folder: FOLDER, clock: systemClock, log });
  vault.observe(nudger);
  const left = names.values();
  const worker = async (): Promise<void> => {
    for (const name of left) await vault.create({ folder: INBOX, name }, textOf(name));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  await nudger.stop();
}

async function bare({ cloud }: SyncPair, names: readonly string[], ask: boolean): Promise<void> {
  const staging = join(cloud.vault, '.trash');
  await mkdir(staging, { recursive: true });
  for (const name of names) await writeFile(join(staging, name), textOf(name));
  for (const name of names) await rename(join(staging, name), join(cloud.vault, INBOX, name));
  if (ask) await cloud.client.scan(FOLDER, [INBOX]);
}
