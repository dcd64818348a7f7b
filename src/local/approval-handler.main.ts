/**
 * approval-handler: carries out what the user approved.
 *
 * DOES      Claims notes out of `Approved/`, checks them against what was offered and against the moment,
 *           seals the mail's bytes, has email-mcp send them, writes the outcome and moves the note to `Done/`;
 *           what cannot be sent goes back to `Pending_Approval/` with the reason on top.
 * READS     `Approved/`, `In_Progress/local-agent/`, `PAUSE.md`, STATE_DIR.
 * WRITES    `In_Progress/local-agent/`, `Done/`, `Pending_Approval/email/`, `Logs/local-agent/`,
 *           `Updates/local-agent/`, STATE_DIR (`active/`, `offers/`, `journal/`).
 * SECRETS   None of its own: email-mcp, which it spawns, reads the SMTP and IMAP keys.
 * TWICE     No: a lock in STATE_DIR.
 * ON CRASH  The journal says where each effect stands; docs/states.md has every point. PM2 starts it again.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AuditFault } from '../audit/audit-fault.ts';
import { AuditLog } from '../audit/audit-log.ts';
import { parseAddressList } from '../core/address-list.ts';
import { EffectJournal } from '../mail/submission/journal.ts';
import { SealedReplies } from '../mail/submission/sealed-replies.ts';
import { childEnvironment } from '../runtime/config.ts';
import { runDaemon } from '../runtime/daemon.ts';
import { isAlive, ownIdentity } from '../runtime/process-identity.ts';
import { scanLoop } from '../runtime/scan-loop.ts';
import { ulid } from '../runtime/ulid.ts';
import { ActiveEffects } from '../stages/active-effects.ts';
import { type ApprovalDeps, scanApprovals } from '../stages/execute-approval.ts';
import { Offers } from '../stages/offers.ts';
import { EmailMcpClient } from './email-mcp-client.ts';

const PROCESS = 'approval-handler';
const HOUR_MS = 3_600_000;

runDaemon({
  process: PROCESS,
  agent: 'local-agent',
  keys: ['MAIL_FROM', 'UNDO_SECONDS', 'APPROVAL_EXPIRES_HOURS', 'DOUBT_MINUTES', 'DRY_RUN'],
  start: async (context) => {
    const { config, vault, clock, log, stateDir, at, health } = context;
    const from = parseAddressList(config.MAIL_FROM);
    const sender = from.ok ? from.addresses[0] : undefined;
    if (!sender) throw new Error('MAIL_FROM is no mail address');
    const journal = await EffectJournal.open({
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
    let waiting: string | null = null;
    const deps: Omit<ApprovalDeps, 'wakeAt'> = {
      vault,
      clock,
      log,
      at,
      audit,
      effects,
      offers: new Offers({ stateDir, clock }),
      active: new ActiveEffects(stateDir),
      journal: new SealedReplies({ journal, from: sender, now: () => clock.now() }),
      timeZone: config.TIMEZONE,
      undoMs: config.UNDO_SECONDS * 1000,
      doubtMs: config.DOUBT_MINUTES * 60_000,
      expiresMs: config.APPROVAL_EXPIRES_HOURS * HOUR_MS,
      newClaim: () => ulid(clock.now()),
      isSystemFault: (error) => error instanceof AuditFault,
      waiting: (line) => {
        waiting = line;
      },
    };
    const loop = scanLoop({
      scan: async (signal) => {
        await scanApprovals({ ...deps, wakeAt: (ms) => loop.wakeAt(ms) }, signal);
        const dry = config.DRY_RUN ? 'DRY_RUN is on: nothing is sent' : null;
        const reason = waiting ?? dry;
        if (reason === null) health.set('ok');
        else health.set(waiting === null ? 'ok' : 'paused', reason);
      },
      everyMs: config.SCAN_SECONDS * 1000,
      clock,
      onError: (error) => {
        // A log that cannot be written, or a state folder that is a link: no effect, and the user is told.
        log.error({ err: error }, 'effects are stopped');
        health.set(
          'paused',
          `effects are stopped: ${error instanceof Error ? error.message : 'unknown error'}`,
        );
      },
    });
    const watch = await vault.watch(['Approved', 'In_Progress/local-agent'], () => loop.hint());
    return {
      stop: async () => {
        await watch.close();
        await loop.stop();
        await effects.stop();
      },
    };
  },
});
