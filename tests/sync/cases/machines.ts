/**
 * A cloud and a laptop on a real pair of Syncthings, each with the real stages on its own vault and state: the
 * replier on both (the laptop's is the take-over), the approval handler and the orchestrator's keeper on the
 * laptop. Scripted are only the user, the wire and the clock of the keeper, which leaps so that nobody waits.
 */
import { chmod, cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { AuditLog } from '../../../src/audit/audit-log.ts';
import type { Agent } from '../../../src/core/states.ts';
import { taskIdForNote } from '../../../src/core/task-id.ts';
import type { Drafter } from '../../../src/drafting/drafter.ts';
import { effectEvidence } from '../../../src/local/effect-evidence.ts';
import { openEffectGuard } from '../../../src/local/effect-guard.ts';
import { syncWatch } from '../../../src/local/sync-watch.ts';
import { openMailJournal } from '../../../src/mail/submission/sealed-mail.ts';
import { SealedReplies } from '../../../src/mail/submission/sealed-replies.ts';
import { type Clock, systemClock } from '../../../src/runtime/clock.ts';
import type { Config, SYNC_KEYS } from '../../../src/runtime/config.ts';
import { isAlive, ownIdentity } from '../../../src/runtime/process-identity.ts';
import { ActiveEffects } from '../../../src/stages/active-effects.ts';
import { ConflictReasons } from '../../../src/stages/conflict-reasons.ts';
import { DraftingMarks } from '../../../src/stages/drafting-marks.ts';
import { draftReplies } from '../../../src/stages/draft-reply.ts';
import { type ApprovalDeps, scanApprovals } from '../../../src/stages/execute-approval.ts';
import { type Keeper, keeper, PATIENCE } from '../../../src/stages/keep-in-order.ts';
import type { MailEffects } from '../../../src/stages/mail-effects.ts';
import { mailOnly } from '../../helpers/edges.ts';
import { Offers } from '../../../src/stages/offers.ts';
import { OpenLedger } from '../../../src/stages/open-ledger.ts';
import { acknowledge } from '../../../src/sync/acknowledge.ts';
import { openSync, type Sync } from '../../../src/sync/open-sync.ts';
import { settleClaim } from '../../../src/sync/settle-claim.ts';
import { oddConflictCopies } from '../../../src/vault/odd-copies.ts';
import { Vault } from '../../../src/vault/vault.ts';
import { newestVersions, readVersion } from '../../../src/vault/versions.ts';
import { FOLDER, startPair, type SyncNode, type SyncPair } from '../../helpers/syncthing.ts';
import { until } from '../../helpers/until.ts';
import { type TempDir, tempDir } from '../../helpers/testdir.ts';
import { onlyWriter } from '../../../src/stages/account-writers.ts';

const log = pino({ level: 'silent' });
const HOUSE = { handbook: { text: '', signature: 'Mia' }, templates: [] };
const HOUR_MS = 3_600_000;

export interface Machine {
  readonly node: SyncNode;
  readonly vault: Vault;
  /** One pass of the replier; rejects with what went wrong in it. */
  draft(): Promise<void>;
}

export interface Laptop extends Machine {
  /** Passes of the approval handler until it has nothing to look at again soon. */
  handle(): Promise<void>;
  /** One pass of the orchestrator; `leapMs` later than the last by its clock. */
  keep(leapMs: number): Promise<void>;
  /** Message text of everything that left. */
  readonly sent: readonly string[];
  readonly reasons: ConflictReasons;
  readonly told: readonly string[];
}

export interface Machines {
  readonly pair: SyncPair;
  readonly cloud: Machine;
  readonly laptop: Laptop;
  /** The laptop may draft as well: the replier of the cloud asks before it takes a claim for its own. */
  shareDrafting(on: boolean): void;
  /** What the drafters wrote, each once. */
  readonly drafts: readonly string[];
  stop(): Promise<void>;
}

export async function startMachines(): Promise<Machines> {
  const pair = await startPair();
  const dirs = [await tempDir(), await tempDir(), await tempDir()] as const;
  await keepVersions(pair.laptop, dirs[2]);
  const shared = { on: false };
  const drafts: string[] = [];
  const cloud = await machine(pair.cloud, pair.laptop, 'cloud-agent', dirs[0], { shared, drafts });
  const base = await machine(pair.laptop, pair.cloud, 'local-agent', dirs[1], { shared, drafts });
  const { handle, sent, stopHandler } = await handler(
    base.vault,
    dirs[1].path,
    configOf(pair.laptop, pair.cloud),
  );
  const order = await orderOf(base.vault, base.sync, dirs[1].path);
  return {
    pair,
    cloud,
    drafts,
    laptop: { ...base, handle, sent, ...order },
    shareDrafting: (on) => {
      shared.on = on;
    },
    stop: async () => {
      await stopHandler();
      await cloud.sync.stop();
      await base.sync.stop();
      await pair.stop();
      for (const dir of dirs) await dir.remove();
    },
  };
}

/** As `handover sync apply` sets it on a laptop. */
async function keepVersions(laptop: SyncNode, dir: TempDir): Promise<void> {
  const script = join(dir.path, 'keep-version.sh');
  await cp(join(import.meta.dirname, '../../../deployment/local/keep-version.sh'), script);
  await chmod(script, 0o755);
  const command = `${script} %FOLDER_PATH% %FILE_PATH% 365`;
  await laptop.client.patchFolder(FOLDER, { versioning: { type: 'external', params: { command } } });
}

function configOf(node: SyncNode, peer: SyncNode): Config<(typeof SYNC_KEYS)[number]> {
  return {
    SYNC: 'syncthing',
    SYNCTHING_URL: node.url,
    SYNCTHING_API_KEY: node.apiKey,
    SYNCTHING_FOLDER: FOLDER,
    SYNCTHING_PEER_DEVICE: peer.id,
    SYNCTHING_TRUSTED_DEVICES: [],
    VAULT_DIR: node.vault,
    STATE_DIR: '',
    TIMEZONE: 'UTC',
    LOG_LEVEL: 'error',
    SCAN_SECONDS: 1,
  };
}

async function machine(
  node: SyncNode,
  peer: SyncNode,
  agent: Agent,
  dir: TempDir,
  common: { readonly shared: { on: boolean }; readonly drafts: string[] },
): Promise<Machine & { readonly sync: Sync }> {
  const vault = await Vault.open(node.vault);
  await vault.ensureFolders();
  const sync = openSync(configOf(node, peer), { vault, clock: systemClock, log });
  if (sync === null) throw new Error('no Syncthing');
  const offers = new Offers({ stateDir: dir.path, clock: systemClock });
  const errors: unknown[] = [];
  let serial = 0;
  const drafter: Drafter = {
    name: 'scripted',
    draft: () => {
      const reply = `draft ${(serial += 1)} of the ${agent}`;
      common.drafts.push(reply);
      return Promise.resolve({
        decision: 'reply',
        reply,
        drafter: 'scripted',
        verdictLine: 'ok',
        warnings: [],
      });
    },
  };
  const pass = draftReplies({
    vault,
    agent,
    drafter,
    house: () => Promise.resolve(HOUSE),
    writerFor: onlyWriter({ name: 'Mia', addresses: ['mia@example.net'], replyAll: false }),
    mayClaim: () => true,
    replicas: true,
    marks: agent === 'local-agent' ? new DraftingMarks(dir.path) : null,
    settle: settleClaim({
      vault,
      me: agent,
      shared: () => Promise.resolve(common.shared.on),
      acknowledge: (path, signal) =>
        acknowledge(
          { client: sync.client, folder: FOLDER, peer: peer.id, clock: systemClock, timeoutMs: 5_000 },
          path,
          signal,
        ),
      clock: systemClock,
      patienceMs: 5_000,
    }),
    recordOffer: (id, name, note) => offers.record(id, name, note),
    audit: () => Promise.resolve(),
    log: () => undefined,
    onError: (error) => errors.push(error),
    at: () => undefined,
    now: () => systemClock.now(),
    newClaim: () => `01${agent}${(serial += 1)}`,
    newId: taskIdForNote,
    timeZone: 'UTC',
    expiresMs: 1000 * HOUR_MS,
    perPass: 100,
    parallel: 2,
    quietMs: 0,
  });
  return {
    node,
    vault,
    sync,
    draft: async () => {
      await pass(new AbortController().signal);
      await sync.nudger.flush();
      if (errors.length > 0) throw errors[0];
    },
  };
}

async function handler(
  vault: Vault,
  stateDir: string,
  config: Config<(typeof SYNC_KEYS)[number]>,
): Promise<{ handle: () => Promise<void>; sent: readonly string[]; stopHandler: () => Promise<void> }> {
  const sent: string[] = [];
  const clock: Clock = systemClock;
  const journal = await openMailJournal({
    stateDir,
    self: ownIdentity(),
    isAlive,
    now: () => clock.now(),
  });
  const effects: MailEffects = {
    threadStatus: () => Promise.resolve('quiet'),
    lookInSent: () => Promise.resolve('absent'),
    fileInSent: async (id) => {
      await journal.recordFiled(id, { how: 'filed' });
      return 'filed';
    },
    send: async (id) => {
      const { sealed } = await journal.view(id);
      if (!sealed) throw new Error('nothing is sealed');
      const begun = await journal.beginAttempt(id, sealed.seal);
      if (!begun.ok) return { kind: 'settled' };
      begun.attempt.transmitting();
      sent.push(Buffer.from(await journal.payload(sealed)).toString());
      await begun.attempt.finish({ verdict: 'sent', words: '250 ok' }, 'final-reply');
      return { kind: 'settled' };
    },
  };
  const offers = new Offers({ stateDir, clock });
  const guard = await openEffectGuard(config, { vault, offers, stateDir, clock, log, process: 'handler' });
  const closed: string[] = [];
  let waits = false;
  const deps: ApprovalDeps = {
    vault,
    clock,
    log,
    offers,
    edges: mailOnly({
      ...{ effects, vault, offers, clock },
      journal: new SealedReplies({
        journal,
        from: { name: 'Me', address: 'me@example.com' },
        now: () => clock.now(),
      }),
    }),
    cards: guard.cards,
    gate: async (notBefore) => {
      const why = await guard.gate(notBefore);
      if (why !== null) closed.push(why);
      return why;
    },
    synced: guard.synced,
    drafting: new DraftingMarks(stateDir),
    active: new ActiveEffects(stateDir),
    at: () => undefined,
    audit: { append: () => Promise.resolve() },
    timeZone: 'UTC',
    undoMs: 0,
    expiresMs: HOUR_MS,
    newClaim: () => '01HANDLER',
    isSystemFault: () => true,
    wakeAt: () => {
      waits = true;
    },
    waiting: () => undefined,
  };
  return {
    sent,
    stopHandler: () => guard.stop(),
    handle: async () => {
      await until('the handler has nothing to wait for', async () => {
        waits = false;
        await scanApprovals(deps, new AbortController().signal);
        // No case is about a closed gate: one that is closed would only hide what would have been sent.
        if (closed.length > 0) throw new Error(`nothing may be sent: ${closed.join(', ')}`);
        return !waits;
      });
    },
  };
}

async function orderOf(
  vault: Vault,
  sync: Sync,
  stateDir: string,
): Promise<Pick<Laptop, 'keep' | 'reasons' | 'told'>> {
  let ahead = 0;
  const clock: Clock = {
    now: () => Date.now() + ahead,
    sleep: (ms, signal) => systemClock.sleep(ms, signal),
  };
  const now = () => clock.now();
  const evidence = await effectEvidence(stateDir, now);
  const watch = syncWatch(sync, clock);
  const told: string[] = [];
  await mkdir(join(stateDir, 'audit'), { recursive: true });
  const reasons = await ConflictReasons.open(join(stateDir, 'orchestrator', 'conflicts.json'));
  const order: Keeper = keeper({
    vault,
    now,
    wall: () => Date.now(),
    audit: await AuditLog.open({ dir: await vault.logFolder('local-agent'), process: 'orchestrator', now }),
    versions: {
      newest: (folder, names) => newestVersions(vault.root, folder, names),
      read: readVersion,
    },
    oddCopies: oddConflictCopies(vault.root),
    reasons,
    finished: evidence,
    approvedHere: (id, name) => evidence.approvedHere(id, name),
    ledger: await OpenLedger.open(stateDir),
    quiet: () => watch.quiet(),
    tell: (_code, words) => {
      told.push(words);
      return Promise.resolve();
    },
    patience: PATIENCE,
  });
  return {
    reasons,
    told,
    keep: async (leapMs) => {
      ahead += leapMs;
      await watch.look();
      await order.pass(true);
      await sync.nudger.flush();
    },
  };
}
