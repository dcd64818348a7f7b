import { loginCommand } from '../mail/oauth/token-file.ts';
import { OAuthFault } from '../mail/oauth/token-source.ts';
import { type Check, finding } from './doctor-check.ts';

/** Is somebody logged in by OAuth, and does the provider still think so? Renews the access where it is due. */
export const checkAccess: Check = async (patient) => {
  const { account, imap, authOf } = patient;
  const login = account.smtp?.login?.type === 'oauth2' ? account.smtp.login : imap.login;
  const auth = authOf(login);
  if (auth.type === 'password') return finding(patient, 'access', 'ok', 'a password is used');
  try {
    await auth.token.token();
    return finding(patient, 'access', 'ok', 'the login by OAuth is good, and renewed by itself');
  } catch (error) {
    if (!(error instanceof OAuthFault)) throw error;
    return finding(patient, 'access', 'fault', error.message, cureOf(error, account.name));
  }
};

function cureOf({ code }: OAuthFault, account: string): string {
  switch (code) {
    case 'revoked':
    case 'not-logged-in':
      return `run: ${loginCommand(account)}`;
    case 'misconfigured':
      return 'see docs/providers.md for the application, and check its id and secret';
    case 'malformed':
      return 'as it says';
    case 'unreachable':
      return 'check the connection of this machine, and try again';
  }
}
