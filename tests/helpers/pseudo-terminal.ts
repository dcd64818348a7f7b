/** A program at a pseudo-terminal, made by script(1) of util-linux: no native module, and on every Debian. */
import { execa } from 'execa';
import { onTestFinished } from 'vitest';
import { until } from './until.ts';

export interface AtTerminal {
  /** Everything on the screen so far, as it came. */
  readonly screen: () => string;
  /** Waits until the screen holds it, behind what an earlier `sees` found. */
  sees(pattern: RegExp | string): Promise<void>;
  /** Waits for the question, then types the line. */
  answer(question: RegExp | string, line: string): Promise<void>;
  press(keys: string): void;
  readonly exit: Promise<number | undefined>;
}

export function atTerminal(
  command: readonly string[],
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): AtTerminal {
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
  child.stdout.on('data', (chunk: Buffer) => (screen += String(chunk)));
  onTestFinished(() => void child.kill('SIGKILL'));
  const exit = child.then(({ exitCode }) => {
    ended = true;
    return exitCode;
  });
  const sees = async (pattern: RegExp | string): Promise<void> => {
    seen += await until(`the screen shows ${String(pattern)}`, () => {
      const rest = screen.slice(seen);
      const at = typeof pattern === 'string' ? rest.indexOf(pattern) : rest.search(pattern);
      if (at >= 0) return at + 1;
      if (ended) throw new Error(`it ended without ${String(pattern)}: ${screen}`);
      return null;
    });
  };
  return {
    screen: () => screen,
    sees,
    answer: async (question, line) => {
      await sees(question);
      child.stdin.write(`${line}\r`);
    },
    press: (keys) => void child.stdin.write(keys),
    exit,
  };
}
