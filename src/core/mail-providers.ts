/** What is different at large mail providers, by the name of the IMAP server. docs/providers.md says more. */

export interface SmtpCandidate {
  readonly host: string;
  readonly port: number;
  readonly secure: 'true' | 'starttls';
}

export type KnownProvider = 'google' | 'microsoft' | 'other';

/** https://developers.google.com/workspace/gmail/imap/imap-smtp; both names are in use. */
const GOOGLE = /^imap\.(gmail|googlemail)\.com$/i;
/** https://support.microsoft.com/office/d088b986-291d-42b8-9564-9c414e2aa040 (server names of Outlook.com and Microsoft 365). */
const MICROSOFT = /^(outlook\.office365\.com|imap-mail\.outlook\.com)$/i;

export function providerOfImap(host: string): KnownProvider {
  if (GOOGLE.test(host)) return 'google';
  return MICROSOFT.test(host) ? 'microsoft' : 'other';
}

/** Where the name of the submission server does not follow from that of the IMAP server; the same page. */
const MICROSOFT_SUBMISSION = ['smtp.office365.com', 'smtp-mail.outlook.com'];

/** A name for mail alone: what lies beside it belongs to the same provider. */
const MAIL_LABEL = /^(imap\d?|mail|mx|mailbox|post)$/i;
/** `co.uk` and the like: what lies beside a name there belongs to somebody else. */
const PUBLIC_SUFFIX = /^(co|com|org|net|ac|edu|gov|ne|or)\.[a-z]{2}$/i;

/**
 * Submission servers that may belong to an IMAP server, likeliest first. A key is shown to them, so none is guessed
 * outside the provider's own domain, and each must prove its name by its certificate.
 */
export function submissionCandidates(imapHost: string): readonly SmtpCandidate[] {
  const host = imapHost.toLowerCase();
  const hosts = MICROSOFT.test(host) ? MICROSOFT_SUBMISSION : [...beside(host), host];
  return [...new Set(hosts)].flatMap((name) => [
    { host: name, port: 465, secure: 'true' as const },
    { host: name, port: 587, secure: 'starttls' as const },
  ]);
}

function beside(host: string): readonly string[] {
  if (/^[\d.]+$|:/.test(host)) return [];
  const [first = '', ...rest] = host.split('.');
  const domain = rest.join('.');
  if (rest.length < 2 || PUBLIC_SUFFIX.test(domain) || !MAIL_LABEL.test(first)) return [];
  return [`smtp.${domain}`, `mail.${domain}`];
}
