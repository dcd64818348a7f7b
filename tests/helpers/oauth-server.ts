import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { OAuthSettings } from '../../src/core/oauth-settings.ts';

export interface OAuthServerOptions {
  /** '' for a public client. */
  readonly clientSecret?: string;
  /** The access token that it gives says it lasts so long. */
  readonly expiresIn?: number | null;
  /** A refresh token works once, and its second use withdraws the whole login (RFC 9700 section 4.14.2). */
  readonly rotates?: boolean;
  /** Scopes it gives, whatever was asked for; null: what was asked for. */
  readonly grants?: readonly string[] | null;
}

/** What the token endpoint answers instead, once for each of `times`. */
export interface TokenFault {
  readonly status?: number;
  readonly body?: string;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly silent?: true;
  readonly hangUp?: true;
}

interface Access {
  readonly user: string;
  readonly scopes: readonly string[];
  readonly login: Login;
  ended: boolean;
}
interface Login {
  readonly user: string;
  readonly scopes: readonly string[];
  withdrawn: boolean;
}
interface Code {
  readonly redirectUri: string;
  readonly challenge: string;
  readonly scopes: readonly string[];
}
interface Device {
  readonly userCode: string;
  readonly scopes: readonly string[];
  state: 'pending' | 'approved' | 'denied' | 'expired';
}

/** A small authorisation server on 127.0.0.1 (RFC 6749, 7636, 7662, 8628) that remembers what it was asked. */
export interface OAuthServer {
  readonly url: string;
  /** What an account needs to use it. */
  readonly settings: OAuthSettings;
  /** For Dovecot's passdb, with the secret of the resource server in it. */
  readonly introspectionUrl: string;
  /** Parameters of every request to the token endpoint, in order. */
  readonly asked: URLSearchParams[];
  /** Parameters of every request to the authorisation endpoint. */
  readonly authorized: readonly URLSearchParams[];
  /** How often Dovecot asked about a token. */
  readonly introspections: () => number;
  /** Who logs in at the next authorisation; `deny`: they say no. */
  readonly next: { user: string; deny: boolean };
  /** The user of a token with this scope, or null. */
  userOf(accessToken: string, scope?: string): string | null;
  /** As a browser would: follows to the address it is sent back to, and gives what stands there. */
  browse(url: string): Promise<{ status: number; text: string; location: string }>;
  answerDevice(state: 'approved' | 'denied' | 'expired'): void;
  /** Access tokens given so far end now, whatever was said when they were given. */
  endAccess(): void;
  /** The user withdraws the access of the application; without a name all do. */
  withdraw(user?: string): void;
  /** For the next `times` requests to the token endpoint. */
  fail(fault: TokenFault, times?: number): void;
  /** Called when a token request is about to be answered. */
  onToken: ((params: URLSearchParams) => Promise<void> | void) | undefined;
  stop(): Promise<void>;
}

const CLIENT = 'handover-client';
const RESOURCE_SECRET = 'resource-secret';

