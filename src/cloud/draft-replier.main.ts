/**
 * draft-replier: writes a draft for every mail that deserves an answer.
 *
 * DOES      Claims notes out of `Needs_Action/email/`, drafts a reply (template, or a model that falls back
 *           to the template), computes recipients and subject, and offers the card to the user. A note that
 *           came back with feedback is drafted again; one that cannot be read goes to `Quarantine/`.
 * READS     `Needs_Action/email/`, `In_Progress/cloud-agent/`, `Templates/`, `Company_Handbook.md`.
 * WRITES    `In_Progress/cloud-agent/`, `Pending_Approval/email/`, `Needs_Action/odoo/` (handed on),
 *           `Quarantine/`, `Conflicts/`, `Logs/cloud-agent/`, `Updates/cloud-agent/`, STATE_DIR (`offers/`).
 * SECRETS   The model key, when a model drafts. It cannot send mail and holds no key that could.
 * TWICE     No: a lock in STATE_DIR.
 * ON CRASH  What lies in `In_Progress/cloud-agent/` is drafted, or offered if the draft is there.
 */
import { join } from 'node:path';
import { AuditLog } from '../audit/audit-log.ts';
import { taskIdForNote } from '../core/task-id.ts';
import { drafterFaults, type DrafterSettings, openDrafter } from '../drafting/open-drafter.ts';
import { houseReader } from '../drafting/read-house.ts';
import type { Config } from '../runtime/config.ts';
import { runDaemon } from '../runtime/daemon.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import { scanLoop } from '../runtime/scan-loop.ts';
import { ulid } from '../runtime/ulid.ts';
import { draftReplies } from '../stages/draft-reply.ts';
import { writerOf } from '../stages/draft-request.ts';
import { Offers } from '../stages/offers.ts';

const PROCESS = 'draft-replier';
const HOUR_MS = 3_600_000;
const QUIET_MS = 5_000;
const NOTES_PER_PASS = 50;
/** Notes drafted at once: enough to hide the waiting for a model or the disk, few enough for a model's limits. */
const PARALLEL = 4;

const KEYS = [
  'MAIL_FROM',
  'MAIL_ALIASES',
  'REPLY_ALL',
  'APPROVAL_EXPIRES_HOURS',
  'DRAFTER',
  'DRAFTER_MODEL',
  'DRAFTER_BASE_URL',
  'DRAFTER_API_KEY',
  'DRAFTER_TIMEOUT_SECONDS',
] as const;
type ReplierConfig = Config<(typeof KEYS)[number]>;

runDaemon({
  process: PROCESS,
  agent: 'cloud-agent',
  keys: KEYS,
  start: async (context) => {
    const { config, vault, clock, log, stateDir, at, health } = context;
    const me = writerOf(config) ?? refuse(['MAIL_FROM or MAIL_ALIASES is no list of mail addresses']);
    const offers = new Offers({ stateDir, clock });
    const audit = await AuditLog.open({
      dir: await vault.logFolder('cloud-agent'),
      process: PROCESS,
      headFile: join(stateDir, 'audit', `${PROCESS}.head.json`),
      now: () => clock.now(),
    });
    const drafter = await openDrafter(drafterSettings(config), {
      clock,
      random: () => Math.random(),
      onFailure: (why) => log.warn({ why }, 'the model was not used'),
    });
    const pass = draftReplies({
      vault,
      drafter,
      at,
      me,
      agent: 'cloud-agent',
      house: houseReader(vault, me.name, (name, message) => log.warn({ name, message }, 'template left out')),
      // One machine, one vault: the rename has settled it.
      settle: () => Promise.resolve('mine'),
      mayClaim: () => true,
      replicas: false,
      marks: null,
      recordOffer: (id, name, note) => offers.record(id, name, note),
      audit: (line) => audit.append(line),
      log: (line) => log.info({ stage: PROCESS, agent: 'cloud-agent', ...line }, 'moved'),
      onError: (error, ref) => log.error({ err: error, folder: ref.folder }, 'a note could not be drafted'),
      now: () => clock.now(),
      newClaim: () => ulid(clock.now()),
      newId: taskIdForNote,
      timeZone: config.TIMEZONE,
      expiresMs: config.APPROVAL_EXPIRES_HOURS * HOUR_MS,
      perPass: NOTES_PER_PASS,
      parallel: PARALLEL,
      quietMs: QUIET_MS,
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
    return {
      stop: async () => {
        await watch.close();
        await loop.stop();
      },
    };
  },
});

/** A model needs more than its name: said before anything is claimed, with every variable named. */
function drafterSettings(config: ReplierConfig): DrafterSettings {
  const settings: DrafterSettings = {
    drafter: config.DRAFTER,
    model: config.DRAFTER_MODEL,
    baseUrl: config.DRAFTER_BASE_URL,
    apiKey: config.DRAFTER_API_KEY,
    timeoutMs: config.DRAFTER_TIMEOUT_SECONDS * 1000,
  };
  const faults = drafterFaults(settings);
  return faults.length === 0 ? settings : refuse(faults);
}

function refuse(faults: readonly string[]): never {
  process.stderr.write(`${PROCESS}: configuration:\n${faults.map((f) => `  ${f}\n`).join('')}`);
  process.exit(EXIT.config);
}
