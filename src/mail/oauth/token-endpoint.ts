import * as oauth from 'oauth4webapi';
import type { OAuthSettings } from '../../core/oauth-settings.ts';
import { boundedFetch } from './bounded-fetch.ts';
import type { Provider } from './providers.ts';
import { OAuthFault, type OAuthFaultCode } from './token-source.ts';

/** What a provider gave. */
export interface Grant {
  readonly accessToken: string;
  /** Null: the one that was used stays good (RFC 6749 section 6). */
  readonly refreshToken: string | null;
  /** Seconds from the moment of asking; null: it does not say. */
  readonly expiresIn: number | null;
  /** Null: what was asked for (RFC 6749 section 5.1). */
  readonly scopes: readonly string[] | null;
}

export interface DevicePrompt {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly url: string;
  readonly expiresIn: number;
  readonly intervalS: number;
}

export type DeviceAnswer =
  | { readonly kind: 'granted'; readonly grant: Grant }
  | { readonly kind: 'pending' }
  | { readonly kind: 'slow-down' };

/** The authorisation server of one account, spoken with over oauth4webapi. Every fault is an OAuthFault. */
export class TokenEndpoint {
  readonly #as: oauth.AuthorizationServer;
  readonly #client: oauth.Client;
  readonly #auth: oauth.ClientAuth;
  readonly #options: Pick<oauth.TokenEndpointRequestOptions, typeof oauth.customFetch>;
  readonly #name: string;
  readonly #secrets: readonly string[];
  readonly #plain = new Map<string, string>();

  constructor(provider: Provider, settings: OAuthSettings) {
    this.#name = provider.name;
    this.#as = {
      issuer: provider.issuer ?? new URL(provider.tokenUrl).origin,
      token_endpoint: this.#secured(provider.tokenUrl),
      ...(provider.deviceUrl === ''
        ? {}
        : { device_authorization_endpoint: this.#secured(provider.deviceUrl) }),
    };
    this.#client = { client_id: settings.clientId };
    this.#auth = settings.clientSecret === '' ? oauth.None() : oauth.ClientSecretPost(settings.clientSecret);
    this.#secrets = [settings.clientSecret];
    this.#options = {
      [oauth.customFetch]: (url, init) => boundedFetch(this.#plain.get(url) ?? url, init),
    };
  }

  /**
   * The library speaks https alone. So do we, but for a server on this very machine: config.ts refuses plain http
   * to any other.
   */
  #secured(url: string): string {
    if (!url.startsWith('http:')) return url;
    const secured = new URL(url.replace(/^http:/, 'https:')).href;
    this.#plain.set(secured, url);
    return secured;
  }

