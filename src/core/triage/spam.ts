/** What the user's own mail server, or a filter on the way, holds for spam. */

import type { IncomingMail } from '../mail.ts';
import { header, values } from './mail-view.ts';

export function spam(mail: IncomingMail): string | null {
  const verdict = verdictOf(mail);
  return verdict === null ? null : `A spam filter marked it (${verdict}).`;
}

function verdictOf(mail: IncomingMail): string | null {
  const flag = FLAGS.find(([name, value]) => value.test(header(mail, name)));
  if (flag) return `${flag[0]}: ${header(mail, flag[0])}`.slice(0, 80);
  const level = exchangeLevel(mail);
  if (level !== null) return level;
  const scanner = [...mail.headers.keys()].find(
    (name) => name.endsWith('mailscanner-spamcheck') && /^spam\b/i.test(header(mail, name)),
  );
  if (scanner !== undefined) return scanner;
  // SpamAssassin (rewrite_header), Plesk, Barracuda, Sophos and Kerio put it before the subject; an answer to such a mail begins with Re.
  const tag = /^(?:\*{2,6} ?SPAM ?\*{2,6}|\[\*{0,3}SPAM\*{0,3}\])/i.exec(mail.subject.trim())?.[0];
  return tag ?? null;
}

/**
 * The topmost line counts: the user's server writes above what the sender may have written. SpamAssassin,
 * rspamd, Barracuda, bogofilter, DSPAM, SpamExperts, OVH, CRM114, Proofpoint, Rackspace, Symantec; exports of Gmail.
 */
const FLAGS: readonly (readonly [string, RegExp])[] = [
  ['x-spam-flag', /^(?:yes|true|1)\b/i],
  ['x-spam-status', /^(?:yes|true|spam)\b/i],
  ['x-spam', /^(?:yes|true|spam)\b/i],
  ['x-rspamd-action', /^(?:reject|add[ -]header|rewrite[ -]subject)\b/i],
  ['x-spamd-result', /^\w*: ?True\b/i],
  ['x-barracuda-spam-flag', /^yes\b/i],
  ['x-bogosity', /^(?:spam|yes)\b/i],
  ['x-dspam-result', /^(?:spam|virus|blacklisted)\b/i],
  ['x-spampanel-class', /^spam\b/i],
  ['x-spamexperts-class', /^spam\b/i],
  ['x-vr-spamstate', /^spam\b/i],
  ['x-crm114-status', /^spam\b/i],
  ['x-proofpoint-spam-details', /\brule=[\w-]*spam\b/i],
  ['x-brightmail-tracker', /^SPAM\b/],
  ['x-sg-spam-flag', /^yes\b/i],
  ['x-gnd-status', /^spam\b/i],
  ['x-hmailserver-spam', /^yes\b/i],
  ['x-yahoofilteredbulk', /^\d/],
  ['x-gmail-labels', /(?:^|,)\s*"?Spam\b/i],
  ['x-keywords', /(?:^|[\s,])\$?Junk\b/],
];

/**
 * SCL 5 and 6 are spam, 7 to 9 surely; -1 to 4 are not (Exchange: SCL, MS-OXCSPAM 2.2.1.3). In X-Forefront-
 * Antispam-Report the verdict is SFV:SPM, or SKB for a blocked sender.
 */
function exchangeLevel(mail: IncomingMail): string | null {
  const scl = header(mail, 'x-ms-exchange-organization-scl');
  if (/^\d+$/.test(scl) && Number(scl) >= 5) return `SCL ${scl}`;
  const report = values(mail, 'x-forefront-antispam-report')[0] ?? '';
  const verdict = /(?:^|;)\s*SFV:(SPM|SKB)\b/i.exec(report)?.[1];
  if (verdict !== undefined) return `SFV:${verdict}`;
  const level = /(?:^|;)\s*SCL:(\d+)\b/i.exec(report)?.[1];
  return level !== undefined && Number(level) >= 5 ? `SCL ${level}` : null;
}
