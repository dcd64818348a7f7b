/** The product's stages as processes on the simulated machines. What is given to them here is their I/O alone. */
import { type Copy, plainName, type Settled } from '../../src/core/claim-protocol.ts';
import { inProgress } from '../../src/core/states.ts';
import { copyOf } from '../../src/core/task-copy.ts';
import type { TaskId } from '../../src/core/task-id.ts';
import { renderNotice, TAKEOVER_FILE } from '../../src/core/takeover.ts';
import type { Drafter } from '../../src/drafting/drafter.ts';
import type { Logger } from '../../src/runtime/logger.ts';
import { ConflictReasons } from '../../src/stages/conflict-reasons.ts';
import { type DraftReplyDeps, draftReplies } from '../../src/stages/draft-reply.ts';
import { type ApprovalDeps, scanApprovals } from '../../src/stages/execute-approval.ts';
import { indexOpen } from '../../src/stages/open-index.ts';
import { keeper, PATIENCE } from '../../src/stages/keep-in-order.ts';
import { CardTracker } from '../../src/stages/offered-cards.ts';
import type { KeptVersions } from '../../src/stages/restore-vanished.ts';
import { takeoverAnnounced } from '../../src/stages/takeover-notice.ts';
import { settleClaim } from '../../src/sync/settle-claim.ts';
import type { NoteRef, Vault } from '../../src/vault/vault.ts';
import { mailOnly } from '../helpers/edges.ts';
import { type Life, SimProcess } from './process.ts';
import { SealRefused, sealedEffects } from './sim-journal.ts';
import { simVault, writeFile } from './sim-vault.ts';
import { simActive, simLedger, simMarks, simOffers } from './state-dir.ts';
import { asking, FollowedChanges } from './sync-access.ts';
import { CLOUD, LAPTOP, type World } from './world.ts';
import { onlyWriter } from '../../src/stages/account-writers.ts';

/** A copy and its modification time, which the product never looks at. */
export interface Aged extends Copy {
  readonly mtime: number;
}

/** Bugs planted to see that the search finds them. */
export interface Plants {
  /** What is sealed is sent whenever it is asked for. */
  readonly skipJournal?: boolean;
  /** A note in the handler's folder counts as approved. */
  readonly trustFolder?: boolean;
  /** An agent that finds a rival clears the rival's file away instead of its own. */
  readonly touchRival?: boolean;
  /** Decides instead of `settleCopies`. */
  readonly settle?: (copies: readonly Aged[]) => readonly NoteRef[];
}

const NEVER_STOPS = new AbortController().signal;
const HOUSE = { handbook: { text: '', signature: 'Mia' }, templates: [] };
const ME = { name: 'Mia', addresses: ['mia@example.net'], replyAll: false };
const EXPIRES_MS = 365 * 86_400_000;
const ZONE = 'UTC';

