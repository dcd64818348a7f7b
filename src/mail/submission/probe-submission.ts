import { OAuthFault } from '../oauth/token-source.ts';
import { conversation, oneLine } from './smtp-conversation.ts';
import type { SmtpAccount } from './submit-as.ts';
import { DEFAULT_TIMEOUTS, logIn, openSmtp, type SmtpAuth, type SmtpError } from './submit.ts';

/** Whether a key opens a submission server. */
export type Probed =
  | { readonly kind: 'accepted'; readonly words: string }
  /** The server looked at the key and said no, for good. */
  | { readonly kind: 'refused'; readonly words: string }
  /** The server offers no login, so that the key was not shown. */
  | { readonly kind: 'no-login'; readonly words: string }
  | { readonly kind: 'no-answer'; readonly words: string };

const DEADLINE_MS = 30_000;

/**
 * Connects, logs in, and leaves. There is no MAIL in here: nothing is sent, whatever the server says.
 * Never throws for what a server or the network does.
 */
export async function probeSubmission(smtp: SmtpAccount): Promise<Probed> {
  try {
    const auth = await keyOf(smtp);
    return await probe(smtp, auth);
  } catch (error) {
    if (!(error instanceof OAuthFault)) throw error;
    return { kind: 'no-answer', words: error.message };
  }
}

async function keyOf({ auth }: SmtpAccount): Promise<SmtpAuth | null> {
  if (auth?.type !== 'oauth2') return auth;
  return { type: 'oauth2', user: auth.user, accessToken: await auth.token.token() };
}

function probe(smtp: SmtpAccount, auth: SmtpAuth | null): Promise<Probed> {
  const talk = conversation();
  const connection = openSmtp({ ...smtp, auth }, DEFAULT_TIMEOUTS, talk);
  return new Promise((resolve) => {
    const timer = setTimeout(() => end({ kind: 'no-answer', words: 'no answer in time' }), DEADLINE_MS);
    const end = (probed: Probed): void => {
      clearTimeout(timer);
      if (probed.kind === 'no-answer') connection.close();
      else connection.quit();
      resolve(probed);
    };
    const failed = (error: unknown): void => end(verdictOf(error, talk.phase === 'auth'));
    connection.on('error', failed);
    connection.once('end', () => end({ kind: 'no-answer', words: 'the connection closed' }));
    connection.connect((error) => {
      if (error) return failed(error);
      if (!connection.allowsAuth) return end({ kind: 'no-login', words: 'the server offers no login' });
      logIn(connection, auth, talk, (refused) => {
        if (refused) return failed(refused);
        end(
          auth === null
            ? { kind: 'no-login', words: 'no key was shown' }
            : { kind: 'accepted', words: 'the server accepts the login' },
        );
      });
    });
  });
}

/** 5xx to AUTH is the server's word on the key; 4xx and everything before it are not (RFC 4954 section 4). */
function verdictOf(error: unknown, atLogin: boolean): Probed {
  const { responseCode, response, message, code } = (error ?? {}) as SmtpError;
  const words = oneLine(response ?? message ?? code ?? 'unknown fault');
  const refused = atLogin && responseCode !== undefined && responseCode >= 500;
  return { kind: refused ? 'refused' : 'no-answer', words };
}
