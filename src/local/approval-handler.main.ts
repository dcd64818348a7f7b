/**
 * approval-handler: carries out what the user approved.
 *
 * DOES      Claims notes out of `Approved/`, checks them against what was offered and against the moment,
 *           seals the mail's bytes or the invoice as it was shown, has email-mcp send or odoo-mcp post it, writes
 *           the outcome and moves the note to `Done/`; what cannot be carried out goes back to `Pending_Approval/`
 *           with the reason on top. Where the user wishes, a posted invoice's PDF is offered as a covering mail.
 *           With Syncthing it records what is pending, and does nothing of that unless it is proved who can write
 *           `Approved/`.
 * READS     `Approved/`, `In_Progress/local-agent/`, `Pending_Approval/`, `Rejected/` (names), `PAUSE.md`,
 *           `Attachments/`, `Templates/`, `Company_Handbook.md`, STATE_DIR, the REST API of this machine's Syncthing.
 * WRITES    `In_Progress/local-agent/`, `Done/`, `Pending_Approval/`, `Attachments/`, `Logs/local-agent/`,
 *           `Updates/local-agent/`, STATE_DIR (`active/`, `offers/`, `journal/`, `sync/`).
 * SECRETS   The key of Syncthing's REST API. None for mail or Odoo: email-mcp and odoo-mcp, which it spawns, read theirs.
 * TWICE     No: a lock in STATE_DIR.
 * ON CRASH  The journal says where each effect stands; docs/states.md has every point. PM2 starts it again.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AuditFault } from '../audit/audit-fault.ts';
import { AuditLog } from '../audit/audit-log.ts';
import type { Edge } from '../core/card-action.ts';
import { accountNamed } from '../core/mail-account.ts';
import { coveringMailText } from '../drafting/covering-mail.ts';
import { houseReader } from '../drafting/read-house.ts';
import { contactsReader } from '../mail/people/read-contacts.ts';
import { openMailJournal } from '../mail/submission/sealed-mail.ts';
import { SealedReplies } from '../mail/submission/sealed-replies.ts';
import { accountsOf } from '../runtime/accounts.ts';
import { childEnvironment, SYNC_KEYS } from '../runtime/config.ts';
import { runDaemon } from '../runtime/daemon.ts';
import { readHappenings } from '../runtime/happenings.ts';
import { isAlive, ownIdentity } from '../runtime/process-identity.ts';
import { type ScanLoop, scanLoop } from '../runtime/scan-loop.ts';
import { ulid } from '../runtime/ulid.ts';
import { ActiveEffects } from '../stages/active-effects.ts';
import { BounceRecords } from '../stages/bounce-records.ts';
import { outgoingCheck } from '../stages/check-outgoing.ts';
import { sendDaily } from '../stages/daily-notice.ts';
import { DraftingMarks } from '../stages/drafting-marks.ts';
import { type ApprovalDeps, scanApprovals } from '../stages/execute-approval.ts';
import { HOURLY, noticeNews } from '../stages/notice-news.ts';
import { sendNotices } from '../stages/notices.ts';
import { mailEdge } from '../stages/mail-edge.ts';
import { odooEdge } from '../stages/odoo-edge.ts';
import { Offers } from '../stages/offers.ts';
import { writtenTo } from '../stages/written-to.ts';
import { openEffectGuard } from './effect-guard.ts';
import { EmailMcpClient } from './email-mcp-client.ts';
import { openPosting } from './open-posting.ts';

const PROCESS = 'approval-handler';
const HOUR_MS = 3_600_000;
/** What a pass over the invoices may still write when odoo-mcp was told to end; a call that hangs is left to the journal. */
const LAST_STEPS_MS = 2_000;

