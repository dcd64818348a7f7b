/**
 * draft-replier: writes a draft for every mail that deserves an answer, and has Odoo make one for every request.
 *
 * DOES      Claims notes out of `Needs_Action/email/`, drafts a reply (template, or a model that falls back
 *           to the template), computes recipients and subject, and offers the card to the user. A note that
 *           came back with feedback is drafted again; one that cannot be read goes to `Quarantine/`.
 *           With ODOO_URL, in a loop of its own: claims requests out of `Needs_Action/odoo/`, has odoo-mcp look up
 *           customer, products and taxes and make one draft in Odoo per request, and offers what Odoo computed as a
 *           card; what is unclear is a card that asks. A mail that asks for an invoice makes such a request (only a
 *           model finds that, and only in the words of the mail).
 *           With two machines: while the laptop has taken over, each claim is settled with it; what is
 *           further along elsewhere is neither claimed nor offered.
 * READS     `Needs_Action/`, `In_Progress/`, `Pending_Approval/`, `Rejected/`, `Done/` (names), `Templates/`,
 *           `Company_Handbook.md`, `Updates/local-agent/takeover.json`; the Syncthing of this machine; the odoo-mcp of
 *           this machine.
 * WRITES    `In_Progress/cloud-agent/`, `Pending_Approval/`, `Needs_Action/` (handed on, or found in a mail),
 *           `Quarantine/`, `Conflicts/`, `Logs/cloud-agent/`, `Updates/cloud-agent/`, STATE_DIR
 *           (`offers/`, with one machine).
 * SECRETS   The model key, when a model drafts; Syncthing's API key; ODOO_MCP_TOKEN, which opens odoo-mcp and nothing
 *           beyond it. It cannot send mail or post an invoice, and holds no key that could.
 * TWICE     No: a lock in STATE_DIR.
 * ON CRASH  What lies in `In_Progress/cloud-agent/` is drafted, or offered if the draft is there; a
 *           request is drafted again, and Odoo has one draft per request.
 */
import { join } from 'node:path';
import { AuditLog } from '../audit/audit-log.ts';
import { taskIdForNote } from '../core/task-id.ts';
import {
  drafterFaults,
  type DrafterSettings,
  drafterSettings,
  openDrafter,
  openReviser,
} from '../drafting/open-drafter.ts';
import { houseReader } from '../drafting/read-house.ts';
import { accountsOf } from '../runtime/accounts.ts';
import { type Config, SYNC_KEYS } from '../runtime/config.ts';
import { type DaemonContext, runDaemon } from '../runtime/daemon.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import { scanLoop } from '../runtime/scan-loop.ts';
import { ulid } from '../runtime/ulid.ts';
import { accountWriters } from '../stages/account-writers.ts';
import type { DraftingDeps } from '../stages/draft-notes.ts';
import { draftReplies } from '../stages/draft-reply.ts';
import { requestFromMail } from '../stages/request-from-mail.ts';
import { Offers } from '../stages/offers.ts';
import { takeoverAnnounced } from '../stages/takeover-notice.ts';
import { asker } from '../sync/acknowledge.ts';
import { openSync, type Sync } from '../sync/open-sync.ts';
import { settleClaim, SHARED_CLAIM } from '../sync/settle-claim.ts';
import { type InvoiceDesk, startClosedDesk, startInvoiceDesk } from './invoice-desk.ts';
import { watchShare } from '../sync/watch-share.ts';

const PROCESS = 'draft-replier';
const HOUR_MS = 3_600_000;
const QUIET_MS = 5_000;
const NOTES_PER_PASS = 50;
/** Notes drafted at once: enough to hide the waiting for a model or the disk, few enough for a model's limits. */
const PARALLEL = 4;
/** Claimed and offered within a moment, a note travels once; see sync/linger.ts. */
const LINGER_MS = 100;

const KEYS = [
  'ACCOUNTS_FILE',
  'MAIL_FROM',
  'MAIL_ALIASES',
  'REPLY_ALL',
  'APPROVAL_EXPIRES_HOURS',
  'DRAFTER',
  'DRAFTER_MODEL',
  'DRAFTER_BASE_URL',
  'DRAFTER_API_KEY',
  'DRAFTER_TIMEOUT_SECONDS',
  'ODOO_URL',
  'ODOO_MCP_PORT',
  'ODOO_MCP_TOKEN',
  ...SYNC_KEYS,
] as const;
type Keys = (typeof KEYS)[number];
type ReplierConfig = Config<Keys>;

