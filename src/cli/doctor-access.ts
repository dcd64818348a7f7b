import { loginCommand } from '../mail/oauth/token-file.ts';
import { OAuthFault, type OAuthFaultCode } from '../mail/oauth/token-source.ts';
import { about, type Check, fine, found } from './doctor-check.ts';
import type { FaultCode } from './doctor-codes.ts';

/** Is somebody logged in by OAuth, and does the provider still think so? Renews the access where it is due. */
export const checkAccess: Check = async (patient) => {
  const { account, imap, authOf } = patient;
  const login = account.smtp?.login?.type === 'oauth2' ? account.smtp.login : imap.login;
  const auth = authOf(login);
  if (auth.type === 'password') return about(patient, fine('access', 'a password is used'));
  try {
    await auth.token.token();
    return about(patient, fine('access', 'the login by OAuth is good, and renewed by itself'));
  } catch (error) {
    if (!(error instanceof OAuthFault)) throw error;
    return about(patient, found(CODE_OF[error.code], error.message, cureOf(error, account.name)));
  }
};

const CODE_OF: Readonly<Record<OAuthFaultCode, FaultCode>> = {
  revoked: 'login-revoked',
  'not-logged-in': 'login-missing',
  misconfigured: 'login-refused',
  malformed: 'login-file',
  unreachable: 'login-unreachable',
};

/** Undefined: the usual one. */
function cureOf({ code }: OAuthFault, account: string): string | undefined {
  return code === 'revoked' || code === 'not-logged-in' ? `run: ${loginCommand(account)}` : undefined;
}