runDaemon({
  process: PROCESS,
  agent: 'local-agent',
  keys: [
    'ACCOUNTS_FILE',
    'MAIL_FROM',
    'IMAP_USER',
    'UNDO_SECONDS',
    'APPROVAL_EXPIRES_HOURS',
    'DOUBT_MINUTES',
    'QUIET_HOURS',
    'DIGEST_AT',
    'NOTIFY',
    'NOTIFY_ON',
    'FIRST_CONTACT',
    'DRY_RUN',
    ...SYNC_KEYS,
  ],
  start: async (context) => {
    const { config, vault, clock, log, stateDir, at, health } = context;
    const accounts = accountsOf(config);
    const [home] = accounts;
    const sender = home.from;
    const accountOf = (name: string) => accountNamed(accounts, name, home.formerNames);
    const journal = await openMailJournal({
      stateDir,
      self: ownIdentity(),
      isAlive,
      now: () => clock.now(),
    });
    const audit = await AuditLog.open({
      dir: await vault.logFolder('local-agent'),
      process: PROCESS,
      headFile: join(stateDir, 'audit', `${PROCESS}.head.json`),
      now: () => clock.now(),
    });
    const effects = await EmailMcpClient.start({
      main: fileURLToPath(new URL('./email-mcp.main.js', import.meta.url)),
      env: childEnvironment(),
      log,
    });
    const posting = await openPosting({ stateDir, clock, log });
    const offers = new Offers({ stateDir, clock });
    const guard = await openEffectGuard(config, { vault, offers, stateDir, process: PROCESS, clock, log });
    const mails = new SealedReplies({
      journal,
      from: (name) => accountOf(name)?.from ?? null,
      now: () => clock.now(),
    });
    const written = writtenTo(stateDir);
    const records = new BounceRecords(stateDir, () => clock.now());
    const house = houseReader(vault, (name, message) =>
      log.warn({ template: name }, `template left out: ${message}`),
    );
    const timeZone = config.TIMEZONE;
    const expiresMs = config.APPROVAL_EXPIRES_HOURS * HOUR_MS;
    const shared = { vault, offers, cards: guard.cards, clock, at, timeZone, expiresMs };
    const edges = {
      mail: mailEdge({
        ...{ ...shared, journal: mails, effects, writtenTo: written },
        doubtMs: config.DOUBT_MINUTES * 60_000,
        knowsAccount: (name) => accountOf(name) !== null,
        check: outgoingCheck({
          vault,
          writtenTo: written,
          contacts: contactsReader(vault, () => clock.now()),
          own: accounts.flatMap(({ addresses }) => addresses),
          firstContact: config.FIRST_CONTACT,
        }),
      }),
      odoo: odooEdge({
        ...{ ...shared, stateDir, mails },
        journal: posting.journal,
        effects: posting.effects,
        account: home.name,
        coveringText: async (facts) =>
          coveringMailText(facts, await house({ name: sender.name, account: home.name })),
      }),
    };
    const deps: Omit<ApprovalDeps, 'wakeAt' | 'waiting'> = {
      ...shared,
      log,
      audit,
      edges,
      gate: guard.gate,
      synced: guard.synced,
      drafting: new DraftingMarks(stateDir),
      active: new ActiveEffects(stateDir),
      quiet: config.QUIET_HOURS,
      bounces: { returns: mails, records },
      undoMs: config.UNDO_SECONDS * 1000,
      newClaim: () => ulid(clock.now()),
      isSystemFault: (error) => error instanceof AuditFault,
    };
    let news: string | null = null;
    const waits = new Map<Edge, string | null>();
    const report = (): void => {
      const waiting = waits.get('mail') ?? waits.get('odoo') ?? null;
      const remark = guard.remark() ?? posting.remark();
      if (waiting !== null) health.set('paused', waiting);
      else if (remark !== null) health.set('degraded', remark);
      else
        health.set('ok', config.DRY_RUN ? 'DRY_RUN is on: nothing is sent or posted' : (news ?? undefined));
    };
    /** Mails and invoices each in a loop of their own: an Odoo that hangs keeps no mail waiting. */
    const lane = (edge: Edge): ScanLoop => {
      const waiting = (line: string | null): void => {
        waits.set(edge, line);
      };
      const loop = scanLoop({
        scan: async (signal) => {
          if (edge === 'odoo') posting.retry();
          await scanApprovals({ ...deps, waiting, wakeAt: (ms) => loop.wakeAt(ms) }, signal, edge);
          if (edge === 'mail') news = await records.line();
          report();
        },
        everyMs: config.SCAN_SECONDS * 1000,
        clock,
        onError: (error) => {
          // A log that cannot be written, or a state folder that is a link: no effect, and the user is told.
          log.error({ err: error }, 'effects are stopped');
          waits.set(edge, `effects are stopped: ${error instanceof Error ? error.message : 'unknown error'}`);
          report();
        },
      });
      return loop;
    };
    const lanes = { mail: lane('mail'), odoo: lane('odoo') };
    const watch = await vault.watch(['Approved', 'In_Progress/local-agent', 'Needs_Action/email'], () => {
      lanes.mail.hint();
      lanes.odoo.hint();
    });
    const notices = new AbortController();
    if (config.DIGEST_AT !== null) {
      const send = () => effects.dailyNotice();
      const onError = (error: unknown) => log.warn({ err: error }, 'the daily notice was not sent');
      void sendDaily({ at: config.DIGEST_AT, timeZone, clock, send, onError }, notices.signal);
    }
    if (config.NOTIFY.includes('mail')) {
      const news = noticeNews({
        ...HOURLY,
        vault,
        now: () => clock.now(),
        happenings: () => readHappenings(stateDir, clock.now()),
      });
      const mail = { name: 'mail', gapMs: HOUR_MS, send: () => effects.stateNotice() };
      const onWay = (_way: string, error: unknown) => {
        if (error !== null) log.warn({ err: error }, 'a notice by mail was not sent');
      };
      const folder = join(stateDir, 'notices');
      void sendNotices(
        { folder, ways: [mail], causes: config.NOTIFY_ON, news, clock, onWay },
        notices.signal,
      );
    }
    return {
      stop: async () => {
        notices.abort();
        await watch.close();
        const invoices = lanes.odoo.stop();
        await lanes.mail.stop();
        await Promise.race([invoices, posting.stop().then(() => clock.sleep(LAST_STEPS_MS))]);
        await guard.stop();
        await effects.stop();
      },
    };
  },
});
