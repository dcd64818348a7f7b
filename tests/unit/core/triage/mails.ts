import type { IncomingMail } from '../../../../src/core/mail.ts';
import { NO_RULES } from '../../../../src/core/mail-rules.ts';
import type { TriageFacts } from '../../../../src/core/triage/triage.ts';

export const FACTS: TriageFacts = {
  addresses: ['me@example.org', 'sales@example.org'],
  rules: NO_RULES,
  answered: false,
};

export type Headers = Readonly<Record<string, string | readonly string[]>>;

/** A letter of Ada to the user, with these headers besides. */
export function mail(headers: Headers = {}, change: Partial<IncomingMail> = {}): IncomingMail {
  return {
    messageId: '<1@example.com>',
    inReplyTo: null,
    references: [],
    from: { name: 'Ada', address: 'ada@example.com' },
    replyTo: [],
    to: [{ name: '', address: 'me@example.org' }],
    cc: [],
    subject: 'Question',
    date: null,
    text: 'Can you help?',
    headers: new Map(
      Object.entries(headers).map(([name, value]) => [
        name.toLowerCase(),
        typeof value === 'string' ? [value] : value,
      ]),
    ),
    attachments: [],
    remarks: [],
    ...change,
  };
}

export const at = (...addresses: string[]) => addresses.map((address) => ({ name: '', address }));

export function from(address: string, replyTo?: string, headers: Headers = {}): IncomingMail {
  return mail(headers, { from: { name: '', address }, replyTo: replyTo === undefined ? [] : at(replyTo) });
}

export function to(...addresses: string[]): Partial<IncomingMail> {
  return { to: at(...addresses) };
}

/** An entry with this method, or none, as the parser gives an attachment. */
export function entry(method: string | null, contentType = 'text/calendar') {
  const text = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    ...(method ? [`METHOD:${method}`] : []),
    'END:VCALENDAR',
  ].join('\r\n');
  const content = new TextEncoder().encode(text);
  return { filename: 'invite.ics', contentType, size: content.length, content };
}
