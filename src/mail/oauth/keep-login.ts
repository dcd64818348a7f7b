import type { OAuthSettings } from '../../core/oauth-settings.ts';
import type { Clock } from '../../runtime/clock.ts';
import { lockAccount } from './account-lock.ts';
import { renewed } from './kept-source.ts';
import type { Provider } from './providers.ts';
import type { Grant } from './token-endpoint.ts';
import { TokenFile } from './token-file.ts';
import { OAuthFault } from './token-source.ts';

export interface KeepLoginDeps {
  readonly stateDir: string;
  readonly account: string;
  readonly provider: Provider;
  readonly settings: OAuthSettings;
  /** What was asked for. */
  readonly scopes: readonly string[];
  readonly clock: Clock;
}

/**
 * Keeps what a login gave, in place of what was there. Under the account's lock: a process that is renewing the old
 * access would put it back.
 * @throws OAuthFault when it would not last, or is not what was asked for; then what was there stays.
 */
export async function keepLogin(deps: KeepLoginDeps, grant: Grant): Promise<void> {
  const { stateDir, account, provider, settings, scopes, clock } = deps;
  const missing = missingScopes(scopes, grant.scopes);
  if (missing.length > 0) {
    throw new OAuthFault(
      'misconfigured',
      `${provider.name} did not give everything: ${missing.join(' ')} is missing. Allow it on the provider's page, and check that the application may ask for it`,
    );
  }
  const { refreshToken } = grant;
  if (refreshToken === null) {
    throw new OAuthFault(
      'misconfigured',
      `${provider.name} gave an access that ends within the hour (no refresh token); with some providers IMAP_OAUTH_SCOPES needs offline_access`,
    );
  }
  const file = new TokenFile(stateDir, account);
  const now = clock.now();
  const lock = await lockAccount({ folder: file.folder, account }, clock, () => Promise.resolve(null));
  if ('found' in lock) return;
  try {
    await file.write({
      version: 1,
      tokenUrl: provider.tokenUrl,
      clientId: settings.clientId,
      scopes: [...(grant.scopes ?? scopes)].slice(0, 50),
      ...renewed(grant, refreshToken, now),
      loginMs: now,
    });
  } finally {
    await lock.release();
  }
}

/** `offline_access` is a wish about the answer, and not repeated in it (Microsoft). */
function missingScopes(asked: readonly string[], given: readonly string[] | null): string[] {
  if (given === null) return [];
  const have = new Set(given.map((scope) => scope.toLowerCase()));
  return asked.filter((scope) => scope !== 'offline_access' && !have.has(scope.toLowerCase()));
}
