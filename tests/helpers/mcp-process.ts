import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { until } from './until.ts';

const ROOT = join(import.meta.dirname, '../..');

export interface StartedMain {
  readonly child: ChildProcess;
  /** Exit code and signal. */
  readonly gone: Promise<unknown[]>;
  /** Resolves when it told PM2 that it can work; rejects when it ended before. */
  ready(): Promise<unknown>;
  /** Everything it wrote. */
  output(): string;
}

/** An entry of ours from its source, with nothing but `env`; ended with the test. */
export function startMain(main: string, env: Record<string, string>): StartedMain {
  const child = spawn(process.execPath, ['--import', 'tsx', join(ROOT, main)], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const gone = once(child, 'exit');
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await gone;
  });
  let isReady = false;
  child.on('message', (message) => (isReady ||= message === 'ready'));
  const ready = () =>
    until('it is ready', () => {
      if (child.exitCode !== null) throw new Error(`exited with ${child.exitCode}: ${output}`);
      return isReady;
    });
  return { child, gone, ready, output: () => output };
}

/** The SDK's own client. */
export function mcpOverHttp(port: number, token: string): Promise<Client> {
  const headers = { Authorization: `Bearer ${token}` };
  const url = new URL(`http://127.0.0.1:${port}/mcp`);
  return connected(new StreamableHTTPClientTransport(url, { requestInit: { headers } }));
}

export function mcpOverStdio(main: string, env: Record<string, string>): Promise<Client> {
  const args = ['--import', 'tsx', join(ROOT, main), '--stdio'];
  const command = { command: process.execPath, args, cwd: ROOT, stderr: 'ignore' as const };
  return connected(new StdioClientTransport({ ...command, env }));
}

async function connected(transport: Transport): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(transport);
  onTestFinished(() => client.close());
  return client;
}
