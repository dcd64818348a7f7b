/** What every verb of `handover` has in common: what it may use, and what it answers. */
import { Command } from 'commander';
import { type CommonConfig, loadConfig } from '../runtime/config.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import { Vault } from '../vault/vault.ts';
import type { ExitCode } from './exit-codes.ts';
import type { Paint } from './paint.ts';
import type { Progress } from './progress.ts';

export interface Outcome {
  readonly exit: ExitCode;
  /** For people; without the last newline. */
  readonly text: string;
  /** For scripts: printed instead of `text` with `--json`. */
  readonly json: unknown;
}

/** The verb was asked for something that cannot be. */
export class VerbFault extends Error {
  readonly code: string;
  readonly exit: ExitCode;

  constructor(code: string, message: string, exit: ExitCode = EXIT.failure) {
    super(message);
    this.name = 'VerbFault';
    this.code = code;
    this.exit = exit;
  }
}

export interface VerbContext {
  /** Where the program lies: `vault-template` and `.env.example` are below it. */
  readonly programDir: string;
  /** Where `.env` is looked for and written. */
  readonly cwd: string;
  readonly now: () => number;
  readonly config: () => CommonConfig;
  readonly answer: (outcome: Outcome, json: boolean) => void;
  /** A text before the answer. */
  readonly say: (text: string) => void;
  /** The user's line; undefined when nobody sits at a terminal. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
  /** As `ask`, and what is typed is not shown. */
  readonly askSecret: ((question: string) => Promise<string>) | undefined;
  /** For texts to people; identity where there is no colour. */
  readonly paint: Paint;
  /** What a long verb is at, for whoever waits at a terminal. */
  readonly doing: (words: string) => void;
  readonly progress: Progress;
}

/** A subcommand with `--json`, whose answer goes to the context. */
export function verb(
  context: VerbContext,
  usage: { readonly name: string; readonly arguments?: string; readonly summary: string },
  run: (args: readonly string[], options: Readonly<Record<string, unknown>>) => Promise<Outcome>,
): Command {
  const command = new Command(usage.name).description(usage.summary);
  if (usage.arguments !== undefined) command.arguments(usage.arguments);
  command.option('--json', 'answer as JSON');
  command.action(async () => {
    const options = command.opts<Record<string, unknown>>();
    context.progress.begin(usage.name);
    try {
      const outcome = await run(command.args, options);
      context.progress.end();
      context.answer(outcome, options['json'] === true);
    } finally {
      context.progress.end();
    }
  });
  return command;
}

/** Only what every process needs: the operator's verbs hold no secret. */
export function commonConfig(): CommonConfig {
  return loadConfig([]);
}

export async function openVault(context: VerbContext): Promise<Vault> {
  return Vault.open(context.config().VAULT_DIR);
}
