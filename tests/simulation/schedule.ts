/** One schedule: what the tape says happens, then the links heal, everybody runs to rest, and the promises are held. */
import { type Plants, startProcesses } from './agents.ts';
import { checkAtRest } from './invariants.ts';
import type { SimProcess } from './process.ts';
import { Tape } from './tape.ts';
import { writeFile } from './sim-vault.ts';
import { approveAll, userActs } from './user.ts';
import { CLOUD, type Counters, LAPTOP, nameOf, PHONE, type Violation, World } from './world.ts';

export interface Outcome {
  readonly violations: readonly Violation[];
  readonly counters: Counters;
  readonly effects: number;
  readonly log: readonly string[];
}

type Event = (world: World, processes: readonly SimProcess[]) => void | Promise<void>;

const NODES = [CLOUD, LAPTOP, PHONE] as const;
const STEPS = [60, 1, 2, 3, 5, 8, 13, 25] as const;
const WAITS_MS = [12_000, 20, 1_000, 4_000, 12_000, 70_000, 100_000, 1_000_000] as const;

const runProcess: Event = async (world, processes) => {
  const process = world.tape.pick(processes);
  const steps = world.tape.pick(STEPS) ?? 1;
  if (!process) return;
  if (!process.alive) process.start();
  world.tell(`${process.name} goes on for ${steps}`);
  await process.run(steps);
};

/** The nudge of an agent: both paths of a move in one scan. */
const scanNudged: Event = (world) => {
  const node = world.tape.next(2);
  scanSet(world, node, world.nudged[node], 'nudged');
};

function scanSet(world: World, node: number, set: Set<string> | undefined, why: string): void {
  if (!set || set.size === 0) return;
  world.tell(`${nameOf(node)} scans ${why}`);
  const replica = world.net.node(node);
  replica.scanChanged([...set]);
  // The index sender may wake up between the two batches: both places are visible for a while (facts section 2).
  if (world.tape.next(3) === 2)
    for (const link of world.net.links) if (link.from === node) world.net.send(link);
  replica.scanDeleted([...set]);
  set.clear();
}

/** The file watcher: new and changed first, deletions up to six times later (facts section 2). */
const watcherFires: Event = (world) => {
  const node = world.tape.pick(NODES) ?? LAPTOP;
  const dirty = world.watched[node];
  if (!dirty || dirty.size === 0) return;
  const replica = world.net.node(node);
  world.tell(`${nameOf(node)} notices changes`);
  replica.scanChanged([...dirty]);
  if (world.tape.next(2) === 0) {
    replica.scanDeleted([...dirty]);
    dirty.clear();
  } else for (const path of dirty) if (replica.disk.has(path)) dirty.delete(path);
};

const fullScan: Event = (world) => {
  const node = world.tape.pick(NODES) ?? LAPTOP;
  const replica = world.net.node(node);
  replica.scan([...replica.suspects]);
  replica.suspects.clear();
  if (world.tape.next(4) === 3) replica.scan();
};

const indexTravels: Event = (world) => {
  const link = world.tape.pick(world.net.links);
  if (!link) return;
  const batches = 1 + world.tape.next(3);
  for (let i = 0; i < batches; i++) {
    if (world.net.send(link) || world.net.deliver(link)) {
      world.tell(`index ${nameOf(link.from)} to ${nameOf(link.to)}`);
    }
  }
};

const pulls: Event = (world) => {
  const node = world.tape.pick(NODES) ?? LAPTOP;
  const steps = world.tape.pick(STEPS) ?? 1;
  for (let i = 0; i < steps && world.net.pullStep(node); i++) continue;
};

/** A local write meets an incoming one, between the puller's look and its rename (facts section 3). */
const meetsThePuller: Event = (world) => {
  const node = world.tape.next(2) === 0 ? LAPTOP : PHONE;
  const replica = world.net.node(node);
  const theirs = /^(?:Pending_Approval|Approved)\//;
  const isMet = (): boolean => theirs.test(replica.current?.path ?? '') && replica.current?.step === 'remove';
  for (let i = 0; i < 40 && !isMet(); i++) if (!world.net.pullStep(node)) return;
  const path = replica.current?.path ?? '';
  const file = replica.disk.get(path);
  if (!isMet() || !file) return;
  const text = file.text.replace('\n## Feedback', `\nIn the gap ${(world.serial += 1)}.\n\n## Feedback`);
  writeFile(world.machine(node, `user on the ${nameOf(node)}`, false), path, text, [file.text]);
  if (path.startsWith('Approved/')) world.saidYes(text);
};

/** Everything between two machines goes through at once, as it does on a quiet day. */
const quietSync: Event = (world) => {
  for (const node of NODES) {
    scanSet(world, node, world.watched[node], 'all');
    world.nudged[node]?.clear();
  }
  for (const link of world.net.links) while (world.net.send(link) || world.net.deliver(link)) continue;
  for (const node of NODES) for (let i = 0; i < 60 && world.net.pullStep(node); i++) continue;
};

const linkChanges: Event = (world) => {
  const link = world.tape.pick(world.net.links);
  if (!link) return;
  const up = world.net.connected(link.from, link.to);
  if (up) world.counters.partitions += 1;
  world.net.setConnected(link.from, link.to, !up);
  world.tell(`link ${nameOf(link.from)} ${nameOf(link.to)} ${up ? 'down' : 'up'}`);
};

const crashes: Event = (world, processes) => {
  const process = world.tape.pick(processes);
  if (process?.alive === true && process.busy) world.counters.crashes += 1;
  world.tell(`${process?.name ?? ''} is killed`);
  process?.crash();
};

