import type { At } from '../../core/crash-points.ts';
import type { OAuthSettings } from '../../core/oauth-settings.ts';
import type { Clock } from '../../runtime/clock.ts';
import { KeptSource } from './kept-source.ts';
import { providerOf } from './providers.ts';
import { TokenEndpoint } from './token-endpoint.ts';
import { TokenFile } from './token-file.ts';
import { OAuthFault, type TokenSource } from './token-source.ts';

/**
 * The access of each account by its name, out of STATE_DIR/tokens. The same name gives the same source. Nothing is
 * read or asked before the first `token()`, and a login made meanwhile is seen by it. An account whose settings are
 * wrong says so there too: the others go on.
 */
export function openTokens(
  settingsOf: (account: string) => OAuthSettings,
  stateDir: string,
  clock: Clock,
  options: { readonly at?: At } = {},
): (account: string) => TokenSource {
  const sources = new Map<string, TokenSource>();
  return (account) => {
    const known = sources.get(account);
    if (known) return known;
    const source = opened(account);
    sources.set(account, source);
    return source;
  };

  function opened(account: string): TokenSource {
    try {
      const settings = settingsOf(account);
      const provider = providerOf(settings);
      const endpoint = new TokenEndpoint(provider, settings);
      return new KeptSource({
        account,
        file: new TokenFile(stateDir, account),
        clock,
        tokenUrl: provider.tokenUrl,
        clientId: settings.clientId,
        refresh: (refreshToken) => endpoint.refresh(refreshToken),
        at: options.at ?? (() => undefined),
      });
    } catch (error) {
      if (!(error instanceof OAuthFault)) throw error;
      return { token: () => Promise.reject(error), refused: () => Promise.resolve() };
    }
  }
}
