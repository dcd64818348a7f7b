/** What a note of kind `email_bounce` claims, read back by the laptop. The cloud wrote it: nothing in it is believed. */
import type { Bounce } from './bounce-note.ts';
import { propertyText } from './neutralise.ts';
import { list, type TaskNote, text } from './task-file.ts';
import { isTaskId } from './task-id.ts';

const MAX_RECIPIENTS = 20;
const MAX_ID = 998;

/** Null when it is no report about a mail. */
export function bounceInNote(note: TaskNote): Bounce | null {
  const task = text(note, 'bounce_of');
  const action = text(note, 'bounce_action');
  const messageId = text(note, 'bounce_message_id') ?? '';
  if (!isTaskId(task) || !task.startsWith('em-') || messageId.length > MAX_ID) return null;
  if (action !== 'failed' && action !== 'delayed') return null;
  return {
    ...{ task, action, messageId },
    status: propertyText(text(note, 'bounce_status') ?? '', 40),
    recipients: list(note, 'bounce_recipients')
      .slice(0, MAX_RECIPIENTS)
      .map((address) => propertyText(address, 300)),
    words: propertyText(text(note, 'bounce_words') ?? '', 500),
  };
}

/**
 * Does a report that names `reported` speak of the mail that was sealed as `sealed`? The part before the `@` holds 128
 * bits of what was approved and is also in X-Handover-Task, which stays where a provider writes its own Message-ID;
 * `filedAs` is that one, as Sent shows it.
 */
export function namesMail(reported: string, sealed: string, filedAs: string | null): boolean {
  const local = /^<(em-[0-9a-f]{16}\.[0-9a-f]{32})@[^@<>\s]{1,255}>$/.exec(reported)?.[1];
  if (local !== undefined) return sealed.startsWith(`<${local}@`);
  return reported !== '' && (reported === sealed || reported === filedAs);
}
