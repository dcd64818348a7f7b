import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OAuthSettings } from '../../src/core/oauth-settings.ts';
import { deviceLogin } from '../../src/mail/oauth/device-login.ts';
import { keepLogin } from '../../src/mail/oauth/keep-login.ts';
import { openTokens } from '../../src/mail/oauth/open-tokens.ts';
import { providerOf } from '../../src/mail/oauth/providers.ts';
import { TokenEndpoint } from '../../src/mail/oauth/token-endpoint.ts';
import type { TokenSource } from '../../src/mail/oauth/token-source.ts';
import { type Clock, systemClock } from '../../src/runtime/clock.ts';
import type { OAuthServer } from './oauth-server.ts';

/** A clock that is `ahead.ms` off; waiting takes as long as it takes. */
export function clockAhead(): Clock & { ms: number } {
  const clock: Clock & { ms: number } = {
    ms: 0,
    now: () => Date.now() + clock.ms,
    sleep: (ms, signal) => systemClock.sleep(ms, signal),
  };
  return clock;
}

/** The device flow, with a user who says yes at once. */
export async function logIn(
  server: OAuthServer,
  stateDir: string,
  options: { readonly account?: string; readonly clock?: Clock; readonly settings?: OAuthSettings } = {},
): Promise<void> {
  const { account = 'default', clock = systemClock, settings = server.settings } = options;
  const provider = providerOf(settings);
  const { scopes } = settings;
  const grant = await deviceLogin({
    endpoint: new TokenEndpoint(provider, settings),
    scopes,
    clock: systemClock,
    show: () => server.answerDevice('approved'),
  });
  await keepLogin({ stateDir, account, provider, settings, scopes, clock }, grant);
}

export function tokensOf(
  settings: OAuthSettings,
  stateDir: string,
  clock: Clock = systemClock,
  account = 'default',
): TokenSource {
  return openTokens(() => settings, stateDir, clock)(account);
}

export interface KeptFile {
  accessToken: string;
  refreshToken: string;
  obtainedMs: number;
  expiresMs: number;
  revoked: string | null;
}

export const tokenPath = (stateDir: string, account = 'default'): string =>
  join(stateDir, 'tokens', `${account}.json`);

export async function readTokens(stateDir: string, account = 'default'): Promise<KeptFile> {
  return JSON.parse(await readFile(tokenPath(stateDir, account), 'utf8')) as KeptFile;
}

/** As if so much time had gone by since the token was got. */
export async function age(stateDir: string, ms: number, account = 'default'): Promise<void> {
  const kept = await readTokens(stateDir, account);
  const older = { ...kept, obtainedMs: kept.obtainedMs - ms, expiresMs: kept.expiresMs - ms };
  await writeFile(tokenPath(stateDir, account), JSON.stringify(older));
}
