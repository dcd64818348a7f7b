#!/usr/bin/env node
import { prompter } from './prompt.ts';
import { runCli } from './run-cli.ts';

process.exitCode = await runCli(process.argv.slice(2), {
  cwd: process.cwd(),
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  // Node asks NO_COLOR, FORCE_COLOR and TERM.
  colour: process.stdout.isTTY && process.stdout.hasColors(),
  ...(process.stderr.isTTY ? { progress: progressLine } : {}),
  ...(process.stdin.isTTY && process.stdout.isTTY ? prompter(process.stdin, process.stdout) : {}),
});

function progressLine(line: string | null): void {
  // Back to the first column, and the rest of the line away (ECMA-48).
  process.stderr.write(`\r\x1b[K${line === null ? '' : line.slice(0, process.stderr.columns - 1)}`);
}
