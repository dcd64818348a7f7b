/** Access to a mailbox by OAuth, as those who log in see it. Knows no library, no file and no network. */

export type OAuthFaultCode =
  /** The provider no longer takes what it gave: a password was changed, an access withdrawn, a year went by. */
  | 'revoked'
  | 'unreachable'
  | 'not-logged-in'
  /** What lies in STATE_DIR/tokens cannot be trusted: torn, or others can read it. */
  | 'malformed'
  /** The provider does not know the application, or does not let it do this. */
  | 'misconfigured';

/** Never holds a token, nor the error it came from: those carry tokens in their causes. */
export class OAuthFault extends Error {
  readonly code: OAuthFaultCode;

  constructor(code: OAuthFaultCode, message: string) {
    super(message);
    this.name = 'OAuthFault';
    this.code = code;
  }
}

/** The access of one account. */
export interface TokenSource {
  /** An access token that should be good for a minute at least. @throws OAuthFault */
  token(): Promise<string>;
  /** The mail server refused the last one: the next is another, where the provider gives another. */
  refused(): Promise<void>;
}

/** How a mailbox or a submission server is logged in to. */
export type MailAuth =
  | { readonly type: 'password'; readonly user: string; readonly password: string }
  | { readonly type: 'oauth2'; readonly user: string; readonly token: TokenSource };

/** Will it get better without the user? */
export function passesByItself(fault: OAuthFault): boolean {
  return fault.code === 'unreachable';
}
