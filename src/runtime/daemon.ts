import { mkdir, realpath } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { watchedBy } from '../core/alive.ts';
import { happeningWords, troubleWords } from '../core/alive-words.ts';
import type { At } from '../core/crash-points.ts';
import type { Agent } from '../core/states.ts';
import { isInside } from '../files/inside.ts';
import { Vault } from '../vault/vault.ts';
import { beatAlive } from './alive.ts';
import { type Clock, systemClock } from './clock.ts';
import {
  childEnvironment,
  type Config,
  ConfigFault,
  crashRequest,
  isConfigured,
  type Key,
  loadConfig,
} from './config.ts';
import { EXIT } from './exit-codes.ts';
import { Health } from './health.ts';
import { takeLock } from './lock.ts';
import { createLogger, type Logger } from './logger.ts';
import { pm2Commands } from './pm2-commands.ts';
import { watchAlive } from './watch-alive.ts';

export interface DaemonContext<K extends Key> {
  readonly config: Config<K>;
  readonly log: Logger;
  readonly clock: Clock;
  readonly vault: Vault;
  /** STATE_DIR, made and mode 0700. */
  readonly stateDir: string;
  readonly agent: Agent;
  readonly health: Health;
  readonly at: At;
  /** An invariant broke or the disk is gone: say so, stop, let PM2 start a fresh process. */
  readonly fatal: (error: unknown) => void;
}

export interface Running {
  /** Stops claiming, finishes or gives back what is under way. */
  stop(): Promise<void>;
}

/**
 * The skeleton of every process: configuration (exit 78 when it is wrong), the lock, the vault, then the
 * work; `ready` to PM2 when it can work; first signal: finish and go; second: go.
 */
export function runDaemon<const K extends Key>(daemon: {
  readonly process: string;
  readonly agent: Agent;
  readonly keys: readonly K[];
  /** Keys that may stay empty elsewhere and that this process cannot do without. */
  readonly needs?: readonly K[];
  readonly start: (context: DaemonContext<K>) => Promise<Running>;
}): void {
  void main(daemon);
}

async function main<const K extends Key>(daemon: Parameters<typeof runDaemon<K>>[0]): Promise<void> {
  const config = readConfig(daemon.process, daemon.keys, daemon.needs);
  const log = createLogger(daemon.process, config.LOG_LEVEL);
  const releasers: ((code: number) => Promise<void>)[] = [];
  const quit = once(async (code: number) => {
    for (const release of releasers.reverse()) {
      await release(code).catch((error: unknown) => log.error({ err: error }, 'stopping failed'));
    }
    process.exit(code);
  });
  const fatal = (error: unknown): void => {
    log.fatal({ err: error }, 'cannot go on');
    void quit(EXIT.failure);
  };
  process.on('uncaughtException', fatal);
  process.on('unhandledRejection', fatal);
  listenForStop((why) => {
    log.info({ why }, 'stopping');
    void quit(EXIT.ok);
  });
  try {
    const stateDir = config.STATE_DIR;
    await mkdir(stateDir, { recursive: true, mode: 0o700 });
    const vault = await Vault.open(config.VAULT_DIR);
    // The configuration was compared as text; a link shows only now.
    if (isInside(vault.root, await realpath(stateDir))) {
      log.error('STATE_DIR lies inside VAULT_DIR, through a link: it must not travel with the vault');
      await quit(EXIT.config);
      return;
    }
    const lock = await takeLock(stateDir, daemon.process);
    if (!lock) {
      log.error('another process of this name is running with this STATE_DIR; not started twice');
      process.exit(EXIT.failure);
    }
    releasers.push(() => lock.release());
    const clock = systemClock;
    const alive = await beatAlive({
      stateDir,
      process: daemon.process,
      now: () => clock.now(),
      onError: (error) => log.warn({ err: error }, 'sign of life not given'),
    });
    releasers.push((code) => alive.release(code === EXIT.ok || code === EXIT.config));
    await vault.ensureFolders();
    const health = new Health({
      vault,
      agent: daemon.agent,
      process: daemon.process,
      clock,
      onError: (error) => log.warn({ err: error }, 'heartbeat not written'),
    });
    releasers.push(() => health.stop());
    const context = {
      config,
      log,
      clock,
      vault,
      stateDir,
      agent: daemon.agent,
      health,
      at: crashAt(),
      fatal,
    };
    const running = await daemon.start(context);
    releasers.push(() => running.stop());
    const monitor = watchMonitor({ ...context, process: daemon.process });
    if (monitor) releasers.push(() => monitor.stop());
    log.info({ vault: vault.root }, 'ready');
    process.send?.('ready');
  } catch (error) {
    fatal(error);
  }
}

/** The monitor watches all; the monitor itself is watched by one process of each host. */
function watchMonitor(
  context: Pick<DaemonContext<Key>, 'log' | 'clock' | 'stateDir' | 'health'> & {
    readonly process: string;
    readonly config: { readonly SYNC: string };
  },
): { stop(): Promise<void> } | null {
  const { log, clock, stateDir, health } = context;
  const only = watchedBy(context.process, context.config.SYNC === 'syncthing');
  if (only === null) return null;
  return watchAlive({
    ...{ stateDir, clock, only, watcher: context.process },
    monotonic: () => performance.now(),
    pm2: pm2Commands(childEnvironment()),
    onHappening: (happening) => {
      log.warn({ happening }, happeningWords(happening));
    },
    onLook: ([trouble]) => {
      health.note('monitor', trouble === undefined ? null : troubleWords(trouble));
    },
    onError: (error) => log.warn({ err: error }, 'the monitor could not be looked at'),
  });
}

/** Exits with 78, every fault told, when the configuration is wrong. */
export function readConfig<K extends Key>(
  process_: string,
  keys: readonly K[],
  needs: readonly K[] = [],
): Config<K> {
  const missing = needs.filter((key) => !isConfigured([key])).map((key) => `${key} is missing`);
  try {
    const config = loadConfig(keys);
    if (missing.length === 0) return config;
    throw new ConfigFault([]);
  } catch (error) {
    if (!(error instanceof ConfigFault)) throw error;
    const told = new ConfigFault([...error.faults, ...missing]);
    process.stderr.write(`${process_}: ${told.message}\n`);
    process.exit(EXIT.config);
  }
}

/** `disconnect`: PM2's daemon was killed; without this its own agent would exit us mid-step after 0.5 s. */
function listenForStop(onStop: (why: string) => void): void {
  let asked = false;
  const stop = (why: string) => {
    if (asked && why !== 'disconnect') process.exit(EXIT.failure);
    if (asked) return;
    asked = true;
    onStop(why);
  };
  process.on('SIGINT', () => stop('SIGINT'));
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('disconnect', () => stop('disconnect'));
  process.on('message', (message) => {
    if (message === 'shutdown') stop('shutdown');
  });
}

function once(run: (code: number) => Promise<void>): (code: number) => Promise<void> {
  let running: Promise<void> | null = null;
  return (code) => (running ??= run(code));
}

/** Dies as `kill -9` does, at the asked point; see core/crash-points.ts. */
export function crashAt(): At {
  const wish = crashRequest();
  if (!wish) return () => undefined;
  let seen = 0;
  return (point) => {
    if (point === wish.point && ++seen === wish.nth) process.kill(process.pid, 'SIGKILL');
  };
}