  /** @throws OAuthFault */
  refresh(refreshToken: string): Promise<Grant> {
    return this.#asked([refreshToken], async () => {
      const response = await oauth.refreshTokenGrantRequest(...this.#call(), refreshToken, this.#options);
      return grantOf(await oauth.processRefreshTokenResponse(this.#as, this.#client, response));
    });
  }

  /** @throws OAuthFault; with `state` that is not ours too. */
  exchange(answer: URLSearchParams, state: string, redirectUri: string, verifier: string): Promise<Grant> {
    return this.#asked([answer.get('code') ?? '', verifier], async () => {
      const checked = oauth.validateAuthResponse(this.#as, this.#client, answer, state);
      const response = await oauth.authorizationCodeGrantRequest(
        ...this.#call(),
        checked,
        redirectUri,
        verifier,
        this.#options,
      );
      return grantOf(await oauth.processAuthorizationCodeResponse(this.#as, this.#client, response));
    });
  }

  /** @throws OAuthFault */
  askDevice(scopes: readonly string[]): Promise<DevicePrompt> {
    return this.#asked([], async () => {
      const wish = { scope: scopes.join(' ') };
      const response = await oauth.deviceAuthorizationRequest(...this.#call(), wish, this.#options);
      const said = await oauth.processDeviceAuthorizationResponse(this.#as, this.#client, response);
      return {
        deviceCode: said.device_code,
        userCode: said.user_code,
        url: said.verification_uri,
        expiresIn: said.expires_in,
        // RFC 8628 section 3.2: five seconds where it says none.
        intervalS: said.interval ?? 5,
      };
    });
  }

  /** @throws OAuthFault */
  pollDevice(deviceCode: string): Promise<DeviceAnswer> {
    return this.#asked([deviceCode], async () => {
      const response = await oauth.deviceCodeGrantRequest(...this.#call(), deviceCode, this.#options);
      try {
        const grant = grantOf(await oauth.processDeviceCodeResponse(this.#as, this.#client, response));
        return { kind: 'granted', grant };
      } catch (error) {
        const code = error instanceof oauth.ResponseBodyError ? error.error : '';
        if (code === 'authorization_pending') return { kind: 'pending' };
        if (code === 'slow_down') return { kind: 'slow-down' };
        throw error;
      }
    });
  }

  #call(): [oauth.AuthorizationServer, oauth.Client, oauth.ClientAuth] {
    return [this.#as, this.#client, this.#auth];
  }

  async #asked<T>(secrets: readonly string[], ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      throw faultOf(error, this.#name, [...this.#secrets, ...secrets]);
    }
  }
}

const MAX_TOKEN_CHARS = 16_384;
/** RFC 6749 appendix A.12 and A.17: printable ASCII. Anything else could break out of the line of a login. */
const TOKEN = /^[\x21-\x7e]+$/;

function grantOf(response: oauth.TokenEndpointResponse): Grant {
  const { access_token: accessToken, refresh_token: refreshToken } = response;
  for (const token of [accessToken, refreshToken]) {
    if (token !== undefined && (token.length > MAX_TOKEN_CHARS || !TOKEN.test(token))) {
      throw new Error('a token that is none');
    }
  }
  return {
    accessToken,
    refreshToken: refreshToken ?? null,
    expiresIn: response.expires_in ?? null,
    scopes: response.scope === undefined ? null : response.scope.split(' ').filter((s) => s !== ''),
  };
}

/**
 * RFC 6749 section 5.2; `interaction_required` and `consent_required` are Microsoft's words for a login that must be
 * made anew: https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes
 */
const MEANINGS: Readonly<Record<string, OAuthFaultCode>> = {
  invalid_grant: 'revoked',
  interaction_required: 'revoked',
  consent_required: 'revoked',
  login_required: 'revoked',
  access_denied: 'revoked',
  expired_token: 'revoked',
  invalid_client: 'misconfigured',
  unauthorized_client: 'misconfigured',
  unsupported_grant_type: 'misconfigured',
  unsupported_response_type: 'misconfigured',
  invalid_scope: 'misconfigured',
  invalid_request: 'misconfigured',
  invalid_resource: 'misconfigured',
  redirect_uri_mismatch: 'misconfigured',
  org_internal: 'misconfigured',
  admin_policy_enforced: 'misconfigured',
};

function faultOf(error: unknown, name: string, secrets: readonly string[]): OAuthFault {
  if (error instanceof OAuthFault) return error;
  if (error instanceof oauth.ResponseBodyError || error instanceof oauth.AuthorizationResponseError) {
    const said = [error.error, error.error_description ?? ''].filter((text) => text !== '').join(': ');
    return new OAuthFault(
      MEANINGS[error.error] ?? 'unreachable',
      `${name} says ${cleanWords(said, secrets)}`,
    );
  }
  if (error instanceof oauth.OperationProcessingError) {
    return new OAuthFault(
      'unreachable',
      `${name} answers something else than expected (${error.code ?? 'unknown'})`,
    );
  }
  return new OAuthFault('unreachable', `${name} does not answer (${networkCode(error)})`);
}

/** Words of a server: one line, short, no controls, and none of our secrets, should it say them back. */
function cleanWords(text: string, secrets: readonly string[]): string {
  let words = text.slice(0, 4_000);
  for (const secret of secrets) if (secret !== '') words = words.replaceAll(secret, '[secret]');
  return words
    .replace(/[\p{C}\s]+/gu, ' ')
    .replace(/ Trace ID: .*$/, '')
    .trim()
    .slice(0, 200);
}

/** undici hides the system's word in the cause. */
function networkCode(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return cause instanceof Error ? cause.name : 'unknown';
}