export function startProcesses(world: World, plants: Plants): SimProcess[] {
  const failed = (name: string) => (error: unknown) => {
    world.violate(
      'error',
      `${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
  };
  const make = (name: string, boot: ConstructorParameters<typeof SimProcess>[1]): SimProcess =>
    new SimProcess(name, boot, failed(name));
  const emailMcp = make(
    'email-mcp',
    (life) => () => world.mail.serve(life, () => world.clock(LAPTOP), plants.skipJournal === true),
  );
  const all = [
    make('draft-replier', (life) => replier(world, life, plants)),
    make('approval-handler', (life) => handler(world, life, emailMcp, plants)),
    emailMcp,
    make('orchestrator', (life) =>
      plants.settle ? brokenOrchestrator(world, life, plants.settle) : orchestrator(world, life),
    ),
    make('take-over', (life) => takeOver(world, life)),
  ];
  for (const process of all) process.start();
  return all;
}

const PATIENCE_MS = 5_000;

/** As cloud/draft-replier.main.ts: its claims are its own, but while the laptop says that it drafts. */
function replier(world: World, life: Life, plants: Plants): () => Promise<unknown> {
  const deps = draftDeps(world, life, CLOUD, 'draft-replier');
  const settle = settleClaim({
    vault: deps.vault,
    me: 'cloud-agent',
    shared: () => takeoverAnnounced(deps.vault),
    acknowledge: asking(world, CLOUD, LAPTOP, life),
    clock: { now: deps.now, sleep: () => life.pause() },
    patienceMs: PATIENCE_MS,
  });
  /** A planted bug: the loser clears the winner's file away. */
  const robbing = async (ref: NoteRef, signal: AbortSignal): Promise<Settled> => {
    const settled = await settle(ref, signal);
    if (settled !== 'withdrawn') return settled;
    await deps.vault.setAside({ folder: inProgress('local-agent'), name: ref.name });
    return 'mine';
  };
  const stage = draftReplies({
    ...deps,
    agent: 'cloud-agent',
    marks: null,
    mayClaim: () => true,
    settle: plants.touchRival === true ? robbing : settle,
  });
  return () => stage(NEVER_STOPS);
}

/** As local/take-over.ts; when it begins and ends is the schedule's to say. */
function takeOver(world: World, life: Life): () => Promise<unknown> {
  const deps = draftDeps(world, life, LAPTOP, 'take-over');
  const marks = simMarks(world.laptopState, life);
  const ask = asking(world, LAPTOP, CLOUD, life);
  let announced = false;
  const settle = settleClaim({
    vault: deps.vault,
    me: 'local-agent',
    shared: () => Promise.resolve(true),
    acknowledge: async (path, signal) => {
      const notice = await ask(TAKEOVER_FILE, signal);
      if (notice !== 'acknowledged') return notice === 'apart' ? 'apart' : 'timeout';
      return ask(path, signal);
    },
    clock: { now: deps.now, sleep: () => life.pause() },
    patienceMs: PATIENCE_MS,
  });
  const mayClaim = (): boolean => announced && world.takeOver;
  const stage = draftReplies({ ...deps, agent: 'local-agent', marks, mayClaim, settle });
  return async () => {
    await publish(world, life);
    if (!world.takeOver && world.laptopState.drafting.size === 0) return;
    const answer = world.takeOver ? await ask(TAKEOVER_FILE, NEVER_STOPS) : 'timeout';
    announced = answer === 'acknowledged' || answer === 'apart';
    await stage(NEVER_STOPS);
  };
}

/** The notice of the end waits until the last draft is out of hand. */
async function publish(world: World, life: Life): Promise<void> {
  await life.gate();
  const machine = world.machine(LAPTOP, 'take-over', true);
  const there = machine.disk().get(TAKEOVER_FILE)?.text;
  const on = world.takeOver || world.laptopState.drafting.size > 0;
  if (!on && there === undefined) return;
  const wanted = renderNotice({ on, since: '2026-11-20T09:00:00Z' });
  if (there !== wanted) writeFile(machine, TAKEOVER_FILE, wanted, there === undefined ? [] : [there]);
}

function draftDeps(
  world: World,
  life: Life,
  node: number,
  name: string,
): Omit<DraftReplyDeps, 'agent' | 'marks' | 'mayClaim' | 'settle'> & { readonly vault: Vault } {
  const offers = simOffers(node === CLOUD ? world.cloudState : world.laptopState, life);
  return {
    vault: simVault(world.machine(node, name, true), life),
    drafter: drafter(world, life, name),
    house: () => Promise.resolve(HOUSE),
    writerFor: onlyWriter(ME),
    replicas: true,
    recordOffer: (id, noteName, note) => offers.record(id, noteName, note),
    audit: () => life.gate(),
    log: (move) => {
      if (move.to === 'Conflicts') world.counters.setAside += 1;
      if (name === 'take-over' && move.to.startsWith('In_Progress')) world.counters.takeOvers += 1;
    },
    onError: (error) => world.violate('error', `${name}: ${String(error)}`),
    at: quiet,
    now: () => world.clock(node),
    newClaim: () => `01CLAIM${(world.serial += 1)}`,
    newId: () => {
      throw new Error('every note of the simulation has an id');
    },
    timeZone: ZONE,
    expiresMs: EXPIRES_MS,
    perPass: 50,
    parallel: 1,
    quietMs: 0,
  };
}

function drafter(world: World, life: Life, name: string): Drafter {
  return {
    name: 'simulated',
    draft: async (request) => {
      await life.gate();
      const reply = `Draft ${(world.serial += 1)} of ${name}.${request.feedback === '' ? '' : ' Shorter.'}`;
      return { decision: 'reply', reply, drafter: 'simulated', verdictLine: 'made', warnings: [] };
    },
  };
}

function quiet(): void {
  // Nobody reads these lines.
}

function handler(world: World, life: Life, emailMcp: SimProcess, plants: Plants): () => Promise<unknown> {
  const now = (): number => world.clock(LAPTOP);
  const vault = simVault(world.machine(LAPTOP, 'approval-handler', true), life);
  const offers = simOffers(world.laptopState, life);
  const log = {
    info: quiet,
    warn: quiet,
    error: (facts: { err?: unknown }) => {
      // A seal that is refused is an answer: it was sent, or may have been.
      if (!(facts.err instanceof SealRefused))
        world.violate('error', `approval-handler: ${String(facts.err)}`);
    },
  } as unknown as Logger;
  const cards = new CardTracker({ vault, offers, clock: { now }, log });
  const changes = new FollowedChanges(world, life, cards);
  cards.follow(changes);
  const deps: ApprovalDeps = {
    ...{ vault, log, offers, cards, at: quiet, wakeAt: quiet, waiting: quiet, synced: true },
    clock: { now, sleep: () => life.pause() },
    active: simActive(world.laptopState, life, plants.trustFolder === true),
    edges: mailOnly({
      ...{ vault, offers, at: quiet, clock: { now, sleep: () => life.pause() } },
      journal: sealedEffects(world.journal, life, now),
      effects: world.mail.client(life, () => emailMcp.alive),
    }),
    audit: { append: () => life.gate() },
    gate: () => Promise.resolve(null),
    drafting: {
      has: async (name) => {
        await life.gate();
        return plants.trustFolder !== true && world.laptopState.drafting.has(name);
      },
    },
    newClaim: () => `01YES${(world.serial += 1)}`,
    isSystemFault: () => false,
    timeZone: ZONE,
    expiresMs: EXPIRES_MS,
    undoMs: 10_000,
  };
  // Three loops of one process: the changes, the first sight of cards, the approvals.
  return () => Promise.all([changes.flush(), cards.sight(), scanApprovals(deps, NEVER_STOPS)]);
}

const WHOLE_MS = 3_600_000;

/** As local/orchestrator.main.ts and local/replicas.ts. */
function orchestrator(world: World, life: Life): () => Promise<unknown> {
  const wall = (): number => world.clock(LAPTOP);
  const replica = world.net.node(LAPTOP);
  const order = keeper({
    vault: simVault(world.machine(LAPTOP, 'orchestrator', true), life),
    // Patience is measured by a clock that nobody sets, file times by the machine's.
    now: () => world.now,
    wall,
    reasons: Object.assign(Object.create(ConflictReasons.prototype) as ConflictReasons, {
      record: () => life.gate(),
    }),
    audit: {
      append: async (entry) => {
        if (entry.action === 'conflict.set_aside') world.counters.setAside += 1;
        if (entry.action === 'task.restored') world.counters.putBack += 1;
        await life.gate();
      },
    },
    finished: {
      isDone: async (id) => {
        await life.gate();
        return world.journal.read(id).state.state === 'done';
      },
    },
    approvedHere: async (id, name) => {
      await life.gate();
      return !world.laptopState.drafting.has(name) && world.laptopState.active.has(id);
    },
    ledger: simLedger(world.laptopState, life),
    versions: archivedVersions(world, life),
    oddCopies: () => Promise.resolve([]),
    quiet: () => replica.needed().length === 0,
    tell: () => life.gate(),
    patience: PATIENCE,
  });
  let wholeAt = 0;
  let heard = world.changes.length;
  return async () => {
    const news = world.changes.slice(heard);
    heard = world.changes.length;
    if (news.some((c) => c.origin === 'remote' && /^(?:Done|Rejected|Skipped)\//.test(c.path)))
      order.forget();
    const whole = world.now >= wholeAt;
    if (whole) wholeAt = world.now + WHOLE_MS;
    await order.pass(whole);
  };
}

/** What the laptop's Syncthing put away when it pulled, as vault/versions.ts finds it. */
function archivedVersions(world: World, life: Life): KeptVersions {
  const { archive } = world.net.node(LAPTOP);
  return {
    newest: async (folder, names) => {
      await life.gate();
      const found = new Map<string, { path: string; at: number }[]>();
      for (const [index, { path, at }] of archive.entries()) {
        const name = path.slice(folder.length + 1);
        if (path !== `${folder}/${name}` || !names.has(name)) continue;
        const version = { path: String(index), at: at + (world.skews[LAPTOP] ?? 0) };
        found.set(name, [version, ...(found.get(name) ?? [])]);
      }
      return found;
    },
    read: async (version) => {
      await life.gate();
      return archive[Number(version.path)]?.text ?? null;
    },
  };
}

/** The orchestrator with another decision in place of the product's. */
function brokenOrchestrator(
  world: World,
  life: Life,
  settle: NonNullable<Plants['settle']>,
): () => Promise<unknown> {
  const vault = simVault(world.machine(LAPTOP, 'orchestrator', true), life);
  return async () => {
    const { notes, copies } = await indexOpen(vault, world.now, { also: ['Rejected'] });
    for (const id of new Set([...notes.keys(), ...copies.keys()])) {
      const open = [...(notes.get(id) ?? []), ...(copies.get(id) ?? [])];
      const done = world.journal.read(id as TaskId).state.state === 'done';
      const finished = done ? (['Rejected', 'Done/2026-11'] as const) : (['Rejected'] as const);
      const names = new Set(open.map(({ name }) => plainName(name)));
      const refs = [...names].flatMap((name) => finished.map((folder): NoteRef => ({ folder, name })));
      const aged: Aged[] = [];
      for (const ref of [...open, ...refs]) {
        const read = await vault.read(ref);
        if (read.ok) aged.push({ ...copyOf(ref.folder, ref.name, read.text), mtime: read.stat.mtimeMs });
      }
      const shared = aged.filter((copy) => !copy.folder.startsWith('In_Progress/'));
      const losers = new Set([...settle(shared), ...shared.filter((copy) => copy.conflictCopy)]);
      for (const loser of losers) await vault.setAside(loser);
    }
  };
}
