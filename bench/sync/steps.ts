import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { systemClock } from '../../src/runtime/clock.ts';
import { Nudger } from '../../src/sync/nudge.ts';
import { type MoveResult, Vault } from '../../src/vault/vault.ts';
import { FOLDER, type SyncNode } from '../../tests/helpers/syncthing.ts';
import { type Sightings, watchSightings } from './sightings.ts';

/** Milliseconds from "closed under its name on one side" to "there on the other", one entry per file. */
export interface StepTimes {
  readonly create: number[];
  readonly claim: number[];
  /** From the text's last change, which comes first, to the card in the other side's `Pending_Approval`. */
  readonly offer: number[];
  /** From the move to the card in the other side's `Pending_Approval`. */
  readonly offerMove: number[];
  /** A note that is created, claimed, drafted and offered without a pause, as a new mail's: from its last change. */
  readonly fresh: number[];
  /** From the move until the other side no longer shows the note where it was. */
  readonly offerGone: number[];
}

/** How one side changes its vault; every call resolves when the change is made, and gives the moment it was. */
interface Writer {
  create(name: string): Promise<number>;
  claim(name: string): Promise<number>;
  offer(name: string): Promise<{ readonly updated: number; readonly moved: number }>;
  stop(): Promise<void>;
}

const INBOX = 'Needs_Action/email';
const OFFERED = 'Pending_Approval/email';
const TEXT = `---\nid: bench\n---\n\n${'A question about an order, and when it is due.\n'.repeat(40)}`;
const DRAFT = `${TEXT}\n## Draft\n\n${'Thank you, it is on its way.\n'.repeat(10)}`;

export function noTimes(): StepTimes {
  return { create: [], claim: [], offer: [], offerMove: [], offerGone: [], fresh: [] };
}

export interface Direction {
  readonly name: string;
  readonly from: SyncNode;
  readonly mine: 'In_Progress/cloud-agent' | 'In_Progress/local-agent';
  /** What the other side sees. */
  readonly there: Sightings;
}

export async function directionOf(from: SyncNode, to: SyncNode): Promise<Direction> {
  const mine = from.name === 'cloud' ? 'In_Progress/cloud-agent' : 'In_Progress/local-agent';
  const there = await watchSightings(to.vault, [INBOX, mine, OFFERED]);
  return { name: `${from.name} -> ${to.name}`, from, mine, there };
}

/** One note through all three steps. `pause`: between them, as between the steps of an agent that has time. */
export async function measureNote(
  direction: Direction,
  writer: Writer,
  name: string,
  pause: () => Promise<void>,
  times: StepTimes,
): Promise<void> {
  const { there, mine } = direction;
  times.create.push(-(await writer.create(name)) + (await there.seen(INBOX, name)));
  await pause();
  times.claim.push(-(await writer.claim(name)) + (await there.seen(mine, name)));
  await pause();
  const { updated, moved } = await writer.offer(name);
  const offered = await there.seen(OFFERED, name);
  times.offer.push(offered - updated);
  times.offerMove.push(offered - moved);
  times.offerGone.push((await there.gone(mine, name)) - moved);
  await pause();
}

/** One note through all three steps at once; the other side need not see any but the last. */
export async function measureFresh(
  { there }: Direction,
  writer: Writer,
  name: string,
  times: StepTimes,
): Promise<void> {
  await writer.create(name);
  await writer.claim(name);
  const { updated } = await writer.offer(name);
  times.fresh.push(-updated + (await there.seen(OFFERED, name)));
  await humanPause();
}

/** Out of step with Syncthing's quarter second. */
export const humanPause = (): Promise<void> => sleep(350 + Math.random() * 400);

/** As long as the processes let a note wait that nobody has seen yet; see src/sync/linger.ts. */
const LINGER_MS = 100;

/** Our own vault; nudged, nudged as the processes do it that take in and draft new mail, or left to the watcher. */
export async function vaultWriter(
  direction: Direction,
  how: 'nudged' | 'lingering' | 'left alone',
): Promise<Writer> {
  const { from, mine } = direction;
  const vault = await Vault.open(from.vault);
  const log = pino({ level: 'silent' });
  const lingerMs = how === 'lingering' ? LINGER_MS : 0;
  const nudger =
    how !== 'left alone'
      ? new Nudger({ client: from.client, folder: FOLDER, clock: systemClock, log, lingerMs })
      : null;
  const changedAt = new Map<string, number>();
  const at = (folder: string, name: string): number => changedAt.get(`${folder}/${name}`) ?? Number.NaN;
  vault.observe({
    // The vault says so at once after the rename, with the file closed.
    changed: (paths) => {
      const now = performance.now();
      for (const path of paths) changedAt.set(path, now);
      nudger?.changed(paths);
    },
    published: (path) => nudger?.published(path) ?? Promise.resolve(),
  });
  return {
    create: async (name) => {
      await vault.create({ folder: INBOX, name }, TEXT);
      return at(INBOX, name);
    },
    claim: async (name) => {
      moved(await vault.move({ folder: INBOX, name }, mine));
      return at(mine, name);
    },
    offer: async (name) => {
      await vault.update({ folder: mine, name }, DRAFT);
      const updated = at(mine, name);
      moved(await vault.move({ folder: mine, name }, OFFERED));
      return { updated, moved: at(OFFERED, name) };
    },
    stop: () => nudger?.stop() ?? Promise.resolve(),
  };
}

function moved(result: MoveResult): void {
  if (result !== 'moved') throw new Error(`a move that nobody contests was ${result}`);
}

/** The least there is: the system's calls, and one scan request of the paths. */
export function bareWriter({ from, mine }: Direction): Writer {
  const at = (folder: string, name: string): string => join(from.vault, folder, name);
  const write = async (folder: string, name: string, text: string): Promise<number> => {
    await writeFile(at(folder, `.handover-${name}`), text);
    await rename(at(folder, `.handover-${name}`), at(folder, name));
    return performance.now();
  };
  const move = async (folder: string, to: string, name: string): Promise<number> => {
    await rename(at(folder, name), at(to, name));
    return performance.now();
  };
  const scan = (...paths: string[]): Promise<void> => from.client.scan(FOLDER, paths);
  return {
    create: async (name) => {
      const done = await write(INBOX, name, TEXT);
      await scan(`${INBOX}/${name}`);
      return done;
    },
    claim: async (name) => {
      const done = await move(INBOX, mine, name);
      await scan(`${mine}/${name}`, `${INBOX}/${name}`);
      return done;
    },
    offer: async (name) => {
      const updated = await write(mine, name, DRAFT);
      const moved = await move(mine, OFFERED, name);
      await scan(`${OFFERED}/${name}`, `${mine}/${name}`);
      return { updated, moved };
    },
    stop: () => Promise.resolve(),
  };
}
