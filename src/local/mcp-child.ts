import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import type { z } from 'zod';
import { type ToolFault, toolFault } from '../mcp/tool-fault.ts';
import type { Logger } from '../runtime/logger.ts';
import { ChildTransport } from './child-transport.ts';

export interface McpChildOptions {
  /** Path of the compiled `<process>.main.js`. */
  readonly main: string;
  readonly env: Readonly<Record<string, string>>;
  readonly log: Pick<Logger, 'warn'>;
  /** For one call; default 60 s. What takes longer goes on without us: the journal tells how it ended. */
  readonly deadlineMs?: number | undefined;
}

export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly fault: ToolFault };

/**
 * An MCP server of ours as a child of the approval handler: spawned, asked over its pipes, spawned again when
 * it died. No answer, a late one or one that does not hold against its schema is a fault `no-answer`, which
 * says nothing about what happened: only the journal knows that.
 */
export class McpChild {
  readonly #process: string;
  readonly #options: McpChildOptions;
  #connection: Promise<Connection> | null = null;

  constructor(process: string, options: McpChildOptions) {
    this.#process = process;
    this.#options = options;
  }

  /** @throws when the server does not come up (configuration, vault). */
  async connect(): Promise<void> {
    await this.#connect();
  }

  /** The server's process, for tests that end it; undefined while there is none. */
  async pid(): Promise<number | undefined> {
    return (await this.#connection?.catch(() => null))?.transport.pid;
  }

  /** Lets the server finish what it is at. */
  async stop(): Promise<void> {
    const connection = this.#connection;
    this.#connection = null;
    await (await connection?.catch(() => null))?.client.close();
  }

  async call<S extends z.ZodType>(
    tool: { readonly name: string; readonly answer: S; readonly deadlineMs?: number },
    id: string | null,
  ): Promise<Answer<z.output<S>>> {
    const { log, deadlineMs = 60_000 } = this.#options;
    try {
      const { client } = await this.#connect();
      const result = await client.callTool(
        { name: tool.name, arguments: id === null ? {} : { task_id: id } },
        undefined,
        {
          timeout: tool.deadlineMs ?? deadlineMs,
        },
      );
      if (result['isError'] !== true) {
        return { ok: true, value: tool.answer.parse(result['structuredContent']) };
      }
      const { content } = result;
      log.warn({ task: id, tool: tool.name, content }, `${this.#process} could not do it`);
      return { ok: false, fault: toolFault(content) };
    } catch (error) {
      log.warn({ task: id, tool: tool.name, err: error }, `no answer from ${this.#process}`);
      return { ok: false, fault: { code: 'no-answer', words: '' } };
    }
  }

  #connect(): Promise<Connection> {
    if (this.#connection) return this.#connection;
    const forget = (): void => {
      if (this.#connection === connection) this.#connection = null;
    };
    const connection = this.#spawn(forget);
    this.#connection = connection;
    connection.catch(forget);
    return connection;
  }

  async #spawn(onEnd: () => void): Promise<Connection> {
    const transport = new ChildTransport({ main: this.#options.main, env: this.#options.env });
    const client = new Client({ name: 'handover-approval-handler', version: '0.1.0' });
    client.onclose = onEnd;
    try {
      await client.connect(transport);
    } catch (cause) {
      throw new Error(`${this.#process} did not come up: ${transport.ending ?? 'no answer'}`, { cause });
    }
    return { client, transport };
  }
}

interface Connection {
  readonly client: Client;
  readonly transport: ChildTransport;
}
