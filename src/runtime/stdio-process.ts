import { Vault } from '../vault/vault.ts';
import { type Clock, systemClock } from './clock.ts';
import type { Config, Key } from './config.ts';
import { readConfig } from './daemon.ts';
import { EXIT } from './exit-codes.ts';
import { createLogger, type Logger } from './logger.ts';

/**
 * A process that a client starts and speaks with on stdin and stdout: configuration (exit 78 when it is
 * wrong), the vault, then the work until it ends. No lock and no heartbeat: several may run. Logs on stderr.
 */
export async function runOnStdio<const K extends Key>(process_: {
  readonly process: string;
  readonly keys: readonly K[];
  /** Keys that may stay empty elsewhere and that this process cannot do without. */
  readonly needs?: readonly K[];
  readonly serve: (context: {
    readonly config: Config<K>;
    readonly log: Logger;
    readonly clock: Clock;
    readonly vault: Vault;
  }) => Promise<void>;
}): Promise<void> {
  const config = readConfig(process_.process, process_.keys, process_.needs);
  const log = createLogger(process_.process, config.LOG_LEVEL, 'stderr');
  const fatal = (error: unknown): void => {
    log.fatal({ err: error }, 'cannot go on');
    process.exit(EXIT.failure);
  };
  process.on('uncaughtException', fatal);
  process.on('unhandledRejection', fatal);
  const vault = await Vault.open(config.VAULT_DIR);
  await process_.serve({ config, log, clock: systemClock, vault });
  process.exit(EXIT.ok);
}
