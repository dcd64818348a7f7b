import type { TokenSource } from './token-source.ts';

/**
 * Logs in with a token, and once more when the server refuses it and the provider gives another: an access can be
 * withdrawn, or end, before its time.
 * @throws OAuthFault, and what `login` throws
 */
export async function withToken<T>(
  source: TokenSource,
  login: (accessToken: string) => Promise<T>,
  wasRefused: (error: unknown) => boolean,
): Promise<T> {
  const token = await source.token();
  try {
    return await login(token);
  } catch (error) {
    if (!wasRefused(error)) throw error;
    await source.refused();
    const next = await source.token();
    if (next === token) throw error;
    return login(next);
  }
}