runDaemon({
  process: PROCESS,
  agent: 'cloud-agent',
  keys: KEYS,
  start: async (context) => {
    const { config, vault, clock, log, stateDir, at, health } = context;
    if (config.ODOO_URL !== '' && config.ODOO_MCP_TOKEN === '')
      refuse(['ODOO_MCP_TOKEN is missing: ODOO_URL is set']);
    const writerFor = accountWriters(accountsOf(config));
    const twoMachines = config.SYNC === 'syncthing';
    const sync = openSync(config, { vault, clock, log, lingerMs: LINGER_MS });
    const share = watchShare({
      sync,
      role: 'cloud',
      root: vault.root,
      clock,
      note: (about, words) => health.note(about, words),
    });
    const offers = new Offers({ stateDir, clock });
    const audit = await AuditLog.open({
      dir: await vault.logFolder('cloud-agent'),
      process: PROCESS,
      headFile: join(stateDir, 'audit', `${PROCESS}.head.json`),
      now: () => clock.now(),
    });
    const drafter = await openDrafter(usableDrafter(config), {
      clock,
      random: () => Math.random(),
      onFailure: (why) => log.warn({ why }, 'the model was not used'),
    });
    const drafting = {
      vault,
      at,
      agent: 'cloud-agent',
      settle: settleWith(sync, context),
      mayClaim: () => true,
      replicas: twoMachines,
      marks: null,
      // The laptop keeps its own record of what it was offered, at first sight.
      recordOffer: (id, name, note) => (twoMachines ? Promise.resolve() : offers.record(id, name, note)),
      audit: (line) => audit.append(line),
      log: (line) => log.info({ stage: PROCESS, agent: 'cloud-agent', ...line }, 'moved'),
      onError: (error, ref) => log.error({ err: error, folder: ref.folder }, 'a note could not be drafted'),
      now: () => clock.now(),
      newClaim: () => ulid(clock.now()),
      timeZone: config.TIMEZONE,
      expiresMs: config.APPROVAL_EXPIRES_HOURS * HOUR_MS,
      perPass: NOTES_PER_PASS,
      quietMs: QUIET_MS,
    } satisfies Omit<DraftingDeps, 'newId' | 'parallel'>;
    const pass = draftReplies({
      ...drafting,
      drafter,
      writerFor,
      house: houseReader(vault, (name, message) => log.warn({ name, message }, 'template left out')),
      newId: taskIdForNote,
      parallel: PARALLEL,
      requestFound: config.ODOO_URL === '' ? null : requestFromMail(drafting),
    });
    const loop = scanLoop({
      scan: async (signal) => {
        const { more, lookAgainAt } = await pass(signal);
        if (more) loop.hint();
        if (lookAgainAt !== null) loop.wakeAt(lookAgainAt);
        health.set('ok');
      },
      everyMs: config.SCAN_SECONDS * 1000,
      clock,
      onError: (error) => {
        log.error({ err: error }, 'drafting is stopped');
        health.set(
          'paused',
          `drafting is stopped: ${error instanceof Error ? error.message : 'unknown error'}`,
        );
      },
    });
    const watch = await vault.watch(['Needs_Action/email', 'In_Progress/cloud-agent'], () => loop.hint());
    const desk = await openDesk(context, drafting);
    return {
      stop: async () => {
        await watch.close();
        await loop.stop();
        await desk.stop();
        await share.stop();
        await sync?.stop();
      },
    };
  },
});

/** Requests for Odoo; without ODOO_URL they wait, and the user is told. */
async function openDesk(
  { config, vault, clock, log, health }: DaemonContext<Keys>,
  drafting: Parameters<typeof startInvoiceDesk>[1],
): Promise<InvoiceDesk> {
  const deps = { vault, clock, log, health, scanMs: config.SCAN_SECONDS * 1000 };
  if (config.ODOO_URL === '') return startClosedDesk(deps);
  return startInvoiceDesk(deps, drafting, {
    port: config.ODOO_MCP_PORT,
    token: config.ODOO_MCP_TOKEN,
    reviser: await openReviser(drafterSettings(config), { clock, random: () => Math.random() }),
  });
}

/**
 * The cloud drafts by static ownership: the rename is the claim, nobody is waited for. Only while the laptop
 * says that it has taken over is each claim settled with it.
 */
function settleWith(sync: Sync | null, { vault, clock }: DaemonContext<Keys>): DraftingDeps['settle'] {
  const peer = sync?.peer ?? null;
  if (sync === null || peer === null) return () => Promise.resolve('mine');
  const { client, folder } = sync;
  return settleClaim({
    vault,
    me: 'cloud-agent',
    shared: () => takeoverAnnounced(vault),
    acknowledge: asker(
      { client, folder, peer, clock, timeoutMs: SHARED_CLAIM.acknowledgeMs },
      SHARED_CLAIM.deafMs,
    ),
    clock,
    patienceMs: SHARED_CLAIM.patienceMs,
  });
}

/** A model needs more than its name: said before anything is claimed, with every variable named. */
function usableDrafter(config: ReplierConfig): DrafterSettings {
  const settings = drafterSettings(config);
  const faults = drafterFaults(settings);
  return faults.length === 0 ? settings : refuse(faults);
}

function refuse(faults: readonly string[]): never {
  process.stderr.write(`${PROCESS}: configuration:\n${faults.map((f) => `  ${f}\n`).join('')}`);
  process.exit(EXIT.config);
}
