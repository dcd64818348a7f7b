/** The operator's command line: finds the verb, prints its answer, gives the exit code. */
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { AuditFault } from '../audit/audit-fault.ts';
import { ConfigFault } from '../runtime/config.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import { VaultFault } from '../vault/vault.ts';
import { approveVerb } from './approve.ts';
import { auditVerifyVerb } from './audit-verify.ts';
import { type Place, placesIn } from './command-tree.ts';
import { backupVerb } from './backup.ts';
import { completionVerb } from './completion.ts';
import { doctorVerb } from './doctor.ts';
import { EXIT_WORDS, type ExitCode } from './exit-codes.ts';
import { initVerb } from './init.ts';
import { loginVerb } from './login.ts';
import { holdVerb } from './hold.ts';
import { lsVerb } from './ls.ts';
import { odooCommand } from './odoo-guard.ts';
import { COLOURED, PLAIN } from './paint.ts';
import { type Progress, progress } from './progress.ts';
import { Interrupted } from './prompt.ts';
import { rejectVerb } from './reject.ts';
import { releaseVerb } from './release.ts';
import { resolveVerb } from './resolve.ts';
import { restoreVerb } from './restore.ts';
import { showVerb } from './show.ts';
import { statusVerb } from './status.ts';
import { syncApplyVerb } from './sync-apply.ts';
import { syncIgnoresVerb } from './sync-ignores.ts';
import { vaultCheckVerb } from './vault-check.ts';
import { commonConfig, type VerbContext, VerbFault } from './verb.ts';

export interface Terminal {
  readonly cwd: string;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Absent when nobody sits there. */
  readonly ask?: (question: string) => Promise<string>;
  /** Without an echo. */
  readonly askSecret?: (question: string) => Promise<string>;
  readonly colour?: boolean;
  /** One line that is replaced by the next; null takes it away. Absent when nobody sees it. */
  readonly progress?: (line: string | null) => void;
}

/** `vault-template` and `.env.example` lie beside `src` and `dist`. */
const PROGRAM_DIR = join(import.meta.dirname, '..', '..');

export async function runCli(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let exit: ExitCode = EXIT.ok;
  const context = contextOf(terminal, (code) => {
    exit = code;
  });
  try {
    await program(context, terminal).parseAsync([...args], { from: 'user' });
    return exit;
  } catch (error) {
    return fault(error, args.includes('--json'), terminal);
  }
}

function contextOf(terminal: Terminal, ended: (exit: ExitCode) => void): VerbContext {
  const waiting = progress(terminal.progress, () => Date.now());
  return {
    programDir: PROGRAM_DIR,
    cwd: terminal.cwd,
    now: () => Date.now(),
    config: commonConfig,
    answer: (outcome, json) => {
      ended(outcome.exit);
      terminal.out(`${json ? JSON.stringify(outcome.json) : outcome.text}\n`);
    },
    say: (text) => {
      waiting.pause();
      terminal.out(`${text}\n`);
      waiting.resume();
    },
    ask: quietly(waiting, terminal.ask),
    askSecret: quietly(waiting, terminal.askSecret),
    paint: terminal.colour === true ? COLOURED : PLAIN,
    doing: (words) => waiting.doing(words),
    progress: waiting,
  };
}

/** Every verb with its flags, for tests that hold documents against them. */
export function knownPlaces(): readonly Place[] {
  const nowhere: Terminal = { cwd: PROGRAM_DIR, out: () => undefined, err: () => undefined };
  return placesIn(
    program(
      contextOf(nowhere, () => undefined),
      nowhere,
    ),
  );
}

type Ask = (question: string) => Promise<string>;

function quietly(waiting: Progress, ask: Ask | undefined): Ask | undefined {
  if (ask === undefined) return undefined;
  return async (question) => {
    waiting.pause();
    try {
      return await ask(question);
    } finally {
      waiting.resume();
    }
  };
}

function program(context: VerbContext, terminal: Terminal): Command {
  const audit = new Command('audit').description('the audit log').addCommand(auditVerifyVerb(context));
  const vault = new Command('vault').description('the vault').addCommand(vaultCheckVerb(context));
  const sync = new Command('sync')
    .description('the Syncthing of this machine')
    .addCommand(syncApplyVerb(context))
    .addCommand(syncIgnoresVerb(context));
  const odoo = odooCommand(context);
  const verbs = [
    initVerb(context),
    loginVerb(context),
    doctorVerb(context),
    statusVerb(context),
    lsVerb(context),
    showVerb(context),
    approveVerb(context),
    rejectVerb(context),
    holdVerb(context),
    releaseVerb(context),
    resolveVerb(context),
    audit,
    odoo,
    sync,
    vault,
    backupVerb(context),
    restoreVerb(context),
    completionVerb(context, () => root),
  ];
  const root: Command = new Command('handover')
    .description('What waits, what was sent, and the moves you can make from a terminal.')
    .addHelpText('after', `\nExit codes:\n${EXIT_WORDS.map(([n, words]) => `  ${n}  ${words}`).join('\n')}`);
  for (const command of verbs) root.addCommand(command);
  for (const command of [root, ...verbs.flatMap(withSubcommands)]) {
    const hasColours = (): boolean => terminal.colour === true;
    command.exitOverride().configureHelp({ styleTitle: context.paint.strong }).configureOutput({
      writeOut: terminal.out,
      writeErr: terminal.err,
      getOutHasColors: hasColours,
      getErrHasColors: hasColours,
    });
  }
  return root;
}

function withSubcommands(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

function fault(error: unknown, json: boolean, terminal: Terminal): ExitCode {
  // Commander has printed its own words already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const { code, message, exit } = describe(error);
  if (json) terminal.out(`${JSON.stringify({ error: { code, message } })}\n`);
  terminal.err(`handover: ${message}\n`);
  return exit;
}

function describe(error: unknown): { code: string; message: string; exit: ExitCode } {
  if (error instanceof VerbFault) return error;
  if (error instanceof Interrupted) {
    return { code: 'interrupted', message: 'interrupted', exit: EXIT.failure };
  }
  if (error instanceof ConfigFault) return { code: 'config', message: error.message, exit: EXIT.config };
  if (error instanceof AuditFault) {
    return { code: error.code, message: `${error.message}: ${error.hint}`, exit: EXIT.failure };
  }
  if (error instanceof VaultFault && error.code === 'no-vault') {
    return { code: error.code, message: 'VAULT_DIR is no vault yet; run: handover init', exit: EXIT.config };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'unexpected', message, exit: EXIT.failure };
}
