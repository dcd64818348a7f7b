/** The note of a mail that says one of ours was not delivered. It is never drafted; the laptop brings the task back. */
import { propertyText } from './neutralise.ts';
import type { DeliveryReport } from './mail.ts';
import type { FrontMatter } from './front-matter.ts';
import type { Verdict } from './body.ts';
import { isTaskId, type TaskId, taskOfMessageId } from './task-id.ts';

export const BOUNCE_KIND = 'email_bounce';

/** Begins the title, and so the name, of such notes. */
const PREFIX = 'Delivery report - ';

/** May the note of this name be one? The property `kind` decides; anybody can write a name. */
export function mayBeBounce(name: string): boolean {
  return name.startsWith(PREFIX);
}

export interface Bounce {
  /** What the report claims; whoever got a mail of ours can claim it. */
  readonly task: TaskId;
  /** As the server returned it, or ''. */
  readonly messageId: string;
  readonly action: 'failed' | 'delayed';
  readonly status: string;
  readonly recipients: readonly string[];
  /** Hostile, one line. */
  readonly words: string;
}

const MAX_RECIPIENTS = 20;
const MAX_WORDS = 500;
/** Stands for the domain that is not known any more (RFC 2606). */
const REWRITTEN = 'rewritten.invalid';
/** What Message-IDs are made of in practice; in a property nothing else may stand. */
const PLAIN_ID = /^<[\w.+=$-]{1,300}@[A-Za-z0-9.-]{1,255}>$/;

/** Null when the report is about no mail of ours, or says that all went well. */
export function bounceOf(report: DeliveryReport | null | undefined): Bounce | null {
  if (report?.kind !== 'delivery') return null;
  const failed = report.recipients.filter((r) => r.action === 'failed');
  const concerned = failed.length > 0 ? failed : report.recipients.filter((r) => r.action === 'delayed');
  const mail = returnedMail(report);
  if (concerned.length === 0 || mail === null) return null;
  return {
    ...mail,
    action: failed.length > 0 ? 'failed' : 'delayed',
    status: concerned.find((r) => r.status !== '')?.status ?? '',
    recipients: [...new Set(concerned.map((r) => r.address).filter(Boolean))].slice(0, MAX_RECIPIENTS),
    words: [...new Set(concerned.map((r) => r.words).filter(Boolean))].join(' / ').slice(0, MAX_WORDS),
  };
}

/**
 * The returned header's X-Handover-Task is the local part of our Message-ID and stays where a server puts its own id in
 * place of ours (Exchange Online, SES).
 */
function returnedMail(report: DeliveryReport): Pick<Bounce, 'task' | 'messageId'> | null {
  const mark = report.task ?? '';
  const ours = report.about.filter((id) => taskOfMessageId(id) !== null);
  const marked = `<${mark}@${REWRITTEN}>`;
  const messageId =
    taskOfMessageId(marked) === null ? ours[0] : (ours.find((id) => id.startsWith(`<${mark}@`)) ?? marked);
  const task = messageId === undefined ? mark : taskOfMessageId(messageId);
  if (!isTaskId(task)) return null;
  return { task, messageId: messageId ?? report.about.find((id) => PLAIN_ID.test(id)) ?? '' };
}

export function bounceTitle(subject: string): string {
  return `${PREFIX}${subject || 'No subject'}`;
}

export function bounceProperties(bounce: Bounce): FrontMatter {
  return {
    bounce_of: bounce.task,
    bounce_message_id: bounce.messageId,
    bounce_action: bounce.action,
    bounce_status: bounce.status,
    bounce_recipients: bounce.recipients.map((address) => propertyText(address, 300)),
    bounce_words: propertyText(bounce.words, MAX_WORDS),
  };
}

export function bounceVerdict(bounce: Bounce): Verdict {
  const whom = bounce.recipients
    .map((address) => propertyText(address, 100))
    .slice(0, 4)
    .join(', ');
  const said = bounce.words === '' ? [] : [`**Their server** ${propertyText(bounce.words, MAX_WORDS)}`];
  return bounce.action === 'failed'
    ? {
        kind: 'failure',
        title: `Not delivered${whom === '' ? '' : ` to ${whom}`}`,
        lines: [
          ...said,
          'The laptop brings back the card of the mail that was not delivered; nothing to do here.',
        ],
      }
    : {
        kind: 'info',
        title: `Delivery delayed${whom === '' ? '' : ` to ${whom}`}`,
        lines: [...said, 'Their server goes on trying. The laptop takes note of it; nothing to do here.'],
      };
}
