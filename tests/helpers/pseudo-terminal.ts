import { onTestFinished } from 'vitest';
import { type AtTerminal, openTerminal, type TerminalOptions } from './terminal.ts';

/** For use inside a test: ended when the test is. */
export function atTerminal(command: readonly string[], options: TerminalOptions): AtTerminal {
  const terminal = openTerminal(command, options);
  onTestFinished(() => terminal.kill());
  return terminal;
}
