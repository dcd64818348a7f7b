/**
 * NAME
 *   health-monitor: sees when a process of this machine hangs or is gone, starts it again and tells (the cloud's half).
 *
 * WHAT IT DOES
 *   Every process touches its mark in STATE_DIR every ten seconds. One whose mark stands still while it exists is
 *   killed, and PM2 starts it again; one that PM2 gave up is started by PM2's own command line: three times an hour,
 *   no more. Who slept or starved itself judges nobody. The monitor is watched in its turn, by draft-replier.
 *   With NOTIFY it tells the user of waiting cards and of failures, by ntfy: numbers and names of processes.
 *   Audit logs of this machine that are older than LOG_KEEP_DAYS are dropped, once a day.
 * READS
 *   STATE_DIR (`alive/`, `monitor/`); what PM2 says of its processes; for notices `Pending_Approval/`, `Updates/`.
 * WRITES
 *   STATE_DIR (`monitor/`, `notices/`, `audit/`), `Logs/cloud-agent/*.health-monitor.jsonl`, `Updates/cloud-agent/health-monitor.json`.
 * SECRETS
 *   NTFY_TOKEN, and the topic in NTFY_URL, which is as good as one.
 * MAY IT RUN TWICE
 *   No; a lock in STATE_DIR keeps a second one out.
 * ON CRASH
 *   PM2 starts it again. It writes down what it is about to do before it does it.
 */
import { MONITOR } from '../core/alive.ts';
import { startMonitor } from '../monitor/start-monitor.ts';
import { childEnvironment } from '../runtime/config.ts';
import { runDaemon } from '../runtime/daemon.ts';

runDaemon({
  process: MONITOR,
  agent: 'cloud-agent',
  keys: ['NOTIFY', 'NOTIFY_ON', 'NTFY_URL', 'NTFY_TOKEN', 'LOG_KEEP_DAYS'],
  start: (context) =>
    startMonitor({
      ...context,
      environment: childEnvironment(),
      keepLogDays: context.config.LOG_KEEP_DAYS,
    }),
});
