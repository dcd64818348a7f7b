/**
 * The part of the orchestrator that is there only with two machines: keeps the replicas in order, follows what
 * other devices do here, knows who is there and who was away.
 */
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { AuditTrail } from '../core/audit-chain.ts';
import type { HandoverFacts } from '../core/handover.ts';
import { localTime } from '../core/local-time.ts';
import type { Presence as Beat } from '../core/presence.ts';
import { restAfter } from '../core/rest-after.ts';
import { doneFolder } from '../core/states.ts';
import { idInName } from '../core/task-id.ts';
import { errno } from '../files/errno.ts';
import type { SYNC_KEYS } from '../runtime/config.ts';
import type { DaemonContext } from '../runtime/daemon.ts';
import { Absences, countMeanwhile } from '../stages/absences.ts';
import { ConflictReasons } from '../stages/conflict-reasons.ts';
import { Findings } from '../stages/findings.ts';
import { forgedDone } from '../stages/forged-done.ts';
import { keeper, PATIENCE } from '../stages/keep-in-order.ts';
import { OpenLedger } from '../stages/open-ledger.ts';
import { type ForeignReporter, foreignReporter } from '../stages/report-foreign.ts';
import { type DiskChange, DiskChanges } from '../sync/disk-changes.ts';
import { openSync } from '../sync/open-sync.ts';
import { type PeerState, Presence } from '../sync/presence.ts';
import { realFolder, VaultFault } from '../vault/safe-path.ts';
import { oddConflictCopies } from '../vault/odd-copies.ts';
import type { NoteRef } from '../vault/vault.ts';
import { newestVersions, readVersion } from '../vault/versions.ts';
import { effectEvidence } from './effect-evidence.ts';
import { type SyncWatch, syncWatch } from './sync-watch.ts';
import { startTakeOver, type TakeOver } from './take-over.ts';

type Context = DaemonContext<(typeof SYNC_KEYS)[number]>;

export interface ReplicasDeps {
  readonly context: Context;
  readonly audit: AuditTrail;
  /** Something changed: a pass soon. */
  readonly hint: () => void;
  /** The page is not as we wrote it any more. */
  readonly onDashboard: () => void;
  /** The audit log cannot be written. */
  readonly fatal: (error: unknown) => void;
}

export interface Replicas {
  readonly reasons: ConflictReasons;
  /** @param whole finished folders too. */
  pass(whole: boolean): Promise<{ readonly faults: readonly string[]; readonly lookAgainAt: number | null }>;
  /** True once after changes were missed: the next pass should be a whole one. */
  wholeWanted(): boolean;
  handover(replier: Beat): HandoverFacts;
  /** What the page is about to name is missed from then on, should a peer delete it. */
  remember(shown: readonly NoteRef[], at: number): Promise<void>;
  /** What the page says until we are back. */
  stopping(): void;
  stop(): Promise<void>;
}

const MINUTE_MS = 60_000;
/** Without anybody to ask, what was on its way has arrived after this. */
const ARRIVED_MS = 5 * MINUTE_MS;
const UNKNOWN: PeerState = { connected: false, since: null, known: false };

