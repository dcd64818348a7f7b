/** What it takes to get access to a mailbox without its password; from IMAP_OAUTH_* or from the accounts file. */

export type OAuthProvider = 'google' | 'microsoft' | 'custom';

export interface OAuthSettings {
  readonly provider: OAuthProvider;
  /** Of the application that you registered with the provider. */
  readonly clientId: string;
  /** '' for an application that has none (a public client, RFC 6749 section 2.1). */
  readonly clientSecret: string;
  /** Microsoft alone: `common`, `organizations`, `consumers` or a tenant id. */
  readonly tenant: string;
  /** '' means: the provider's own. Needed for `custom`; `deviceUrl` only for the device flow. */
  readonly authorizeUrl: string;
  readonly tokenUrl: string;
  readonly deviceUrl: string;
  /** Empty means: what the provider needs for the mailbox and, on the laptop, for sending. */
  readonly scopes: readonly string[];
}

interface OAuthConfig {
  readonly IMAP_OAUTH_PROVIDER: OAuthProvider;
  readonly IMAP_OAUTH_CLIENT_ID: string;
  readonly IMAP_OAUTH_CLIENT_SECRET: string;
  readonly IMAP_OAUTH_TENANT: string;
  readonly IMAP_OAUTH_AUTHORIZE_URL: string;
  readonly IMAP_OAUTH_TOKEN_URL: string;
  readonly IMAP_OAUTH_DEVICE_URL: string;
  readonly IMAP_OAUTH_SCOPES: readonly string[];
}

export function oauthSettings(config: OAuthConfig): OAuthSettings {
  return {
    provider: config.IMAP_OAUTH_PROVIDER,
    clientId: config.IMAP_OAUTH_CLIENT_ID,
    clientSecret: config.IMAP_OAUTH_CLIENT_SECRET,
    tenant: config.IMAP_OAUTH_TENANT,
    authorizeUrl: config.IMAP_OAUTH_AUTHORIZE_URL,
    tokenUrl: config.IMAP_OAUTH_TOKEN_URL,
    deviceUrl: config.IMAP_OAUTH_DEVICE_URL,
    scopes: config.IMAP_OAUTH_SCOPES,
  };
}

/** What is missing before anybody can be asked, by the name of the setting; empty: nothing. */
export function oauthFaults(settings: OAuthSettings): readonly string[] {
  const missing: string[] = [];
  if (settings.clientId === '') missing.push('IMAP_OAUTH_CLIENT_ID is missing');
  if (settings.provider === 'custom') {
    if (settings.tokenUrl === '') missing.push('IMAP_OAUTH_TOKEN_URL is missing: the provider is custom');
    if (settings.scopes.length === 0) missing.push('IMAP_OAUTH_SCOPES is missing: the provider is custom');
  }
  return missing;
}