export async function startOAuthServer(options: OAuthServerOptions = {}): Promise<OAuthServer> {
  const { clientSecret = '', expiresIn = 3600, rotates = false, grants = null } = options;
  const codes = new Map<string, Code>();
  const devices = new Map<string, Device>();
  const accesses = new Map<string, Access>();
  const refreshes = new Map<string, { login: Login; used: boolean }>();
  const asked: URLSearchParams[] = [];
  const authorized: URLSearchParams[] = [];
  const faults: TokenFault[] = [];
  let introspections = 0;
  const next = { user: 'user@example.org', deny: false };

  const give = (login: Login, before: string | null): object => {
    const accessToken = `access-${randomBytes(12).toString('hex')}`;
    accesses.set(accessToken, { user: login.user, scopes: login.scopes, login, ended: false });
    const fresh = before === null || rotates ? `refresh-${randomBytes(12).toString('hex')}` : null;
    if (fresh !== null) refreshes.set(fresh, { login, used: false });
    return {
      access_token: accessToken,
      token_type: 'Bearer',
      scope: login.scopes.join(' '),
      ...(expiresIn === null ? {} : { expires_in: expiresIn }),
      ...(fresh === null ? {} : { refresh_token: fresh }),
    };
  };
  const login = (scopes: readonly string[]): Login => ({
    user: next.user,
    scopes: grants ?? scopes,
    withdrawn: false,
  });

  const byCode = (params: URLSearchParams): object | string => {
    const code = codes.get(params.get('code') ?? '');
    codes.delete(params.get('code') ?? '');
    const verifier = params.get('code_verifier') ?? '';
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    if (!code || code.challenge !== challenge || code.redirectUri !== params.get('redirect_uri')) {
      return 'invalid_grant';
    }
    return give(login(code.scopes), null);
  };
  const byRefresh = (params: URLSearchParams): object | string => {
    const token = params.get('refresh_token') ?? '';
    const known = refreshes.get(token);
    if (!known || known.login.withdrawn) return 'invalid_grant';
    if (rotates && known.used) {
      known.login.withdrawn = true;
      return 'invalid_grant';
    }
    known.used = true;
    return give(known.login, token);
  };
  const byDevice = (params: URLSearchParams): object | string => {
    const device = devices.get(params.get('device_code') ?? '');
    switch (device?.state) {
      case undefined:
        return 'invalid_grant';
      case 'pending':
        return 'authorization_pending';
      case 'denied':
        return 'access_denied';
      case 'expired':
        return 'expired_token';
      case 'approved':
        return give(login(device.scopes), null);
    }
  };

  const token = async (params: URLSearchParams, response: ServerResponse): Promise<void> => {
    asked.push(params);
    await server.onToken?.(params);
    const fault = faults.shift();
    if (fault?.silent) return;
    if (fault?.hangUp) return void response.socket?.destroy();
    if (fault) {
      response.writeHead(fault.status ?? 500, {
        'content-type': fault.type ?? 'application/json',
        ...fault.headers,
      });
      return void response.end(fault.body ?? '');
    }
    if (params.get('client_id') !== CLIENT || (params.get('client_secret') ?? '') !== clientSecret) {
      response.setHeader('WWW-Authenticate', 'Basic realm="token"');
      json(response, 401, { error: 'invalid_client' });
      return;
    }
    const kinds: Readonly<Record<string, (params: URLSearchParams) => object | string>> = {
      authorization_code: byCode,
      refresh_token: byRefresh,
      'urn:ietf:params:oauth:grant-type:device_code': byDevice,
    };
    const answer = kinds[params.get('grant_type') ?? '']?.(params) ?? 'unsupported_grant_type';
    if (typeof answer === 'object') {
      json(response, 200, answer);
      return;
    }
    json(response, 400, { error: answer, error_description: `the test says ${answer}` });
  };

  const authorize = (params: URLSearchParams, response: ServerResponse): void => {
    authorized.push(params);
    const redirectUri = params.get('redirect_uri') ?? '';
    const isOurs = /^http:\/\/(127\.0\.0\.1|localhost):\d+(\/\w*)?$/.test(redirectUri);
    if (params.get('client_id') !== CLIENT || !isOurs || params.get('code_challenge_method') !== 'S256') {
      return json(response, 400, { error: 'invalid_request' });
    }
    const back = new URL(redirectUri);
    back.searchParams.set('state', params.get('state') ?? '');
    if (next.deny) back.searchParams.set('error', 'access_denied');
    else {
      const code = `code-${randomBytes(8).toString('hex')}`;
      const scopes = (params.get('scope') ?? '').split(' ');
      codes.set(code, { redirectUri, challenge: params.get('code_challenge') ?? '', scopes });
      back.searchParams.set('code', code);
    }
    response.writeHead(302, { location: back.href }).end();
  };

  const device = (params: URLSearchParams, response: ServerResponse): void => {
    if (params.get('client_id') !== CLIENT) return json(response, 401, { error: 'invalid_client' });
    const deviceCode = randomBytes(12).toString('hex');
    const userCode = 'WDJB-MJHT';
    const scopes = (params.get('scope') ?? '').split(' ');
    devices.set(deviceCode, { userCode, scopes, state: 'pending' });
    json(response, 200, {
      device_code: deviceCode,
      user_code: userCode,
      verification_uri: `${url}/enter`,
      expires_in: 900,
      interval: 0.05,
    });
  };

  const userOf = (accessToken: string, scope?: string): string | null => {
    const access = accesses.get(accessToken);
    if (!access || access.ended || access.login.withdrawn) return null;
    return scope === undefined || access.scopes.includes(scope) ? access.user : null;
  };

  const introspect = (request: IncomingMessage, params: URLSearchParams, response: ServerResponse): void => {
    introspections += 1;
    const expected = `Basic ${Buffer.from(`resource:${RESOURCE_SECRET}`).toString('base64')}`;
    if (request.headers.authorization !== expected) return json(response, 401, { error: 'invalid_client' });
    const user = userOf(params.get('token') ?? '', 'imap');
    json(response, 200, user === null ? { active: false } : { active: true, username: user });
  };

  const http = createServer((request, response) => {
    void (async () => {
      const target = new URL(request.url ?? '/', 'http://127.0.0.1');
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const params = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
      if (target.pathname === '/token') return token(params, response);
      if (target.pathname === '/authorize') {
        authorize(target.searchParams, response);
        return;
      }
      if (target.pathname === '/device') {
        device(params, response);
        return;
      }
      if (target.pathname === '/introspect') {
        introspect(request, params, response);
        return;
      }
      response.writeHead(404).end();
    })();
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const address = http.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const url = `http://127.0.0.1:${port}`;

  const server: OAuthServer = {
    url,
    settings: {
      provider: 'custom',
      clientId: CLIENT,
      clientSecret,
      tenant: 'common',
      authorizeUrl: `${url}/authorize`,
      tokenUrl: `${url}/token`,
      deviceUrl: `${url}/device`,
      scopes: ['imap', 'smtp'],
    },
    introspectionUrl: `http://resource:${RESOURCE_SECRET}@127.0.0.1:${port}/introspect`,
    asked,
    authorized,
    introspections: () => introspections,
    next,
    userOf,
    browse: async (start) => {
      const first = await fetch(start, { redirect: 'manual' });
      const location = first.headers.get('location') ?? '';
      if (location === '') return { status: first.status, text: await first.text(), location };
      const back = await fetch(location);
      return { status: back.status, text: await back.text(), location };
    },
    answerDevice: (state) => {
      for (const one of devices.values()) one.state = state;
    },
    endAccess: () => {
      for (const access of accesses.values()) access.ended = true;
    },
    withdraw: (user) => {
      for (const { login: one } of refreshes.values()) {
        if (user === undefined || one.user === user) one.withdrawn = true;
      }
    },
    fail: (fault, times = 1) => {
      for (let n = 0; n < times; n++) faults.push(fault);
    },
    onToken: undefined,
    stop: async () => {
      http.closeAllConnections();
      await new Promise<void>((resolve) => http.close(() => resolve()));
    },
  };
  return server;
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}
