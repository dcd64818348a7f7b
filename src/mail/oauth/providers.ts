import type { OAuthSettings } from '../../core/oauth-settings.ts';
import { OAuthFault } from './token-source.ts';

/** Where and for what one account is asked. */
export interface Provider {
  /** For people. */
  readonly name: string;
  /** Null: not known, so that an `iss` in an answer cannot be held against it. */
  readonly issuer: string | null;
  /** '' where there is none: then the one flow or the other is not offered. */
  readonly authorizeUrl: string;
  readonly tokenUrl: string;
  readonly deviceUrl: string;
  /** The host of the address that the browser comes back to; the server listens on 127.0.0.1 in any case. */
  readonly redirectHost: '127.0.0.1' | 'localhost';
  readonly authorizeParameters: Readonly<Record<string, string>>;
  readonly imapScopes: readonly string[];
  readonly smtpScopes: readonly string[];
  /** Why there is no device flow, where people would expect one. */
  readonly noDevice: string;
}

/** What the access is for on this machine. */
export interface Wish {
  readonly imap: boolean;
  readonly smtp: boolean;
}

const REFRESH_SCOPE = 'offline_access';

/**
 * Google. Endpoints: https://accounts.google.com/.well-known/openid-configuration. The one scope for IMAP opens SMTP
 * as well: https://developers.google.com/workspace/gmail/imap/xoauth2-protocol. `access_type=offline` and
 * `prompt=consent` give a refresh token each time: https://developers.google.com/identity/protocols/oauth2/web-server
 * (a desktop application always gets one). Any port on 127.0.0.1:
 * https://developers.google.com/identity/protocols/oauth2/native-app. The device flow grants no scope of mail:
 * https://developers.google.com/identity/protocols/oauth2/limited-input-device#allowedscopes
 */
const GOOGLE: Provider = {
  name: 'Google',
  issuer: 'https://accounts.google.com',
  authorizeUrl: 'https://accounts.google.com/o/oauth2/v2/auth',
  tokenUrl: 'https://oauth2.googleapis.com/token',
  deviceUrl: '',
  redirectHost: '127.0.0.1',
  authorizeParameters: { access_type: 'offline', prompt: 'consent' },
  imapScopes: ['https://mail.google.com/'],
  smtpScopes: ['https://mail.google.com/'],
  noDevice:
    'Google opens no mailbox by a code on another device; leave --device away. On a machine without a browser: --paste',
};

/**
 * Microsoft. Scopes, one for each protocol:
 * https://learn.microsoft.com/en-us/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth
 * Endpoints: https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow and
 * .../v2-oauth2-device-code. `http://localhost` matches with any port and can be registered in the portal, while
 * 127.0.0.1 cannot: https://learn.microsoft.com/en-us/entra/identity-platform/reply-url
 */
function microsoft(tenant: string): Provider {
  const base = `https://login.microsoftonline.com/${tenant}/oauth2/v2.0`;
  return {
    name: 'Microsoft',
    issuer: null,
    authorizeUrl: `${base}/authorize`,
    tokenUrl: `${base}/token`,
    deviceUrl: `${base}/devicecode`,
    redirectHost: 'localhost',
    authorizeParameters: { prompt: 'select_account' },
    imapScopes: ['https://outlook.office.com/IMAP.AccessAsUser.All', REFRESH_SCOPE],
    smtpScopes: ['https://outlook.office.com/SMTP.Send', REFRESH_SCOPE],
    noDevice: '',
  };
}

const CUSTOM: Provider = {
  name: 'the provider',
  issuer: null,
  authorizeUrl: '',
  tokenUrl: '',
  deviceUrl: '',
  redirectHost: '127.0.0.1',
  authorizeParameters: {},
  imapScopes: [],
  smtpScopes: [],
  noDevice: 'IMAP_OAUTH_DEVICE_URL is missing: without it there is no login by a code',
};

/** The provider's own endpoints, unless the settings name others. @throws OAuthFault misconfigured */
export function providerOf(settings: OAuthSettings): Provider {
  const preset = presetOf(settings);
  const tokenUrl = settings.tokenUrl === '' ? preset.tokenUrl : settings.tokenUrl;
  if (settings.clientId === '' || tokenUrl === '') {
    const missing = settings.clientId === '' ? 'IMAP_OAUTH_CLIENT_ID' : 'IMAP_OAUTH_TOKEN_URL';
    throw new OAuthFault('misconfigured', `${missing} is missing: see docs/providers.md`);
  }
  return {
    ...preset,
    tokenUrl,
    // Another token endpoint is another issuer.
    issuer: settings.tokenUrl === '' ? preset.issuer : null,
    authorizeUrl: settings.authorizeUrl === '' ? preset.authorizeUrl : settings.authorizeUrl,
    deviceUrl: settings.deviceUrl === '' ? preset.deviceUrl : settings.deviceUrl,
  };
}

function presetOf({ provider, tenant }: OAuthSettings): Provider {
  switch (provider) {
    case 'google':
      return GOOGLE;
    case 'microsoft':
      return microsoft(tenant);
    case 'custom':
      return CUSTOM;
  }
}

/**
 * The least that does: reading alone where nothing is sent. What the settings name is taken as it stands.
 * @throws OAuthFault misconfigured
 */
export function scopesFor(settings: OAuthSettings, wish: Wish): readonly string[] {
  if (settings.scopes.length > 0) return settings.scopes;
  const { imapScopes, smtpScopes } = presetOf(settings);
  const wanted = new Set([...(wish.imap ? imapScopes : []), ...(wish.smtp ? smtpScopes : [])]);
  if (wanted.size === 0) {
    throw new OAuthFault('misconfigured', 'IMAP_OAUTH_SCOPES is missing: see docs/providers.md');
  }
  // Entra wants the plain scopes behind those of a resource; the order says nothing to others.
  return [...wanted].sort((a, b) => Number(a === REFRESH_SCOPE) - Number(b === REFRESH_SCOPE));
}
