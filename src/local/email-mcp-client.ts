import type { z } from 'zod';
import type { TaskId } from '../core/task-id.ts';
import {
  fileAnswer,
  lookAnswer,
  noticeAnswer,
  type SendAnswer,
  sendAnswer,
  threadAnswer,
} from '../mcp/email/answers.ts';
import type { MailEffects, SendOutcome } from '../stages/mail-effects.ts';
import { McpChild, type McpChildOptions } from './mcp-child.ts';

/**
 * The approval handler's email-mcp. No answer, a late one or one that does not hold against its schema is
 * `unknown`, never a failure: only the journal knows whether a mail is out.
 */
export class EmailMcpClient implements MailEffects {
  readonly #child: McpChild;

  private constructor(options: McpChildOptions) {
    this.#child = new McpChild('email-mcp', options);
  }

  /** @throws when email-mcp does not come up (configuration, vault). */
  static async start(options: McpChildOptions): Promise<EmailMcpClient> {
    const client = new EmailMcpClient(options);
    await client.#child.connect();
    return client;
  }

  /** The server's process, for tests that end it; undefined while there is none. */
  pid(): Promise<number | undefined> {
    return this.#child.pid();
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

  /** `later`: nothing left, and it may be asked again. */
  async dailyNotice(): Promise<'done' | 'later'> {
    const result = await this.#child.call({ name: 'send_daily_notice', answer: noticeAnswer }, null);
    if (!result.ok) return 'later';
    return ['not_sent', 'paused'].includes(result.value.result) ? 'later' : 'done';
  }

  /** `later`: nothing left, and it may be asked again. */
  async stateNotice(): Promise<'told' | 'later'> {
    const result = await this.#child.call({ name: 'send_state_notice', answer: noticeAnswer }, null);
    return result.ok && ['sent', 'off', 'dry_run'].includes(result.value.result) ? 'told' : 'later';
  }

  /** Lets the server finish what it is at. */
  stop(): Promise<void> {
    return this.#child.stop();
  }

  async #call<S extends z.ZodType>(name: string, id: TaskId, answer: S): Promise<z.output<S> | null> {
    const result = await this.#child.call({ name, answer }, id);
    return result.ok ? result.value : null;
  }
}

function outcome(answer: SendAnswer): SendOutcome {
  switch (answer.result) {
    case 'paused':
      return { kind: 'paused' };
    case 'limited':
      return answer.until === undefined
        ? { kind: 'unknown', why: 'a limit without a time' }
        : { kind: 'limited', until: Date.parse(answer.until) };
    case 'quiet':
      return answer.until === undefined
        ? { kind: 'unknown', why: 'quiet hours without an end' }
        : { kind: 'quiet', until: Date.parse(answer.until) };
    case 'no_account':
      return { kind: 'waits', words: answer.words ?? 'the account of a mail is not known' };
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
