/**
 * Drafts on the laptop what waits while the cloud's draft-replier is silent. Runs inside the orchestrator, in
 * loops of its own, so that no draft delays the dashboard. When it begins and ends is decided in
 * core/takeover.ts; here it is announced, the claims are settled with the cloud, and the notes are drafted by
 * the same stage as on the cloud.
 */
import type { AuditTrail } from '../core/audit-chain.ts';
import type { At } from '../core/crash-points.ts';
import type { Settled } from '../core/claim-protocol.ts';
import { TAKEOVER_FILE, TICK_MS } from '../core/takeover.ts';
import { taskIdForNote } from '../core/task-id.ts';
import { drafterFaults, openDrafter } from '../drafting/open-drafter.ts';
import { houseReader } from '../drafting/read-house.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import { type ScanLoop, scanLoop } from '../runtime/scan-loop.ts';
import { ulid } from '../runtime/ulid.ts';
import { draftReplies } from '../stages/draft-reply.ts';
import { DraftingMarks } from '../stages/drafting-marks.ts';
import { Offers } from '../stages/offers.ts';
import { type Asker, asker } from '../sync/acknowledge.ts';
import type { Sync } from '../sync/open-sync.ts';
import { settleClaim, SHARED_CLAIM } from '../sync/settle-claim.ts';
import type { NoteRef, Vault } from '../vault/vault.ts';
import { readTakeOverSettings, type TakeOverSettings } from './take-over-settings.ts';
import { type TakeOverState, TakeOverWatch } from './take-over-watch.ts';

export interface TakeOverDeps {
  readonly vault: Vault;
  readonly clock: Clock;
  readonly log: Logger;
  readonly stateDir: string;
  readonly at: At;
  readonly timeZone: string;
  readonly scanSeconds: number;
  /** Null: Syncthing cannot be asked. Drafting is taken over all the same, as if the cloud were out of reach. */
  readonly sync: Sync | null;
  /** The cloud's Syncthing, as `Presence` sees it. */
  readonly peer: () => { readonly connected: boolean; readonly known: boolean };
  readonly audit: AuditTrail;
  /** It began, ended, or offered something. */
  readonly onChange: () => void;
  /** For the user: why drafts cannot be taken over, with the cure; null: they can. */
  readonly onFault: (words: string | null) => void;
  /** Instead of the environment. */
  readonly settings?: TakeOverSettings;
}

export interface TakeOver {
  state(): TakeOverState;
  /** Something changed in `Needs_Action` or `Updates`. Cheap. */
  hint(): void;
  stop(): Promise<void>;
}

const INERT: TakeOver = {
  state: () => ({ on: false, since: null, drafted: 0 }),
  hint: () => undefined,
  stop: () => Promise.resolve(),
};

const NOTES_PER_PASS = 50;
const PARALLEL = 4;
const QUIET_MS = 5_000;

/** What the two loops share. */
interface Parts extends TakeOverDeps {
  readonly ask: Asker;
  readonly settings: TakeOverSettings;
  readonly marks: DraftingMarks;
  readonly watch: TakeOverWatch;
}

/** Returns at once; never throws for what the user can mend, which goes to `onFault`. */
export async function startTakeOver(deps: TakeOverDeps): Promise<TakeOver> {
  const read = deps.settings ?? readTakeOverSettings();
  if ('faults' in read) {
    deps.onFault(`Drafts cannot be taken over from the cloud: ${read.faults.join('; ')}.`);
    return INERT;
  }
  const marks = new DraftingMarks(deps.stateDir);
  const watch = await TakeOverWatch.open({
    ...deps,
    takeoverMs: read.takeoverMs,
    inHand: async () => (await marks.list()).length > 0,
  });
  return run({ ...deps, ask: askerOf(deps), settings: read, marks, watch });
}

async function run(parts: Parts): Promise<TakeOver> {
  const { vault, clock, log, watch } = parts;
  const drafting = await draftingLoop(parts);
  let failing = false;
  const watching = scanLoop({
    scan: async () => {
      const changed = await watch.tick();
      failing = false;
      if (changed) {
        parts.onChange();
        drafting.hint();
      }
    },
    everyMs: TICK_MS,
    clock,
    onError: (error) => {
      // A folder that somebody replaced by a link is told by the sweep; here once is enough.
      if (!failing) log.error({ err: error }, 'the cloud could not be looked at');
      failing = true;
    },
  });
  // The rival's folder too: a claim of ours may wait for it to go.
  const folders = ['Needs_Action/email', 'In_Progress/cloud-agent'] as const;
  const files = await vault.watch(folders, () => drafting.hint());
  return {
    state: () => watch.state(),
    hint: () => drafting.hint(),
    stop: async () => {
      await files.close();
      await watching.stop();
      await drafting.stop();
    },
  };
}

