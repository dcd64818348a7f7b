/** A program at a pseudo-terminal, made by script(1) of util-linux: no native module, and on every Debian. */
import { execa } from 'execa';
import { until } from './until.ts';

export interface AtTerminal {
  /** Everything on the screen so far, as it came. */
  readonly screen: () => string;
  /** Waits until the screen holds it, behind what an earlier `sees` found. */
  sees(pattern: RegExp | string, limitMs?: number): Promise<void>;
  /** Waits for the question, then types the line. */
  answer(question: RegExp | string, line: string, limitMs?: number): Promise<void>;
  press(keys: string): void;
  /** At once. Does nothing when it has ended. */
  kill(): void;
  readonly exit: Promise<number | undefined>;
}

export interface TerminalOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Is told what comes, as it comes. */
  readonly onText?: (text: string) => void;
}

export function openTerminal(command: readonly string[], options: TerminalOptions): AtTerminal {
  const quoted = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  const child = execa('script', ['--quiet', '--flush', '--return', '--command', quoted, '/dev/null'], {
    cwd: options.cwd,
    // A build server says so by CI, and Node then takes no terminal for one with colours.
    env: { TERM: 'xterm', CI: undefined, NO_COLOR: undefined, FORCE_COLOR: undefined, ...options.env },
    reject: false,
    stdin: 'pipe',
  });
  let screen = '';
  let seen = 0;
  let ended = false;
  child.stdout.on('data', (chunk: Buffer) => {
    screen += String(chunk);
    options.onText?.(String(chunk));
  });
  const exit = child.then(({ exitCode }) => {
    ended = true;
    return exitCode;
  });
  const sees = async (pattern: RegExp | string, limitMs?: number): Promise<void> => {
    const look = (): number | null => {
      const rest = screen.slice(seen);
      const at = typeof pattern === 'string' ? rest.indexOf(pattern) : rest.search(pattern);
      if (at >= 0) return at + 1;
      if (ended) throw new Error(`it ended without ${String(pattern)}: ${screen}`);
      return null;
    };
    seen += await until(`the screen shows ${String(pattern)}`, look, limitMs);
  };
  return {
    screen: () => screen,
    sees,
    answer: async (question, line, limitMs) => {
      await sees(question, limitMs);
      child.stdin.write(`${line}\r`);
    },
    press: (keys) => void child.stdin.write(keys),
    kill: () => void child.kill('SIGKILL'),
    exit,
  };
}
