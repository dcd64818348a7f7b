import { type MailAuth, OAuthFault, passesByItself } from '../oauth/token-source.ts';
import { withToken } from '../oauth/with-token.ts';
import { type SmtpAuth, type SmtpSettings, type Submission, submit, type SubmitRequest } from './submit.ts';

/** A submission server, and who logs in there; null: it wants no login. */
export interface SmtpAccount extends Omit<SmtpSettings, 'auth'> {
  readonly auth: MailAuth | null;
}

export interface SubmitAsRequest extends Omit<SubmitRequest, 'smtp'> {
  readonly smtp: SmtpAccount;
}

/** A login that was refused; nothing of the mail has left by then. */
class Refused extends Error {
  readonly facts: Submission;

  constructor(facts: Submission) {
    super('the login was refused');
    this.facts = facts;
  }
}

/**
 * `submit`, with an access token where there is no password. A second attempt is made for a refused login alone,
 * which is before the first word about the mail. Never throws for anything the network or a server does.
 */
export async function submitAs(request: SubmitAsRequest): Promise<Submission> {
  const { auth } = request.smtp;
  if (auth?.type !== 'oauth2') return submitWith(request, auth);
  try {
    return await withToken(
      auth.token,
      async (accessToken) => {
        const facts = await submitWith(request, { type: 'oauth2', user: auth.user, accessToken });
        if (isRefusedLogin(facts)) throw new Refused(facts);
        return facts;
      },
      (error) => error instanceof Refused,
    );
  } catch (error) {
    if (error instanceof Refused) return error.facts;
    if (error instanceof OAuthFault) return withoutToken(error);
    throw error;
  }
}

function submitWith(request: SubmitAsRequest, auth: SmtpAuth | null): Promise<Submission> {
  return submit({ ...request, smtp: { ...request.smtp, auth } });
}

/** 5xx to AUTH: the token; 4xx is the server's mood (RFC 4954 section 4). */
function isRefusedLogin({ phase, replyCode }: Submission): boolean {
  return phase === 'auth' && replyCode !== null && replyCode >= 500;
}

/** The server was not even called. */
function withoutToken(fault: OAuthFault): Submission {
  return {
    phase: 'connect',
    fault: passesByItself(fault) ? 'network' : 'login',
    replyCode: null,
    words: fault.message,
    accepted: [],
    refused: [],
  };
}
