/** Does this mail deserve a draft? System noise never enters the queue; skipped is not dropped. */

import { addressKey } from './address-list.ts';
import type { IncomingMail } from './mail.ts';

export type Triage =
  | { readonly verdict: 'card' }
  /** `reason` is a sentence for the user, at most 200 characters; it may quote the mail. */
  | { readonly verdict: 'skip'; readonly reason: string };

export interface OwnAddresses {
  readonly addresses: readonly string[];
}

export function triage(mail: IncomingMail, me: OwnAddresses): Triage {
  for (const rule of RULES) {
    const reason = rule(mail, me);
    if (reason !== null) return { verdict: 'skip', reason: reason.slice(0, 200) };
  }
  return { verdict: 'card' };
}

type Rule = (mail: IncomingMail, me: OwnAddresses) => string | null;

/** The surest sign first, so that the reason is the one a reader believes. */
const RULES: readonly Rule[] = [
  report,
  nullReturnPath,
  autoSubmitted,
  ownMail,
  robotSender,
  bulk,
  mailingList,
  invitation,
];

/** RFC 6522: delivery and disposition reports, feedback loops. */
function report(mail: IncomingMail): string | null {
  const type = header(mail, 'content-type');
  if (!/^multipart\/report\b/i.test(type)) return null;
  return 'It is a report of a mail server (delivery or read receipt).';
}

/** RFC 3834 section 2: never answer what was sent with an empty return path. */
function nullReturnPath(mail: IncomingMail): string | null {
  return /^<\s*>$/.test(header(mail, 'return-path'))
    ? 'Its return path is empty: nobody may answer it.'
    : null;
}

/** RFC 3834 section 5: anything but "no", with parameters or comments after it, is automatic. */
function autoSubmitted(mail: IncomingMail): string | null {
  const values = mail.headers.get('auto-submitted') ?? [];
  const automatic = values.find((value) => !/^no(?![\w-])/i.test(value.trim()));
  return automatic === undefined ? null : `It was sent automatically (Auto-Submitted: ${automatic}).`;
}

function ownMail(mail: IncomingMail, me: OwnAddresses): string | null {
  if (!mail.from) return null;
  const from = addressKey(mail.from.address);
  return me.addresses.some((a) => addressKey(a) === from) ? 'It comes from your own address.' : null;
}

const ROBOT =
  /^(?:mailer-daemon|no[-_.]?reply|do[-_.]?not[-_.]?reply|never[-_.]?reply|bounces?|owner-.+|.+-(?:request|bounces?))(?:[+=-].*)?$/i;

/** A form on a web page sends as no-reply and names the person in Reply-To: that person waits for an answer. */
function robotSender(mail: IncomingMail): string | null {
  if (!mail.from || !isRobot(mail.from.address)) return null;
  const person = mail.replyTo.some((a) => !isRobot(a.address));
  return person ? null : `Nobody reads answers to ${mail.from.address}.`;
}

function isRobot(address: string): boolean {
  return ROBOT.test(address.slice(0, address.lastIndexOf('@')));
}

function bulk(mail: IncomingMail): string | null {
  const precedence = header(mail, 'precedence').toLowerCase();
  return ['bulk', 'junk', 'list'].includes(precedence)
    ? `It is bulk mail (Precedence: ${precedence}).`
    : null;
}

/** RFC 2919, RFC 2369. X-Auto-Response-Suppress alone says only that robots shall not answer; a person may. */
function mailingList(mail: IncomingMail): string | null {
  if (mail.headers.has('list-id')) return `It came through a mailing list (${header(mail, 'list-id')}).`;
  if (mail.headers.has('list-unsubscribe')) return 'It is a newsletter: one can unsubscribe from it.';
  return null;
}

/** A calendar answers an invitation (RFC 5546), a mail would only confuse it. */
function invitation(mail: IncomingMail): string | null {
  const calendar = mail.attachments.some(
    (a) => a.contentType === 'application/ics' || a.contentType === 'text/calendar',
  );
  return calendar ? 'It is a calendar invitation or an answer to one: answer it in your calendar.' : null;
}

function header(mail: IncomingMail, name: string): string {
  return mail.headers.get(name)?.[0]?.trim() ?? '';
}
