import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import type { z } from 'zod';
import type { TaskId } from '../core/task-id.ts';
import { fileAnswer, lookAnswer, type SendAnswer, sendAnswer, threadAnswer } from '../mcp/email/answers.ts';
import type { Logger } from '../runtime/logger.ts';
import type { MailEffects, SendOutcome } from '../stages/mail-effects.ts';
import { ChildTransport } from './child-transport.ts';

export interface EmailMcpOptions {
  /** Path of the compiled `email-mcp.main.js`. */
  readonly main: string;
  readonly env: Readonly<Record<string, string>>;
  readonly log: Pick<Logger, 'warn'>;
  /** For one call; default 60 s. What takes longer goes on without us: the journal tells how it ended. */
  readonly deadlineMs?: number | undefined;
}

/**
 * The approval handler's email-mcp: spawned, asked by MCP over its pipes, spawned again when it died. No
 * answer, a late one or one that does not hold against its schema is `unknown`, never a failure: only the
 * journal knows whether a mail is out.
 */
export class EmailMcpClient implements MailEffects {
  readonly #options: EmailMcpOptions;
  #connection: Promise<Connection> | null = null;

  private constructor(options: EmailMcpOptions) {
    this.#options = options;
  }

  /** @throws when email-mcp does not come up (configuration, vault). */
  static async start(options: EmailMcpOptions): Promise<EmailMcpClient> {
    const client = new EmailMcpClient(options);
    await client.#connect();
    return client;
  }

  /** The server's process, for tests that end it; undefined while there is none. */
  async pid(): Promise<number | undefined> {
    return (await this.#connection?.catch(() => null))?.transport.pid;
  }

  async send(id: TaskId): Promise<SendOutcome> {
    const answer = await this.#call('send_approved', id, sendAnswer);
    return answer === null ? { kind: 'unknown', why: 'email-mcp gave no answer' } : outcome(answer);
  }

  async lookInSent(id: TaskId): Promise<'found' | 'absent' | 'unknown'> {
    const answer = await this.#call('look_in_sent', id, lookAnswer);
    return answer === null || answer.found === 'not_approved' ? 'unknown' : answer.found;
  }

  async fileInSent(id: TaskId): Promise<'filed' | 'already' | 'off' | 'unknown'> {
    const answer = await this.#call('file_in_sent', id, fileAnswer);
    return answer === null || answer.filed === 'not_sent' ? 'unknown' : answer.filed;
  }

  async threadStatus(id: TaskId): Promise<'quiet' | 'answered' | 'newer' | 'unknown'> {
    const answer = await this.#call('thread_status', id, threadAnswer);
    return answer === null || answer.status === 'no_such_task' ? 'unknown' : answer.status;
  }

  /** Lets the server finish what it is at. */
  async stop(): Promise<void> {
    const connection = this.#connection;
    this.#connection = null;
    await (await connection?.catch(() => null))?.client.close();
  }

  async #call<S extends z.ZodType>(tool: string, id: TaskId, schema: S): Promise<z.output<S> | null> {
    try {
      const { client } = await this.#connect();
      const { deadlineMs = 60_000 } = this.#options;
      const result = await client.callTool({ name: tool, arguments: { task_id: id } }, undefined, {
        timeout: deadlineMs,
      });
      if (result['isError'] !== true) return schema.parse(result['structuredContent']);
      this.#options.log.warn({ task: id, tool, content: result['content'] }, 'email-mcp could not do it');
    } catch (error) {
      this.#options.log.warn({ task: id, tool, err: error }, 'no answer from email-mcp');
    }
    return null;
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
      throw new Error(`email-mcp did not come up: ${transport.ending ?? 'no answer'}`, { cause });
    }
    return { client, transport };
  }
}

interface Connection {
  readonly client: Client;
  readonly transport: ChildTransport;
}

function outcome(answer: SendAnswer): SendOutcome {
  switch (answer.result) {
    case 'paused':
      return { kind: 'paused' };
    case 'limited':
      return answer.until === undefined
        ? { kind: 'unknown', why: 'a limit without a time' }
        : { kind: 'limited', until: Date.parse(answer.until) };
    case 'dry_run':
      return { kind: 'dry_run', file: answer.file ?? '' };
    case 'sent':
    case 'sent_partly':
    case 'failed':
    case 'retry':
    case 'in_doubt':
    case 'running':
    case 'not_approved':
    case 'unreadable':
      return { kind: 'settled' };
  }
}
