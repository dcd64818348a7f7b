import { describe, expect, it } from 'vitest';
import type { OAuthSettings } from '../../../src/core/oauth-settings.ts';
import { oauthFaults } from '../../../src/core/oauth-settings.ts';
import { beginBrowserLogin } from '../../../src/mail/oauth/browser-login.ts';
import { providerOf, scopesFor } from '../../../src/mail/oauth/providers.ts';
import { TokenEndpoint } from '../../../src/mail/oauth/token-endpoint.ts';

const settings = (changes: Partial<OAuthSettings>): OAuthSettings => ({
  provider: 'google',
  clientId: 'id',
  clientSecret: '',
  tenant: 'common',
  authorizeUrl: '',
  tokenUrl: '',
  deviceUrl: '',
  scopes: [],
  ...changes,
});
const READS = { imap: true, smtp: false };
const BOTH = { imap: true, smtp: true };

describe('what is asked for', () => {
  it('with Microsoft is reading alone where nothing is sent', () => {
    const microsoft = settings({ provider: 'microsoft' });
    expect(scopesFor(microsoft, READS)).toEqual([
      'https://outlook.office.com/IMAP.AccessAsUser.All',
      'offline_access',
    ]);
    expect(scopesFor(microsoft, BOTH)).toEqual([
      'https://outlook.office.com/IMAP.AccessAsUser.All',
      'https://outlook.office.com/SMTP.Send',
      'offline_access',
    ]);
  });

  it('with Google is the one scope there is, which sends as well', () => {
    expect(scopesFor(settings({}), READS)).toEqual(['https://mail.google.com/']);
    expect(scopesFor(settings({}), BOTH)).toEqual(['https://mail.google.com/']);
  });

  it('is what the settings name, where they name something', () => {
    expect(scopesFor(settings({ provider: 'microsoft', scopes: ['a', 'b'] }), BOTH)).toEqual(['a', 'b']);
    expect(() => scopesFor(settings({ provider: 'custom' }), READS)).toThrow('IMAP_OAUTH_SCOPES is missing');
  });
});

describe('whom is asked', () => {
  it("with Microsoft is the tenant's server", () => {
    expect(providerOf(settings({ provider: 'microsoft', tenant: 'contoso.example' }))).toMatchObject({
      tokenUrl: 'https://login.microsoftonline.com/contoso.example/oauth2/v2.0/token',
      deviceUrl: 'https://login.microsoftonline.com/contoso.example/oauth2/v2.0/devicecode',
    });
  });

  it('is another server where the settings name it, whose issuer is then not taken for Google', () => {
    expect(providerOf(settings({ tokenUrl: 'https://sso.example.org/token' }))).toMatchObject({
      tokenUrl: 'https://sso.example.org/token',
      authorizeUrl: 'https://accounts.google.com/o/oauth2/v2/auth',
      issuer: null,
    });
  });

  it('is missing when it is missing', () => {
    expect(() => providerOf(settings({ clientId: '' }))).toThrow('IMAP_OAUTH_CLIENT_ID is missing');
    expect(() => providerOf(settings({ provider: 'custom' }))).toThrow('IMAP_OAUTH_TOKEN_URL is missing');
    expect(oauthFaults(settings({ provider: 'custom', clientId: '' }))).toEqual([
      'IMAP_OAUTH_CLIENT_ID is missing',
      'IMAP_OAUTH_TOKEN_URL is missing: the provider is custom',
      'IMAP_OAUTH_SCOPES is missing: the provider is custom',
    ]);
    expect(oauthFaults(settings({}))).toEqual([]);
  });
});

describe('the address that the user opens', () => {
  const begun = async (changes: Partial<OAuthSettings>) => {
    const with_ = settings(changes);
    const provider = providerOf(with_);
    const endpoint = new TokenEndpoint(provider, with_);
    const scopes = scopesFor(with_, READS);
    return beginBrowserLogin({
      endpoint,
      provider,
      settings: with_,
      scopes,
      user: 'user@example.org',
      port: 5000,
    });
  };

  it('has Google give a lasting access each time', async () => {
    const { url } = await begun({});
    expect(Object.fromEntries(new URL(url).searchParams)).toMatchObject({
      access_type: 'offline',
      prompt: 'consent',
      redirect_uri: 'http://127.0.0.1:5000',
      login_hint: 'user@example.org',
    });
  });

  it('comes back to localhost with Microsoft, which knows no other name with any port', async () => {
    const { url, redirectUri } = await begun({ provider: 'microsoft' });
    expect(redirectUri).toBe('http://localhost:5000');
    expect(new URL(url).searchParams.get('redirect_uri')).toBe(redirectUri);
  });

  it('is another one each time, and so is what belongs to it', async () => {
    const [first, second] = [await begun({}), await begun({})];
    const state = (url: string) => new URL(url).searchParams.get('state') ?? '';
    expect(state(first.url)).not.toBe(state(second.url));
    expect(first.isOurs(new URLSearchParams({ state: state(first.url) }))).toBe(true);
    expect(first.isOurs(new URLSearchParams({ state: state(second.url) }))).toBe(false);
    expect(first.isOurs(new URLSearchParams())).toBe(false);
  });

  it('does not take an answer in the name of another server for one of Google', async () => {
    const login = await begun({});
    const state = new URL(login.url).searchParams.get('state') ?? '';
    const answer = new URLSearchParams({ state, code: 'x', iss: 'https://evil.example' });
    await expect(login.finish(answer)).rejects.toThrow('Google answers something else than expected');
  });
});