async function draftingLoop(parts: Parts): Promise<ScanLoop> {
  const { clock, log, marks, watch } = parts;
  let fault: string | null = null;
  const tell = (words: string | null) => {
    if (words !== fault) parts.onFault(words);
    fault = words;
  };
  let announced = false;
  const pass = await draftPass(parts, () => announced && watch.state().on);
  const loop = scanLoop({
    scan: async (signal) => {
      const { on } = watch.state();
      // What a crash left is finished also after the cloud came back.
      if (!on && (await marks.list()).length === 0) return;
      announced = on && (await isAnnounced(parts, signal));
      const { more, lookAgainAt } = await pass(signal);
      if (more) loop.hint();
      if (lookAgainAt !== null) loop.wakeAt(lookAgainAt);
      tell(null);
    },
    everyMs: parts.scanSeconds * 1000,
    clock,
    onError: (error) => {
      log.error({ err: error }, 'the take-over of drafting is stopped');
      const why = error instanceof Error ? error.message : 'unknown error';
      tell(`Drafts cannot be taken over from the cloud: ${why}.`);
    },
  });
  return loop;
}

async function draftPass(parts: Parts, mayClaim: () => boolean) {
  const { vault, clock, log, settings, marks, watch } = parts;
  const offers = new Offers({ stateDir: parts.stateDir, clock });
  return draftReplies({
    vault,
    agent: 'local-agent',
    drafter: await drafterOf(parts),
    house: houseReader(vault, (name, message) => log.warn({ name, message }, 'template left out')),
    writerFor: settings.writerFor,
    settle: settleWith(parts),
    mayClaim,
    replicas: true,
    marks,
    recordOffer: (id, name, note) => offers.record(id, name, note),
    audit: async (line) => {
      await parts.audit.append(line);
      if (line.action !== 'draft.offered') return;
      await watch.countDraft();
      parts.onChange();
    },
    log: (line) => log.info({ stage: 'take-over', agent: 'local-agent', ...line }, 'moved'),
    onError: (error, ref) => log.error({ err: error, folder: ref.folder }, 'a note could not be drafted'),
    at: parts.at,
    now: () => clock.now(),
    newClaim: () => ulid(clock.now()),
    newId: taskIdForNote,
    timeZone: parts.timeZone,
    expiresMs: settings.expiresMs,
    perPass: NOTES_PER_PASS,
    parallel: PARALLEL,
    quietMs: QUIET_MS,
  });
}

/** The model's key is the cloud's; a laptop without it drafts from the templates. */
function drafterOf({ settings, clock, log }: Parts) {
  const faults = drafterFaults(settings.drafter);
  if (faults.length > 0) log.warn({ faults }, 'the take-over drafts from the templates');
  return openDrafter(faults.length > 0 ? { ...settings.drafter, drafter: 'template' } : settings.drafter, {
    clock,
    random: () => Math.random(),
    onFailure: (why) => log.warn({ why }, 'the model was not used'),
  });
}

/** Without anybody to ask, everything is apart. */
function askerOf({ sync, clock }: TakeOverDeps): Asker {
  if (sync?.peer == null) return () => Promise.resolve('apart');
  const { client, folder, peer } = sync;
  return asker({ client, folder, peer, clock, timeoutMs: SHARED_CLAIM.acknowledgeMs }, SHARED_CLAIM.deafMs);
}

/** Has the cloud the notice, or can it not be asked? Before that, a claim of its agent would not be shared. */
async function isAnnounced(parts: Parts, signal: AbortSignal): Promise<boolean> {
  const answer = await parts.ask(TAKEOVER_FILE, signal);
  return answer === 'acknowledged' || answer === 'apart';
}

/** The notice first, each time: connected only now, the cloud may have our claim and not the notice. */
function settleWith(parts: Parts): (ref: NoteRef, signal: AbortSignal) => Promise<Settled> {
  return settleClaim({
    vault: parts.vault,
    me: 'local-agent',
    shared: () => Promise.resolve(true),
    acknowledge: async (path, signal) => {
      const notice = await parts.ask(TAKEOVER_FILE, signal);
      if (notice !== 'acknowledged') return notice === 'apart' ? 'apart' : 'timeout';
      return parts.ask(path, signal);
    },
    clock: parts.clock,
    patienceMs: SHARED_CLAIM.patienceMs,
  });
}
