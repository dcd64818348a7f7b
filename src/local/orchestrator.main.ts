/**
 * NAME
 *   orchestrator: keeps the vault in order and tells the user where everything is.
 *
 * WHAT IT DOES
 *   Writes `Dashboard.md`, of which it is the only writer; makes missing state folders again; takes
 *   sync-conflict copies out of the state folders; removes unfinished files of ours that a crash left.
 *   Hints of the file watch wake it, a scan every SCAN_SECONDS is the truth.
 * READS
 *   All open state folders, `Updates/`, the approval handler's audit log, `PAUSE.md`.
 * WRITES
 *   `Dashboard.md`, `Conflicts/` (moves), `Logs/local-agent/*.orchestrator.jsonl`,
 *   `Updates/local-agent/orchestrator.json`. No task file.
 * SECRETS
 *   None.
 * MAY IT RUN TWICE
 *   No; a lock in STATE_DIR keeps a second one out. Two would overwrite each other's page, nothing worse.
 * ON CRASH
 *   Nothing to repair: every pass starts from what lies in the vault. A conflict copy that was moved just
 *   before its audit line was written stays in `Conflicts/` without the line.
 */
import { join } from 'node:path';
import { AuditFault } from '../audit/audit-fault.ts';
import { AuditLog } from '../audit/audit-log.ts';
import { recentRecords } from '../audit/recent-records.ts';
import { OPEN_FOLDERS } from '../core/states.ts';
import { runDaemon } from '../runtime/daemon.ts';
import { scanLoop } from '../runtime/scan-loop.ts';
import { sweepVault } from '../stages/sweep-vault.ts';
import { dashboardWriter } from '../stages/write-dashboard.ts';

const SENT_SHOWN = 10;
const WHOLE_SWEEP_MS = 3_600_000;
/** A thousand mails after an outage are a thousand hints; nobody reads a page that changes that often. */
const BETWEEN_PASSES_MS = 500;

runDaemon({
  process: 'orchestrator',
  agent: 'local-agent',
  keys: ['DRY_RUN'],
  start: async ({ config, vault, clock, log, stateDir, agent, health, fatal }) => {
    const logs = await vault.logFolder(agent);
    const now = () => clock.now();
    const audit = await AuditLog.open({
      dir: logs,
      process: 'orchestrator',
      headFile: join(stateDir, 'audit', 'orchestrator.head.json'),
      now,
    });
    const sentRecords = () =>
      recentRecords({
        dir: logs,
        process: 'approval-handler',
        wanted: (record) => record.action === 'mail.sent',
        max: SENT_SHOWN,
      });
    const timeZone = config.TIMEZONE;
    const dashboard = dashboardWriter({ vault, now, timeZone, dryRun: config.DRY_RUN, sentRecords });
    let wholeSweepDue = 0;
    let notBefore = 0;
    const scan = async (signal: AbortSignal): Promise<void> => {
      await clock.sleep(Math.max(0, notBefore - now()), signal);
      const whole = now() >= wholeSweepDue;
      const swept = await sweepVault({ vault, now, timeZone, audit }, whole ? 'all' : 'open');
      if (whole) wholeSweepDue = now() + WHOLE_SWEEP_MS;
      if (swept.setAside + swept.removed > 0) log.info({ ...swept }, 'swept');
      if ((await dashboard.write(swept.faults)) === 'written') log.debug('dashboard written');
      notBefore = now() + BETWEEN_PASSES_MS;
      health.set(swept.faults.length === 0 ? 'ok' : 'degraded', swept.faults[0]);
    };
    const loop = scanLoop({
      scan,
      everyMs: config.SCAN_SECONDS * 1000,
      clock,
      onError: (error) => {
        if (error instanceof AuditFault) return fatal(error);
        log.error({ err: error }, 'the pass failed; the next one tries again');
        health.set('degraded', 'the last pass failed; see the log');
      },
    });
    const watch = await vault.watch(OPEN_FOLDERS, () => loop.hint());
    return {
      stop: async () => {
        await watch.close();
        await loop.stop();
      },
    };
  },
});
