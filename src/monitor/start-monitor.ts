/** The monitor's work, the same on both hosts: who turns, who was started again, and the page of it. */
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { AuditLog } from '../audit/audit-log.ts';
import { logRetention } from '../audit/log-retention.ts';
import { type Happening, MONITOR } from '../core/alive.ts';
import { happeningLine, happeningWords, troubleWords } from '../core/alive-words.ts';
import type { Agent } from '../core/states.ts';
import type { Clock } from '../runtime/clock.ts';
import { readHappenings } from '../runtime/happenings.ts';
import type { Logger } from '../runtime/logger.ts';
import { pm2Commands } from '../runtime/pm2-commands.ts';
import { watchAlive } from '../runtime/watch-alive.ts';
import type { Vault } from '../vault/vault.ts';
import { type NoticeSettings, startNotices } from './start-notices.ts';

interface Host {
  readonly config: NoticeSettings & { readonly TIMEZONE: string };
  readonly vault: Vault;
  readonly stateDir: string;
  readonly agent: Agent;
  readonly clock: Clock;
  readonly log: Logger;
  readonly health: {
    set(state: 'ok' | 'degraded', reason?: string): void;
    note(about: string, words: string | null): void;
  };
  /** Where nobody else does: audit logs of this machine older than so many days are dropped. */
  readonly keepLogDays?: number;
  /** In which PM2 left word of itself. */
  readonly environment: Readonly<Record<string, string>>;
}

export async function startMonitor(host: Host): Promise<{ stop(): Promise<void> }> {
  const { config, vault, stateDir, agent, clock, log, health, keepLogDays } = host;
  const dir = await vault.logFolder(agent);
  const now = () => clock.now();
  const monotonic = () => performance.now();
  const headDir = join(stateDir, 'audit');
  const audit = await AuditLog.open({
    dir,
    process: MONITOR,
    headFile: join(headDir, `${MONITOR}.head.json`),
    now,
  });
  const oldLogs =
    keepLogDays === undefined
      ? null
      : logRetention({ dir, headDir, keepDays: keepLogDays, now, monotonic, audit });
  const watch = watchAlive({
    ...{ stateDir, clock, only: null, watcher: MONITOR },
    monotonic,
    pm2: pm2Commands(host.environment),
    onHappening: async (happening) => {
      log.warn({ happening }, happeningWords(happening));
      // A log that cannot be written must not keep a hanging process from being started again.
      await audit
        .append(auditEntry(happening))
        .catch((error: unknown) => log.error({ err: error }, 'no audit line'));
    },
    onLook: async ([trouble]) => {
      const at = now();
      const last = (await readHappenings(stateDir, at)).filter(({ done }) => done === 'restarted').at(-1);
      if (trouble) health.set('degraded', troubleWords(trouble));
      else health.set('ok', last && happeningLine(last, at, config.TIMEZONE));
      await oldLogs?.step().catch((error: unknown) => log.error({ err: error }, 'old logs were not dropped'));
    },
    onError: (error) => log.warn({ err: error }, 'a look at the processes failed'),
  });
  const notices = startNotices(host, config);
  return {
    stop: async () => {
      await notices.stop();
      await watch.stop();
    },
  };
}

function auditEntry(happening: Happening) {
  const { process, what, done, pid } = happening;
  return { action: `process.${what}`, target: process, parameters: { pid }, result: done };
}
