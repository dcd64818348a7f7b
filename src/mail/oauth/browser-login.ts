import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as oauth from 'oauth4webapi';
import type { OAuthSettings } from '../../core/oauth-settings.ts';
import type { Provider } from './providers.ts';
import type { Grant, TokenEndpoint } from './token-endpoint.ts';
import { OAuthFault } from './token-source.ts';

/** One login in a browser: where the user goes, and what to do with what the browser comes back with. */
export interface BrowserLogin {
  readonly url: string;
  readonly redirectUri: string;
  /** Is this an answer to our question? Anybody on this machine can call the port. */
  isOurs(answer: URLSearchParams): boolean;
  /** @throws OAuthFault; also when the user said no. */
  finish(answer: URLSearchParams): Promise<Grant>;
}

export interface BrowserLoginDeps {
  readonly endpoint: TokenEndpoint;
  readonly provider: Provider;
  readonly settings: OAuthSettings;
  readonly scopes: readonly string[];
  /** The mailbox, so that the provider offers the right account. */
  readonly user: string;
  readonly port: number;
}

/**
 * The authorisation code flow with PKCE (RFC 7636) and a state, coming back to this machine (RFC 8252 section 7.3).
 * @throws OAuthFault misconfigured when the provider has no such flow.
 */
export async function beginBrowserLogin(deps: BrowserLoginDeps): Promise<BrowserLogin> {
  const { endpoint, provider, settings, scopes, user, port } = deps;
  if (provider.authorizeUrl === '') {
    throw new OAuthFault('misconfigured', 'IMAP_OAUTH_AUTHORIZE_URL is missing: see docs/providers.md');
  }
  const state = oauth.generateRandomState();
  const verifier = oauth.generateRandomCodeVerifier();
  const redirectUri = `http://${provider.redirectHost}:${port}`;
  const url = new URL(provider.authorizeUrl);
  const parameters = {
    ...provider.authorizeParameters,
    response_type: 'code',
    client_id: settings.clientId,
    redirect_uri: redirectUri,
    scope: scopes.join(' '),
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    login_hint: user,
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return {
    url: url.href,
    redirectUri,
    isOurs: (answer) => answer.get('state') === state,
    finish: (answer) => {
      const checked = new URLSearchParams(answer);
      // Only one server was asked, and of this one the name is not known.
      if (provider.issuer === null) checked.delete('iss');
      return endpoint.exchange(checked, state, redirectUri, verifier);
    },
  };
}

export interface Loopback {
  readonly port: number;
  /** What `take` gave for the first answer that is ours. @throws what `take` throws, and OAuthFault when nobody comes */
  answer<T>(
    isOurs: (answer: URLSearchParams) => boolean,
    take: (answer: URLSearchParams) => Promise<T>,
  ): Promise<T>;
  close(): void;
}

/** Listens on 127.0.0.1 alone. `port` 0: any that is free. @throws OAuthFault when the port is taken */
export async function openLoopback(port: number, deadlineMs: number): Promise<Loopback> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', () =>
      reject(
        new OAuthFault('misconfigured', `port ${port} of this machine is taken: choose another with --port`),
      ),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
    answer: (isOurs, take) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new OAuthFault('unreachable', 'nobody came back from the browser in time')),
          deadlineMs,
        );
        let taken = false;
        server.on('request', (request, response) => {
          const { searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
          // A page of somebody else may call this port as often as it likes: the login goes on.
          if (request.method !== 'GET' || taken || !isOurs(searchParams)) {
            return page(response, 404, 'This is not what Handover waits for.');
          }
          taken = true;
          clearTimeout(timer);
          take(searchParams).then(
            (value) => {
              page(response, 200, 'Handover has its access. You can close this window.');
              response.once('close', () => resolve(value));
            },
            (error: unknown) => {
              page(response, 400, 'Handover got no access. The terminal says why.');
              response.once('close', () => reject(error instanceof Error ? error : new Error(String(error))));
            },
          );
        });
      }),
  };
}

/** Words of ours alone: nothing that came in is shown. */
function page(response: ServerResponse, status: number, words: string): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'",
    'referrer-policy': 'no-referrer',
    connection: 'close',
  });
  response.end(`<!doctype html><title>Handover</title><p>${words}</p>\n`);
}
