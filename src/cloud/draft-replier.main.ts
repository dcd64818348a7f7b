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
import { parseAddressList } from '../core/address-list.ts';
import { taskIdForNote } from '../core/task-id.ts';
import type { Drafter } from '../drafting/drafter.ts';
import { HANDBOOK_BYTES, readHandbook } from '../drafting/handbook.ts';
import { templateReader } from '../drafting/read-templates.ts';
import { templateDrafter } from '../drafting/template-drafter.ts';
import type { Config } from '../runtime/config.ts';
import { type DaemonContext, runDaemon } from '../runtime/daemon.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import { scanLoop } from '../runtime/scan-loop.ts';
import { ulid } from '../runtime/ulid.ts';
import { draftReplies } from '../stages/draft-reply.ts';
import type { House } from '../stages/draft-request.ts';
import { Offers } from '../stages/offers.ts';
import type { Vault } from '../vault/vault.ts';

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
    const me = writer(config);
    const offers = new Offers({ stateDir, clock });
    const audit = await AuditLog.open({
      dir: await vault.logFolder('cloud-agent'),
      process: PROCESS,
      headFile: join(stateDir, 'audit', `${PROCESS}.head.json`),
      now: () => clock.now(),
    });
    const drafter = await openDrafter(context);
    const pass = draftReplies({
      vault,
      drafter,
      at,
      me,
      agent: 'cloud-agent',
      house: houseReader(vault, me.name, (name, message) => log.warn({ name, message }, 'template left out')),
      // One machine, one vault: the rename has settled it.
      settle: () => Promise.resolve(),
      recordOffer: (id, name, note) => offers.record(id, name, note),
      audit: (line) => audit.append(line),
      log: (line) => log.info({ stage: PROCESS, agent: 'cloud-agent', ...line }, 'moved'),
      onError: (error, ref) => log.error({ err: error, folder: ref.folder }, 'a note could not be drafted'),
      now: () => clock.now(),
      newClaim: () => ulid(clock.now()),
      newId: () => taskIdForNote('em', ulid(clock.now())),
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

function writer(config: ReplierConfig): { name: string; addresses: string[]; replyAll: boolean } {
  const own = parseAddressList([config.MAIL_FROM, ...config.MAIL_ALIASES]);
  const [sender] = own.ok ? own.addresses : [];
  if (!own.ok || !sender) return refuse(['MAIL_FROM or MAIL_ALIASES is no list of mail addresses']);
  return { name: sender.name, addresses: own.addresses.map((a) => a.address), replyAll: config.REPLY_ALL };
}

/** The model's library is only loaded where a model is used: it costs 30 MB of memory. */
async function openDrafter(context: DaemonContext<(typeof KEYS)[number]>): Promise<Drafter> {
  const { config, clock, log } = context;
  if (config.DRAFTER === 'template') return templateDrafter;
  const faults: string[] = [];
  const url = config.DRAFTER_BASE_URL;
  if (config.DRAFTER_MODEL === '') faults.push('DRAFTER_MODEL is missing');
  if (config.DRAFTER === 'anthropic' && config.DRAFTER_API_KEY === '')
    faults.push('DRAFTER_API_KEY is missing');
  if (config.DRAFTER === 'openai-compatible' && url === '') faults.push('DRAFTER_BASE_URL is missing');
  if (url !== '' && !/^https?:\/\/[^/]/.test(url))
    faults.push('DRAFTER_BASE_URL must begin with https:// or http://');
  if (faults.length > 0) return refuse(faults);
  const { modelDrafter } = await import('../drafting/model-drafter.ts');
  return modelDrafter(
    {
      provider: config.DRAFTER,
      model: config.DRAFTER_MODEL,
      baseUrl: url,
      apiKey: config.DRAFTER_API_KEY,
      timeoutMs: config.DRAFTER_TIMEOUT_SECONDS * 1000,
    },
    {
      sleep: (ms, signal) => clock.sleep(ms, signal),
      random: () => Math.random(),
      now: () => clock.now(),
      onFailure: (why) => log.warn({ why }, 'the model was not used'),
    },
  );
}

function refuse(faults: readonly string[]): never {
  process.stderr.write(`${PROCESS}: configuration:\n${faults.map((f) => `  ${f}\n`).join('')}`);
  process.exit(EXIT.config);
}

/** Templates and handbook, read anew for every draft. */
function houseReader(
  vault: Vault,
  myName: string,
  onFault: (name: string, message: string) => void,
): () => Promise<House> {
  const read = async (path: string, maxBytes: number) => {
    const file = await vault.readOther(path, maxBytes);
    return file.ok ? file.text : null;
  };
  const templates = templateReader(
    {
      list: () => vault.listOther('Templates'),
      read: (name, maxBytes) => read(`Templates/${name}`, maxBytes),
    },
    onFault,
  );
  return async () => ({
    templates: await templates(),
    handbook: readHandbook((await read('Company_Handbook.md', HANDBOOK_BYTES)) ?? '', myName),
  });
}
