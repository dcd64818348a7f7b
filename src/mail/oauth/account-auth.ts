import type { At } from '../../core/crash-points.ts';
import type { OAuthSettings } from '../../core/oauth-settings.ts';
import type { Clock } from '../../runtime/clock.ts';
import { openTokens } from './open-tokens.ts';
import type { MailAuth } from './token-source.ts';

/** As an account names it. */
type Login =
  | { readonly type: 'password'; readonly user: string; readonly password: string }
  | { readonly type: 'oauth2'; readonly user: string; readonly oauth: OAuthSettings };

interface Servers {
  readonly name: string;
  readonly imap: { readonly login: Login } | null;
  readonly smtp: { readonly login: Login | null } | null;
}

/** How the servers of an account are logged in to; a mailbox and its submission share one access. */
export function accountAuth(
  accounts: readonly Servers[],
  options: { readonly stateDir: string; readonly clock: Clock; readonly at?: At },
): (account: string, login: Login) => MailAuth {
  const settingsOf = (name: string): OAuthSettings => {
    const account = accounts.find((one) => one.name === name);
    for (const login of [account?.imap?.login, account?.smtp?.login]) {
      if (login?.type === 'oauth2') return login.oauth;
    }
    throw new Error(`no access by OAuth is configured for the account ${name}`);
  };
  const { stateDir, clock, at } = options;
  const tokens = openTokens(settingsOf, stateDir, clock, at === undefined ? {} : { at });
  return (account, login) =>
    login.type === 'password' ? login : { type: 'oauth2', user: login.user, token: tokens(account) };
}
