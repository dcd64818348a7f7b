#!/usr/bin/env node
import { prompter } from './prompt.ts';
import { runCli } from './run-cli.ts';

const { stdin, stdout, stderr } = process;
const atTerminal = stdin.isTTY && stdout.isTTY;

process.exitCode = await runCli(process.argv.slice(2), {
  cwd: process.cwd(),
  out: (text) => stdout.write(text),
  err: (text) => stderr.write(text),
  // Node asks NO_COLOR, FORCE_COLOR and TERM.
  colour: stdout.isTTY && stdout.hasColors(),
  ...(stderr.isTTY ? { progress: progressLine } : {}),
  ...(atTerminal ? prompter(stdin, stdout) : {}),
});

function progressLine(line: string | null): void {
  // Back to the first column, and the rest of the line away (ECMA-48).
  stderr.write(`\r\x1b[K${line === null ? '' : line.slice(0, stderr.columns - 1)}`);
}