export async function openReplicas(deps: ReplicasDeps): Promise<Replicas> {
  const { config, vault, clock, log, stateDir } = deps.context;
  const now = () => clock.now();
  const own = (name: string) => join(stateDir, 'orchestrator', name);
  const [reasons, findings, absences, ledger, evidence] = [
    await ConflictReasons.open(own('conflicts.json')),
    await Findings.open(own('findings.json'), now),
    await Absences.open(own('awake.json')),
    await OpenLedger.open(stateDir),
    await effectEvidence(stateDir, now),
  ];
  await absences.beat(now());
  const sync = openSync(config, { vault, clock, log });
  const watch = sync && syncWatch(sync, clock);
  const peerId = sync?.peer ?? null;
  const presence =
    sync && peerId !== null
      ? Presence.start({ client: sync.client, devices: [peerId], clock, log, onChange: () => deps.hint() })
      : null;
  const peer = (): PeerState => (peerId === null ? UNKNOWN : (presence?.peer(peerId) ?? UNKNOWN));
  const order = keeper({
    vault,
    now,
    wall: now,
    audit: deps.audit,
    versions: {
      newest: (folder, names) => newestVersions(vault.root, folder, names),
      read: readVersion,
    },
    oddCopies: oddConflictCopies(vault.root),
    reasons,
    finished: evidence,
    approvedHere: (id, name) => evidence.approvedHere(id, name),
    ledger,
    quiet: () => watch?.quiet() ?? true,
    tell: async (code, words) => {
      findings.add(code, words);
      await findings.flush();
    },
    patience: PATIENCE,
  });
  const foreign = foreignReporter({
    audit: deps.audit,
    findings,
    finished: evidence,
    now,
    phone: (sync?.trusted.length ?? 0) > 0,
    onDashboard: deps.onDashboard,
  });
  let wholeWanted = false;
  let wholeSince = 0;
  let wholeTook = 0;
  const onGap = async (since: number | null): Promise<void> => {
    wholeWanted = true;
    const month = doneFolder(localTime(now(), config.TIMEZONE));
    for (const path of await forgedDone(vault, evidence, month, since ?? 0)) {
      findings.add(
        'done.unproved',
        `${path} says that something was done, but this laptop did nothing for it; do not believe it.`,
        path,
      );
    }
    deps.hint();
  };
  const changes =
    sync &&
    followed(deps, sync, {
      foreign,
      onGap,
      cursorFile: join(stateDir, 'sync', 'orchestrator.events.json'),
      onFinished: () => {
        order.forget();
        wholeWanted = true;
      },
    });
  const faults: { takeOver: string | null } = { takeOver: null };
  const takeOver = await startTakeOver({
    ...{ vault, clock, log, stateDir, sync, peer, audit: deps.audit, at: deps.context.at },
    timeZone: config.TIMEZONE,
    scanSeconds: config.SCAN_SECONDS,
    onChange: () => deps.hint(),
    onFault: (words) => {
      faults.takeOver = words;
      deps.hint();
    },
  });
  const minute = setInterval(() => {
    absences.beat(now()).then(
      (wasAway) => wasAway && deps.hint(),
      (error: unknown) => log.warn({ err: error }, 'the time awake was not noted'),
    );
  }, MINUTE_MS);
  minute.unref();
  let stoppedAt: number | null = null;
  return {
    reasons,
    wholeWanted: () => {
      if (!wholeWanted || now() - wholeSince < restAfter(wholeTook)) return false;
      wholeWanted = false;
      wholeSince = now();
      return true;
    },
    pass: async (whole) => {
      await watch?.look();
      const began = performance.now();
      const kept = await order.pass(whole);
      if (whole) wholeTook = performance.now() - began;
      if (kept.setAside + kept.putBack > 0) log.info({ ...kept, faults: undefined }, 'kept in order');
      await foreign.flush();
      await noteMeanwhile({ absences, vault, watch, peer, now: now(), timeZone: config.TIMEZONE });
      return {
        faults: [
          ...findings.words((path) => lies(vault.root, path)),
          ...(watch?.faults() ?? []),
          ...(faults.takeOver === null ? [] : [faults.takeOver]),
          ...kept.faults,
        ],
        lookAgainAt: kept.lookAgainAt,
      };
    },
    remember: async (shown, at) => {
      for (const ref of shown) {
        const id = idInName(ref.name);
        if (id !== null) await ledger.seen(id, ref, at);
      }
      await ledger.flush();
    },
    handover: (replier) => ({
      link: peer(),
      replier,
      takeOver: takeOver.state(),
      away: absences.last(now()),
      sync: watch?.facts() ?? { state: 'unreachable' },
      stoppedAt,
    }),
    stopping: () => {
      stoppedAt = now();
    },
    stop: () => closed({ minute, takeOver, changes, presence, absences, now, sync }),
  };
}

/** Links too; a path through a link is not there. */
function lies(root: string, path: string): boolean {
  const slash = path.lastIndexOf('/');
  try {
    const folder = slash < 0 ? root : realFolder(root, path.slice(0, slash));
    return (
      folder !== null &&
      lstatSync(join(folder, path.slice(slash + 1)), { throwIfNoEntry: false }) !== undefined
    );
  } catch (error) {
    if (error instanceof VaultFault || errno(error) !== undefined) return true;
    throw error;
  }
}

function followed(
  deps: ReplicasDeps,
  sync: NonNullable<ReturnType<typeof openSync>>,
  parts: {
    readonly foreign: ForeignReporter;
    readonly onGap: (since: number | null) => Promise<void>;
    readonly cursorFile: string;
    /** Something happened among the finished notes. */
    readonly onFinished: () => void;
  },
): DiskChanges {
  const { clock, log } = deps.context;
  return DiskChanges.start({
    client: sync.client,
    folder: sync.folder,
    cursorFile: parts.cursorFile,
    clock,
    log,
    onGap: parts.onGap,
    onChange: async (change: DiskChange) => {
      if (change.origin !== 'remote') return;
      if (/^(?:Done|Rejected|Skipped)\//.test(change.path)) parts.onFinished();
      try {
        await parts.foreign.note(change);
      } catch (error) {
        deps.fatal(error);
        throw error;
      }
      deps.hint();
    },
  });
}

/** Counted once, when the night's mails have arrived; afterwards the user is at work on them. */
async function noteMeanwhile(facts: {
  readonly absences: Absences;
  readonly vault: Context['vault'];
  readonly watch: SyncWatch | null;
  readonly peer: () => PeerState;
  readonly now: number;
  readonly timeZone: string;
}): Promise<void> {
  const away = facts.absences.last(facts.now);
  if (away === null || away.meanwhile !== null) return;
  const { connected, known } = facts.peer();
  const arrived = facts.watch && known ? connected && facts.watch.quiet() : facts.now - away.to > ARRIVED_MS;
  if (arrived) await facts.absences.settle(await countMeanwhile(facts.vault, away, facts.timeZone));
}

async function closed(parts: {
  readonly minute: NodeJS.Timeout;
  readonly takeOver: TakeOver;
  readonly changes: DiskChanges | null;
  readonly presence: Presence | null;
  readonly absences: Absences;
  readonly now: () => number;
  readonly sync: ReturnType<typeof openSync>;
}): Promise<void> {
  clearInterval(parts.minute);
  await parts.takeOver.stop();
  await parts.changes?.stop();
  await parts.presence?.stop();
  await parts.absences.beat(parts.now());
  await parts.sync?.stop();
}
