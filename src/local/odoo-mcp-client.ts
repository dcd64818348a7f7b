import type { TaskId } from '../core/task-id.ts';
import {
  type DraftStatusAnswer,
  draftStatusAnswer,
  type PostAnswer,
  postAnswer,
  postedAnswer,
  postingStatusAnswer,
} from '../mcp/odoo/live/answers.ts';
import type { SendOutcome } from '../stages/mail-effects.ts';
import type { DraftLook, PostedInvoice, PostEffects, PostLook } from '../stages/post-effects.ts';
import { McpChild, type McpChildOptions } from './mcp-child.ts';

/** A post is several calls to Odoo, each with a deadline of its own: this one only ends what hangs. */
const MINUTE_MS = 60_000;
const TOOLS = {
  draftStatus: { name: 'draft_status', answer: draftStatusAnswer, deadlineMs: 3 * MINUTE_MS },
  post: { name: 'post_approved', answer: postAnswer, deadlineMs: 6 * MINUTE_MS },
  postingStatus: { name: 'posting_status', answer: postingStatusAnswer, deadlineMs: 3 * MINUTE_MS },
  posted: { name: 'posted_invoice', answer: postedAnswer, deadlineMs: 5 * MINUTE_MS },
} as const;

/**
 * The approval handler's odoo-mcp. No answer, a late one or one that does not hold against its schema is `unknown`,
 * never a failure: only the journal and Odoo know whether an invoice is posted.
 */
export class OdooMcpClient implements PostEffects {
  readonly #child: McpChild;

  constructor(options: McpChildOptions) {
    this.#child = new McpChild('odoo-mcp', options);
  }

  /** @throws when odoo-mcp does not come up (configuration, vault). */
  connect(): Promise<void> {
    return this.#child.connect();
  }

  /** The server's process, for tests that end it; undefined while there is none. */
  pid(): Promise<number | undefined> {
    return this.#child.pid();
  }

  /** Lets the server finish what it is at. */
  stop(): Promise<void> {
    return this.#child.stop();
  }

  async post(id: TaskId): Promise<SendOutcome> {
    const result = await this.#child.call(TOOLS.post, id);
    return result.ok ? outcome(result.value) : { kind: 'unknown', why: why(result.fault.words) };
  }

  async lookAtDraft(id: TaskId): Promise<DraftLook> {
    const result = await this.#child.call(TOOLS.draftStatus, id);
    return result.ok ? draftLook(result.value) : { is: 'unknown', words: why(result.fault.words) };
  }

  async lookAtPost(id: TaskId): Promise<PostLook> {
    const result = await this.#child.call(TOOLS.postingStatus, id);
    if (!result.ok || result.value.is === 'not_approved') return 'unknown';
    return result.value.is;
  }

  async posted(id: TaskId): Promise<PostedInvoice | 'unknown'> {
    const result = await this.#child.call(TOOLS.posted, id);
    if (!result.ok || result.value.posted === null) return 'unknown';
    const { bookedOn, ...posted } = result.value.posted;
    return bookedOn === undefined ? posted : { ...posted, bookedOn };
  }
}

function why(words: string): string {
  return words === '' ? 'odoo-mcp gave no answer' : words;
}

function draftLook({ is, changed, number, closedPeriod, words }: DraftStatusAnswer): DraftLook {
  switch (is) {
    case 'as_shown':
      return closedPeriod === null ? { is } : { is, closedPeriod };
    case 'deleted':
    case 'cancelled':
      return { is };
    case 'changed':
      return changed === null ? { is: 'unknown', words: 'a change without its words' } : { is, ...changed };
    case 'reset':
      return { is, number, changed };
    case 'posted':
      return { is, number: number ?? '' };
    case 'refused':
    case 'unknown':
      return { is, words };
    case 'no_such_task':
      return { is: 'unknown', words: 'the card of this task is not in the vault' };
  }
}

function outcome(answer: PostAnswer): SendOutcome {
  switch (answer.result) {
    case 'paused':
      return { kind: 'paused' };
    case 'limited':
      return answer.until === undefined
        ? { kind: 'unknown', why: 'a limit without a time' }
        : { kind: 'limited', until: Date.parse(answer.until) };
    case 'dry_run':
      return { kind: 'dry_run', file: answer.file ?? '' };
    case 'posted':
    case 'failed':
    case 'retry':
    case 'in_doubt':
    case 'running':
    case 'not_approved':
    case 'unreadable':
      return { kind: 'settled' };
  }
}
