/** Reports of mail servers. What became of a mail of ours is the intake's to find; here they are only no letters. */

import type { IncomingMail } from '../mail.ts';
import { firstOf, header, localPart } from './mail-view.ts';

/** RFC 6522 with RFC 3464, 8098, 5965 and 8460; the shapes that follow none of them come parsed in `mail.report`. */
export function report(mail: IncomingMail): string | null {
  if (mail.report !== null && mail.report !== undefined) return REPORT;
  const type = header(mail, 'content-type').toLowerCase();
  if (
    /^(?:multipart\/report|message\/(?:delivery-status|disposition-notification|feedback-report))\b/.test(
      type,
    )
  ) {
    return REPORT;
  }
  if (firstOf(mail, ['x-failed-recipients', 'tls-report-domain']) !== null) return REPORT;
  // RFC 7489 section 7.2.1.1 fixes the subject of an aggregate report.
  if (/^Report Domain: ?\S+ +Submitter: ?\S+/i.test(mail.subject)) return 'It is a DMARC report.';
  return isOfTheMailSystem(mail) ? REPORT : null;
}

const REPORT = 'It is a report of a mail server (delivery or read receipt).';

/** Notices of servers that write no multipart/report, by who sends them together with what they are about. */
function isOfTheMailSystem(mail: IncomingMail): boolean {
  if (!mail.from) return false;
  const name = localPart(mail.from.address);
  const server =
    /^(?:mailer[-_.]?daemon|postmaster|microsoftexchange[0-9a-f]{8,})$/.test(name) ||
    /^mail delivery (?:sub)?system$/i.test(mail.from.name);
  return server && NOT_DELIVERED.test(mail.subject);
}

const NOT_DELIVERED =
  /undeliver|not delivered|deliver(?:y|ed).{0,30}(?:fail|status|notif|problem|delay|unable)|fail(?:ed|ure).{0,20}(?:deliver|notice)|returned (?:mail|to sender)|mail system error|unzustellbar|nicht zugestellt|non remis|no se (?:ha )?(?:pudo|podido) entregar|mancato recapito|onbestelbaar|message (?:not sent|delayed)|warning: message/i;

/** RFC 3834 section 2: never answer what was sent with an empty return path. Postfix may write MAILER-DAEMON for it. */
export function nullReturnPath(mail: IncomingMail): string | null {
  return /^(?:<\s*>|<?mailer-daemon(?:@[^>]*)?>?)$/i.test(header(mail, 'return-path'))
    ? 'Its return path is empty: nobody may answer it.'
    : null;
}
