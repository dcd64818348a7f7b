/**
 * Recognises a bounce that is only written for people. Two signs are needed: it comes from a machine, and it says that a
 * mail was not delivered; a person who writes about a failed delivery gives only the second.
 */

export interface ReportParts {
  readonly headers: ReadonlyMap<string, readonly string[]>;
  /** Address of the sender; where it is none, what stands in From. */
  readonly from: string;
  readonly subject: string;
  /** What a person reads. */
  readonly text: string;
  /** Parts that are not read as text, in order. */
  readonly parts: readonly { readonly type: string; readonly content: Uint8Array }[];
}

/** Text is looked at so far; what is said stands at the top. */
const LOOKED_AT = 20_000;

/** Local parts that mail servers send reports from. */
const DAEMON =
  /^(?:mailer-?daemon|mail-?daemon|postmaster|mail(?:er)?delivery(?:sub)?system|mdaemon|majordomo-owner)(?:[+=.@\s-]|$)/i;

/** Subjects: Postfix, Exim, qmail, sendmail, Exchange (in its languages), Domino, Notes, Gmail, MDaemon, GroupWise. */
const SUBJECT =
  /undeliver|non-?deliver|delivery (?:status notification|failure|failed|delayed|incomplete|has failed)|mail(?: delivery)? (?:failed|failure|error)|message (?:delivery|undeliverable|frozen|status)|failure notice|returned (?:mail|to sender|message)|mail system error|warning: (?:message|could not send)|delayed (?:mail|message)|could not be delivered|unzustellbar|nicht zustellbar|zustell(?:fehler|ung)|non remis|échec de la remise|retour à l.expéditeur|no se puede entregar|no entregado|impossibile recapitare|mancat[ao] recapito|onbestelbaar|niet bezorgd|недоставлен|не доставлен/i;

const TEXT =
  /(?:could|can) ?not be delivered|couldn.t be delivered|wasn.t delivered|(?:was|were|is) not delivered|not (?:yet )?been delivered|not delivered to|unable to deliver|undeliverable|delivery (?:to the following|has failed|failed|attempt)|failed to deliver|did not reach the following|has been delayed|returned to (?:the )?sender|i wasn.t able to deliver|permanent (?:fatal )?error|this is a warning message only|konnte nicht (?:zugestellt|ausgeliefert)|noch nicht zugestellt|n.a pas pu être (?:remis|distribué|livré)|no se (?:ha )?pud?o entregar|non è stato possibile (?:recapitare|consegnare)|kon niet worden (?:bezorgd|afgeleverd)/i;

export function soundsLikeBounce(mail: ReportParts): boolean {
  if (mail.headers.has('x-failed-recipients')) return true;
  if (!isFromMachine(mail)) return false;
  const text = mail.text.slice(0, LOOKED_AT);
  // QSBMF: the first paragraph of the text begins with `Hi. This is the`.
  return /^\s*Hi\. This is the /.test(text) || SUBJECT.test(mail.subject) || TEXT.test(text);
}

function isFromMachine(mail: ReportParts): boolean {
  const returnPath = mail.headers.get('return-path')?.[0]?.trim() ?? '';
  return /^<\s*>$/.test(returnPath) || DAEMON.test(mail.from);
}

const DELAYED =
  /\bdelay(?:ed)?\b|still being retried|warning: (?:message|could not send)|not yet been delivered|has been delayed|warning message only|need not resend|do(?:es)? not need to (?:be )?resend|will (?:be|keep) (?:retried|trying)|delivery attempts will continue|noch nicht zugestellt|verzöger|retardé|retrasad|ritardat|vertraagd/i;
const FINAL = /fail|undeliver|returned|reject|unzustellbar|non remis|onbestelbaar/i;

/** The server goes on trying. A subject that says it failed is believed before the text. */
export function saysDelayed({ subject, text }: ReportParts): boolean {
  if (DELAYED.test(subject)) return true;
  return !FINAL.test(subject) && DELAYED.test(text.slice(0, LOOKED_AT));
}

/** A reply of SMTP (RFC 5321 section 4.2) or a status of RFC 3463, or one of the words that stand before a reason. */
const REASON =
  /(?:^|[^\d.])[45]\d\d[ -]|(?<![\d.])[45]\.\d{1,3}\.\d{1,3}(?![\d.])|said:|reason:|because|error that the other server|mailbox|user unknown|does not exist|no such|quota|unrouteable|not listed|rejected|refused/i;
const MAX_LINES = 400;
const MAX_CHARS = 500;

/** The server's words in a text for people; the lines that give a reason, else its first ones. One line. */
export function bounceWords(explanation: string): string {
  const lines = explanation
    .slice(0, LOOKED_AT)
    .split('\n', MAX_LINES)
    .map((line) => line.trim().slice(0, MAX_CHARS))
    .filter((line) => line !== '');
  const at = lines.findIndex((line) => REASON.test(line));
  const from = at < 0 ? 0 : at;
  return lines
    .slice(from, from + 4)
    .join(' ')
    .slice(0, MAX_CHARS);
}
