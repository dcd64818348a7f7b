import { OAuthFault, passesByItself } from '../oauth/token-source.ts';

/** Why the mailbox cannot be used, and whose turn it is; `login`: the user logs in anew, the words say how. */
export type InboxFaultKind = 'auth' | 'login' | 'mailbox' | 'tls' | 'network';

export class InboxFault extends Error {
  readonly code: InboxFaultKind;

  constructor(code: InboxFaultKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'InboxFault';
    this.code = code;
  }
}

/**
 * What imapflow 2.1.2 throws, put into kinds (measured): a refused login is a plain Error with
 * `authenticationFailed`, a missing mailbox has only a response text, `tlsFailed` marks a STARTTLS that was
 * required and not offered.
 */
export function inboxFault(error: unknown): InboxFault {
  if (error instanceof InboxFault) return error;
  if (error instanceof OAuthFault) {
    return new InboxFault(passesByItself(error) ? 'network' : 'login', error.message);
  }
  const facts = (typeof error === 'object' && error !== null ? error : {}) as Record<string, unknown>;
  const said = typeof facts['responseText'] === 'string' ? `: ${oneLine(facts['responseText'])}` : '';
  const cause = { cause: error };
  if (facts['authenticationFailed'] === true) {
    return new InboxFault('auth', `the mail server refuses the login${said}`, cause);
  }
  if (facts['mailboxMissing'] === true || (facts['responseStatus'] === 'NO' && said !== '')) {
    return new InboxFault('mailbox', `the mailbox cannot be opened${said}`, cause);
  }
  const code = typeof facts['code'] === 'string' ? facts['code'] : 'connection lost';
  if (facts['tlsFailed'] === true || /CERT|SELF_SIGNED|^ERR_(TLS|SSL)/.test(code)) {
    return new InboxFault('tls', `no trusted TLS connection (${code})`, cause);
  }
  return new InboxFault('network', `the mail server cannot be reached (${code})`, cause);
}

/** Words of a server: one line, short, no controls. */
function oneLine(text: string): string {
  return text
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim()
    .slice(0, 160);
}
