import { ReadBuffer, serializeMessage } from '@modelcontextprotocol/sdk/shared/stdio.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { type ChildProcess, spawn } from 'node:child_process';

/**
 * MCP over the pipes of a process of ours. The SDK's own transport kills its child four seconds after
 * closing: a server that waits for a mail server's last word would leave that mail in doubt. This one
 * closes the pipe and lets the child finish.
 */
export class ChildTransport implements Transport {
  readonly #command: { readonly main: string; readonly env: Readonly<Record<string, string>> };
  readonly #graceMs: number;
  readonly #buffer = new ReadBuffer();
  #child: ChildProcess | null = null;
  #ending: string | null = null;
  #exited: Promise<void> = Promise.resolve();
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;

  /** @param main the compiled script; `graceMs` how long `close` waits for the child to end by itself. */
  constructor(command: { main: string; env: Readonly<Record<string, string>> }, graceMs = 10_000) {
    this.#command = command;
    this.#graceMs = graceMs;
  }

  /** How the child ended, once it did. */
  get ending(): string | null {
    return this.#ending;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, [...process.execArgv, this.#command.main], {
      env: this.#command.env,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child = child;
    this.#exited = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        this.#child = null;
        this.#ending = code === null ? `signal ${signal ?? 'unknown'}` : `exit code ${code}`;
        this.onclose?.();
        resolve();
      });
    });
    child.stdin.on('error', (error) => this.onerror?.(error));
    child.stdout.on('data', (chunk: Buffer) => this.#read(chunk));
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.on('error', (error) => this.onerror?.(error));
  }

  #read(chunk: Buffer): void {
    try {
      this.#buffer.append(chunk);
      for (let message = this.#buffer.readMessage(); message !== null; message = this.#buffer.readMessage()) {
        this.onmessage?.(message);
      }
    } catch (error) {
      this.onerror?.(error instanceof Error ? error : new Error(String(error)));
    }
  }

  send(message: JSONRPCMessage): Promise<void> {
    return new Promise((resolve, reject) => {
      const stdin = this.#child?.stdin;
      if (!stdin?.writable) return reject(new Error('the server has ended'));
      stdin.write(serializeMessage(message), (error) => (error ? reject(error) : resolve()));
    });
  }

  async close(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    child.stdin?.end();
    let timer: NodeJS.Timeout | undefined;
    const grace = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#graceMs);
    });
    await Promise.race([this.#exited, grace]);
    clearTimeout(timer);
    // Still at it: it ends when its attempt is recorded, without keeping us.
    child.unref();
  }
}
