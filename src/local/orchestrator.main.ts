/**
 * NAME
 *   orchestrator: keeps the vault in order and tells the user where everything is.
 *
 * WHAT IT DOES
 *   Writes `Dashboard.md`, of which it is the only writer; makes missing state folders again; takes
 *   sync-conflict copies out of the state folders; removes unfinished files of ours that a crash left, and days of this
 *   laptop's audit logs that are older than LOG_KEEP_DAYS.
 *   With two machines: settles doubles and conflict copies, puts back tasks that another device deleted,
 *   tells what other devices did to files of this laptop, drafts when the cloud is silent. Takes an unsent draft
 *   that a newer mail of its thread made idle out of `Pending_Approval/email`.
 *   Hints of the file watch wake it, a scan every SCAN_SECONDS is the truth.
 * READS
 *   All open state folders, `Updates/`, the approval handler's audit log, `PAUSE.md`; STATE_DIR (`journal/`,
 *   `active/`, `drafting/`, `offers/`, `sends/`, `posts/`, `accounts/`); `.stversions/`; Syncthing's REST interface
 *   on this machine.
 * WRITES
 *   `Dashboard.md`, `Conflicts/` and `Skipped/` (moves), `Logs/local-agent/*.orchestrator.jsonl`,
 *   `Updates/local-agent/orchestrator.json`. Task files it moves and puts back; it changes only
 *   the one it took to `Skipped`, which is told why.
 *   STATE_DIR (`orchestrator/`, `open-tasks/`, `sync/`). The take-over: see take-over.ts.
 * SECRETS
 *   The key of Syncthing's REST interface; for the take-over the model key, when a model drafts.
 * MAY IT RUN TWICE
 *   No; a lock in STATE_DIR keeps a second one out. Two would overwrite each other's page, nothing worse.
 * ON CRASH
 *   Little to repair: every pass starts from what lies in the vault. A conflict copy that was moved just
 *   before its audit line was written stays in `Conflicts/` without the line. A task that was put back just
 *   before it was noted counts once less towards the limit.
 */
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { AuditFault } from '../audit/audit-fault.ts';
import { AuditLog } from '../audit/audit-log.ts';
import { logRetention } from '../audit/log-retention.ts';
import { OPEN_FOLDERS } from '../core/states.ts';
import { SYNC_KEYS } from '../runtime/config.ts';
import { runDaemon } from '../runtime/daemon.ts';
import { type ScanLoop, scanLoop } from '../runtime/scan-loop.ts';
import { Offers } from '../stages/offers.ts';
import { sweepVault } from '../stages/sweep-vault.ts';
import { type DashboardWriter, dashboardWriter } from '../stages/write-dashboard.ts';
import { staleWithdrawer } from '../stages/withdraw-stale.ts';
import { secretWatch } from '../vault/secret-watch.ts';
import { inspectShape } from '../vault/shape.ts';
import { dashboardSources } from './dashboard-sources.ts';
import { openReplicas } from './replicas.ts';

const WHOLE_SWEEP_MS = 3_600_000;
/** A thousand mails after an outage are a thousand hints; nobody reads a page that changes that often. */
const BETWEEN_PASSES_MS = 500;

runDaemon({
  process: 'orchestrator',
  agent: 'local-agent',
  keys: ['DRY_RUN', 'LOG_KEEP_DAYS', 'MAX_SENDS_PER_HOUR', 'MAX_POSTS_PER_HOUR', ...SYNC_KEYS],
  start: async (context) => {
    const { config, vault, clock, log, stateDir, agent, health, fatal, at } = context;
    const logs = await vault.logFolder(agent);
    const now = () => clock.now();
    const audit = await AuditLog.open({
      dir: logs,
      process: 'orchestrator',
      headFile: join(stateDir, 'audit', 'orchestrator.head.json'),
      now,
    });
    const oldLogs = logRetention({
      ...{ dir: logs, headDir: join(stateDir, 'audit'), keepDays: config.LOG_KEEP_DAYS, now, audit },
      monotonic: () => performance.now(),
    });
    const sources = await dashboardSources({ logs, stateDir, now, config });
    const timeZone = config.TIMEZONE;
    // Syncthing may have something to say before there is a loop; the first pass sees it then.
    const started: { loop?: ScanLoop; dashboard?: DashboardWriter } = {};
    const hint = () => started.loop?.hint();
    const onDashboard = () => started.dashboard?.forget();
    const replicas =
      config.SYNC === 'syncthing' ? await openReplicas({ context, audit, fatal, hint, onDashboard }) : null;
    const dashboard = dashboardWriter({
      ...{ vault, now, timeZone, ...sources, dryRun: config.DRY_RUN },
      wakeAt: (ms) => started.loop?.wakeAt(ms),
      ...(replicas
        ? {
            handover: (replier) => replicas.handover(replier),
            reasons: replicas.reasons,
            remember: (shown, at) => replicas.remember(shown, at),
          }
        : {}),
    });
    started.dashboard = dashboard;
    const withdrawStale = staleWithdrawer({ vault, offers: new Offers({ stateDir, clock }), audit, at });
    const secrets = secretWatch({ root: vault.root, now });
    const conflictCopies = replicas ? 'leave' : 'set_aside';
    let wholeSweepDue = 0;
    let notBefore = 0;
    let told: readonly string[] = [];
    const scan = async (signal: AbortSignal): Promise<void> => {
      await clock.sleep(Math.max(0, notBefore - now()), signal);
      const whole = now() >= wholeSweepDue || replicas?.wholeWanted() === true;
      const kept = await replicas?.pass(whole);
      if (kept && kept.lookAgainAt !== null)
        loop.wakeAt(Math.max(kept.lookAgainAt, now() + BETWEEN_PASSES_MS));
      const swept = await sweepVault({ vault, now, timeZone, audit, conflictCopies }, whole ? 'all' : 'open');
      const withdrawn = await withdrawStale();
      if (withdrawn > 0) log.info({ withdrawn }, 'drafts withdrawn: a newer mail of their thread came');
      if (whole) wholeSweepDue = now() + WHOLE_SWEEP_MS;
      if (swept.setAside + swept.removed > 0) log.info({ ...swept }, 'swept');
      const wrong = [
        ...swept.faults,
        ...shapeWords(vault.root, now(), swept.faults),
        ...listOf(await secrets.words()),
      ];
      told = [...wrong, ...(kept?.faults ?? [])];
      if ((await dashboard.write(told)) === 'written') log.debug('dashboard written');
      notBefore = now() + BETWEEN_PASSES_MS;
      health.set(wrong.length === 0 ? 'ok' : 'degraded', wrong[0]);
      const dropped = await oldLogs.step();
      if (dropped > 0) log.info({ dropped }, 'old days of the audit logs dropped');
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
    started.loop = loop;
    const watch = await vault.watch(OPEN_FOLDERS, hint);
    return {
      stop: async () => {
        await watch.close();
        await loop.stop();
        if (!replicas) return;
        // What the phone reads until this laptop is back.
        replicas.stopping();
        await dashboard.write(told).catch((error: unknown) => log.warn({ err: error }, 'page not written'));
        await replicas.stop();
      },
    };
  },
});

/** The sweep met some of it already. */
function shapeWords(root: string, at: number, met: readonly string[]): readonly string[] {
  return inspectShape(root, at)
    .filter(({ path }) => !met.some((words) => words.startsWith(`${path}:`)))
    .map(({ words }) => words);
}

function listOf(words: string | null): readonly string[] {
  return words === null ? [] : [words];
}