const syncthingRestarts: Event = (world) => {
  const node = world.tape.pick(NODES) ?? LAPTOP;
  world.counters.syncthingRestarts += 1;
  world.tell(`Syncthing of the ${nameOf(node)} restarts`);
  world.net.node(node).restart();
  for (const other of NODES) {
    if (other === node || !world.net.connected(node, other)) continue;
    world.net.setConnected(node, other, false);
    world.net.setConnected(node, other, true);
  }
  // Its list of changes begins anew: what nobody heard yet is lost.
  if (node === LAPTOP) world.lostChanges = true;
};

const timePasses: Event = (world) => {
  world.now += world.tape.pick(WAITS_MS) ?? 20;
};

/** Whoever owns the cloud puts files where a yes would lie, or where work under way lies. */
const forges: Event = (world) => {
  if (!world.hostile) return;
  const { disk } = world.net.node(CLOUD);
  const pending = [...disk].find(([path]) => path.startsWith('Pending_Approval/'));
  if (!pending) return;
  const [path, file] = pending;
  const name = path.slice(path.lastIndexOf('/') + 1);
  const folder =
    world.tape.pick(['In_Progress/local-agent', 'Approved', 'Pending_Approval/email', 'Done/2026-11']) ?? '';
  const forged = file.text.replace('## Reply\n', `## Reply\n\nForged ${(world.serial += 1)}.\n`);
  world.counters.forgeries += 1;
  world.machine(CLOUD, 'intruder', true).touched([`${folder}/${name}`]);
  disk.set(`${folder}/${name}`, { text: forged, mtime: world.now + 1e9 });
};

/** How often each thing happens: on a day when most goes well, and on one when nothing does. */
const EVENTS: readonly (readonly [Event, calm: number, storm: number])[] = [
  [runProcess, 34, 28],
  [quietSync, 24, 3],
  [userActs, 14, 11],
  [timePasses, 12, 8],
  [scanNudged, 4, 8],
  [watcherFires, 2, 7],
  [fullScan, 1, 3],
  [indexTravels, 4, 15],
  [pulls, 4, 11],
  [meetsThePuller, 2, 5],
  [linkChanges, 2, 4],
  [crashes, 4, 5],
  [syncthingRestarts, 1, 1],
  [(world) => world.mailArrives(), 2, 3],
  [(world) => void (world.takeOver = !world.takeOver), 1, 2],
  [forges, 2, 3],
];
const CALM = EVENTS.flatMap(([event, calm]) => Array.from({ length: calm }, () => event));
const STORM = EVENTS.flatMap(([event, , storm]) => Array.from({ length: storm }, () => event));

export async function runSchedule(
  values: readonly number[],
  plants: Plants = {},
  telling = false,
): Promise<Outcome> {
  const world = new World(new Tape(values), telling);
  const processes = startProcesses(world, plants);
  world.mailArrives();
  if (world.tape.next(3) > 0) await offered(world, processes);
  const wheel = world.tape.next(3) === 2 ? STORM : CALM;
  while (!world.tape.over && world.violations.length === 0) {
    await world.tape.pick(wheel)?.(world, processes);
    world.now += 7;
  }
  if (world.violations.length === 0) {
    world.noteDoubles();
    await toRest(world, processes);
  }
  world.counters.conflicts = world.net.replicas.reduce((sum, replica) => sum + replica.conflicts, 0);
  world.counters.doubts = world.mail.doubts;
  return {
    violations: world.violations,
    counters: world.counters,
    effects: world.mail.effects.length,
    log: world.log,
  };
}

/** A card lies with the user, on all three machines. */
async function offered(world: World, processes: readonly SimProcess[]): Promise<void> {
  await processes[0]?.run(Number.POSITIVE_INFINITY);
  world.net.settle();
  await processes[1]?.run(Number.POSITIVE_INFINITY);
  for (const set of [...world.nudged, ...world.watched]) set.clear();
}

/** The mail server's longest retry is 15 minutes; finished folders are swept every hour. */
const ROUND_MS = 15 * 60_000 + 1000;
const QUIET_ROUNDS = 5;
const MAX_ROUNDS = 100;

/** Links up, everybody alive, fair turns, until nothing changes any more. */
async function toRest(world: World, processes: readonly SimProcess[]): Promise<void> {
  world.tell('--- everything heals ---');
  for (const a of NODES) for (const b of NODES) if (a < b) world.net.setConnected(a, b, true);
  for (const process of processes) process.start();
  let before = '';
  let quiet = 0;
  // In the end the user says yes to what still waits: what was decided before must hold against that.
  let yeses = world.eagerUser ? 2 : 0;
  for (let round = 0; round < MAX_ROUNDS && quiet < QUIET_ROUNDS; round++) {
    if (world.violations.length > 0) return;
    for (const process of processes) await process.run(Number.POSITIVE_INFINITY);
    if (!world.net.settle()) world.violate('rest', 'the replicas do not come to rest');
    for (const set of [...world.nudged, ...world.watched]) set.clear();
    world.now += ROUND_MS;
    const now = fingerprint(world);
    quiet = now === before ? quiet + 1 : 0;
    before = now;
    if (quiet < QUIET_ROUNDS || yeses === 0) continue;
    yeses -= 1;
    if (approveAll(world)) quiet = 0;
  }
  if (quiet < QUIET_ROUNDS) world.violate('rest', 'the programs do not come to rest');
  else checkAtRest(world);
}

function fingerprint(world: World): string {
  const disks = world.net.replicas.map((r) =>
    [...r.disk].map(([path, { text }]) => `${path}\n${text.length}`).sort(),
  );
  return JSON.stringify([disks, world.mail.effects.length, world.laptopState.active.size]);
}
