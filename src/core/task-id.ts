import { createHash } from 'node:crypto';

declare const brand: unique symbol;
/** `em-` (mail) or `od-` (Odoo) and 16 lower-case hex digits. The same id is the same task wherever it lies. */
export type TaskId = string & { readonly [brand]: 'TaskId' };

const SHAPE = /^(?:em|od)-[0-9a-f]{16}$/;

export function isTaskId(value: unknown): value is TaskId {
  return typeof value === 'string' && SHAPE.test(value);
}

function idOf(prefix: 'em' | 'od', ...parts: readonly (string | Uint8Array)[]): TaskId {
  const hash = createHash('sha256');
  // The separator keeps ('ab','c') and ('a','bc') apart.
  for (const part of parts) hash.update(part).update('\0');
  return `${prefix}-${hash.digest('hex').slice(0, 16)}` as TaskId;
}

export function taskIdFromMessage(account: string, messageId: string): TaskId {
  return idOf('em', account, messageId.trim());
}

/** For mail without a Message-ID, or one that reuses another mail's. */
export function taskIdFromBytes(account: string, bytes: Uint8Array): TaskId {
  return idOf('em', account, bytes);
}

/**
 * For a note that a person wrote, given once, at claim: found under `name` with this text. The same on every machine, since a
 * modification time travels with the file; its fractions of a second may not.
 */
export function taskIdForNote(name: string, text: string, mtimeMs: number): TaskId {
  return idOf('em', 'note', name, String(Math.floor(mtimeMs / 1000)), text);
}

/** Of the mail that goes with a posted invoice: one invoice, one mail, however often it is offered. */
export function coveringMailId(invoice: TaskId): TaskId {
  return idOf('em', 'covering', invoice);
}

/** As `taskIdForNote`, for a request to the books. */
export function taskIdForRequest(name: string, text: string, mtimeMs: number): TaskId {
  return idOf('od', 'note', name, String(Math.floor(mtimeMs / 1000)), text);
}

/** For a request that was found in a mail: the same mail asks for one document, however often it is drafted. */
export function taskIdForRequestIn(mail: TaskId): TaskId {
  return idOf('od', 'mail', mail);
}

/** Ours are `<task.32 hex of what was approved@domain>`, see `messageIdFor` in core/approval.ts. */
const OUR_MESSAGE = /^<((?:em|od)-[0-9a-f]{16})\.[0-9a-f]{32}@[A-Za-z0-9.-]{1,255}>$/;

/** The task a mail of ours was sent for, by its Message-ID; null for every other id. Anybody can write such an id. */
export function taskOfMessageId(messageId: string): TaskId | null {
  const found = OUR_MESSAGE.exec(messageId)?.[1];
  return isTaskId(found) ? found : null;
}

/** The id at the end of a note's name, or null. */
export function idInName(name: string): TaskId | null {
  const found = /(?:^| )((?:em|od)-[0-9a-f]{16})\.md$/.exec(name)?.[1];
  return isTaskId(found) ? found : null;
}
