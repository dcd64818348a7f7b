/** The access of an account: kept, renewed, rotated, withdrawn; against a real authorisation server, by real processes. */
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it, onTestFinished } from 'vitest';
import { KeptSource } from '../../src/mail/oauth/kept-source.ts';
import { providerOf } from '../../src/mail/oauth/providers.ts';
import { TokenEndpoint } from '../../src/mail/oauth/token-endpoint.ts';
import { TokenFile } from '../../src/mail/oauth/token-file.ts';
import { OAuthFault } from '../../src/mail/oauth/token-source.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { age, clockAhead, logIn, readTokens, tokenPath, tokensOf } from '../helpers/oauth-login.ts';
import { type OAuthServer, type OAuthServerOptions, startOAuthServer } from '../helpers/oauth-server.ts';
import { testDir } from '../helpers/testdir.ts';
import type { TokenAnswer } from '../helpers/token-client.ts';

const ROOT = join(import.meta.dirname, '../..');
const HOUR = 3_600_000;

async function world(options: OAuthServerOptions = {}) {
  const stateDir = await testDir();
  const server = await startOAuthServer(options);
  onTestFinished(() => server.stop());
  await logIn(server, stateDir);
  server.asked.splice(0);
  return { server, stateDir, source: tokensOf(server.settings, stateDir) };
}

async function faultOf(work: Promise<unknown>): Promise<OAuthFault> {
  const error: unknown = await work.then(
    () => null,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(OAuthFault);
  return error as OAuthFault;
}

/** One that asks for a token as a process of its own; `asks` is called when it is about to. */
async function client(
  server: OAuthServer,
  stateDir: string,
  env: Record<string, string> = {},
  asks: () => void = () => undefined,
) {
  const main = join(ROOT, 'tests/helpers/token-client.ts');
  const args = ['--import', 'tsx', main, stateDir, JSON.stringify(server.settings)];
  const child = execa(process.execPath, args, { cwd: ROOT, env, reject: false });
  child.stderr.once('data', asks);
  const { signal, stdout } = await child;
  const answer: TokenAnswer = stdout === '' ? {} : (JSON.parse(stdout) as TokenAnswer);
  return { signal, answer };
}

describe('a token that was kept', () => {
  it('is used while it is good, without asking anybody', async () => {
    const { server, stateDir, source } = await world();
    const { accessToken } = await readTokens(stateDir);
    expect(await source.token()).toBe(accessToken);
    expect(await tokensOf(server.settings, stateDir).token()).toBe(accessToken);
    expect(server.asked).toEqual([]);
  });

  it('is renewed a minute before it ends', async () => {
    const { server, stateDir, source } = await world();
    const { accessToken } = await readTokens(stateDir);
    await age(stateDir, HOUR - 61_000);
    expect(await source.token()).toBe(accessToken);
    await age(stateDir, 2_000);
    const next = await source.token();
    expect(next).not.toBe(accessToken);
    expect(server.userOf(next)).toBe('user@example.org');
    expect(server.asked.map((p) => p.get('grant_type'))).toEqual(['refresh_token']);
    expect(server.asked[0]?.has('client_secret')).toBe(false);
  });

  it('that lasts less than a minute is used for half of its life', async () => {
    const { server, stateDir, source } = await world({ expiresIn: 40 });
    await source.token();
    expect(server.asked).toEqual([]);
    await age(stateDir, 21_000);
    await source.token();
    expect(server.asked).toHaveLength(1);
  });

  it('of a provider that does not say how long it lasts is renewed after ten minutes', async () => {
    const { server, stateDir, source } = await world({ expiresIn: null });
    await age(stateDir, 8 * 60_000);
    await source.token();
    expect(server.asked).toEqual([]);
    await age(stateDir, 2 * 60_000);
    await source.token();
    expect(server.asked).toHaveLength(1);
  });

  it('is renewed with the secret of an application that has one', async () => {
    const { server, stateDir, source } = await world({ clientSecret: 'app-secret' });
    await age(stateDir, HOUR);
    await source.token();
    expect(server.asked[0]?.get('client_secret')).toBe('app-secret');
  });

  it('stays the refresh token where the provider gives no other', async () => {
    const { stateDir, source } = await world();
    const before = await readTokens(stateDir);
    await age(stateDir, HOUR);
    await source.token();
    expect((await readTokens(stateDir)).refreshToken).toBe(before.refreshToken);
  });
});

describe('clocks', () => {
  it('of this machine that are hours off change nothing: only how long ago counts', async () => {
    for (const off of [-5 * HOUR, 5 * HOUR]) {
      const stateDir = await testDir();
      const server = await startOAuthServer();
      onTestFinished(() => server.stop());
      const clock = clockAhead();
      clock.ms = off;
      await logIn(server, stateDir, { clock });
      server.asked.splice(0);
      const source = tokensOf(server.settings, stateDir, clock);
      expect(server.userOf(await source.token())).toBe('user@example.org');
      expect(server.asked).toEqual([]);
      clock.ms += HOUR;
      expect(server.userOf(await source.token())).toBe('user@example.org');
      expect(server.asked).toHaveLength(1);
    }
  });

  it('that are set back after the login do not make an old token look young', async () => {
    const { server, stateDir } = await world();
    const clock = clockAhead();
    clock.ms = -2 * HOUR;
    const source = tokensOf(server.settings, stateDir, clock);
    await source.token();
    expect(server.asked).toHaveLength(1);
    await source.token();
    expect(server.asked).toHaveLength(1);
  });

  it('of a mail server that is behind: a young token that it refuses is not renewed in a circle', async () => {
    const { server, stateDir, source } = await world();
    const first = await source.token();
    for (let n = 0; n < 5; n++) {
      await source.refused();
      expect(await source.token()).toBe(first);
    }
    expect(server.asked).toEqual([]);
    await age(stateDir, 61_000);
    await source.refused();
    expect(await source.token()).not.toBe(first);
    expect(server.asked).toHaveLength(1);
  });
});

describe('a token that the mail server refuses', () => {
  it('is another next time, once, although it should have been good', async () => {
    const { server, stateDir, source } = await world();
    await age(stateDir, 120_000);
    const first = await source.token();
    await source.refused();
    const second = await source.token();
    expect(second).not.toBe(first);
    expect(await source.token()).toBe(second);
    expect(server.asked).toHaveLength(1);
  });

  it('is not renewed again by a second process that was refused the same one', async () => {
    const { server, stateDir, source } = await world();
    await age(stateDir, 120_000);
    const other = tokensOf(server.settings, stateDir);
    await Promise.all([source.token(), other.token()]);
    await Promise.all([source.refused(), other.refused()]);
    expect(await source.token()).toBe(await other.token());
    expect(server.asked).toHaveLength(1);
  });
});

describe('processes that renew at once', () => {
  it('ask once: eight of them get the same new token', async () => {
    const { server, stateDir } = await world({ rotates: true });
    await age(stateDir, HOUR);
    // Nobody is answered before all of them want it.
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    server.onToken = () => gate;
    let asking = 0;
    const clients = Array.from({ length: 8 }, () =>
      client(server, stateDir, {}, () => {
        asking += 1;
        if (asking === 8) open();
      }),
    );
    const answers = (await Promise.all(clients)).map(({ answer }) => answer.token);
    expect(asking).toBe(8);
    expect(new Set(answers).size).toBe(1);
    expect(server.userOf(answers[0] ?? '')).toBe('user@example.org');
    expect(server.asked).toHaveLength(1);
  });

  it('look again before they ask: one that looked just before another was done asks nobody', async () => {
    const { server, stateDir, source } = await world({ rotates: true });
    await age(stateDir, HOUR);
    class Late extends TokenFile {
      late = true;
      override async read() {
        const kept = await super.read();
        if (this.late) {
          this.late = false;
          await source.token();
        }
        return kept;
      }
    }
    const endpoint = new TokenEndpoint(providerOf(server.settings), server.settings);
    const late = new KeptSource({
      ...{ account: 'default', clock: systemClock, at: () => undefined },
      ...{ tokenUrl: server.settings.tokenUrl, clientId: server.settings.clientId },
      file: new Late(stateDir, 'default'),
      refresh: (refreshToken) => endpoint.refresh(refreshToken),
    });
    expect(await late.token()).toBe(await source.token());
    expect(server.asked).toHaveLength(1);
  });

  it('in one process ask once as well', async () => {
    const { server, stateDir, source } = await world();
    await age(stateDir, HOUR);
    const other = tokensOf(server.settings, stateDir);
    const tokens = await Promise.all([source.token(), source.token(), other.token(), other.token()]);
    expect(new Set(tokens).size).toBe(1);
    expect(server.asked).toHaveLength(1);
  });
});

describe('a refresh token that works once', () => {
  it('is durable before the access is used: killed right behind it, the next process goes on', async () => {
    const { server, stateDir } = await world({ rotates: true });
    const before = await readTokens(stateDir);
    await age(stateDir, HOUR);
    const killed = await client(server, stateDir, { HANDOVER_CRASH_AT: 'tokens:kept' });
    expect(killed.signal).toBe('SIGKILL');
    const kept = await readTokens(stateDir);
    expect(kept.refreshToken).not.toBe(before.refreshToken);
    expect((await client(server, stateDir)).answer.token).toBe(kept.accessToken);
    expect(server.asked).toHaveLength(1);
    await age(stateDir, HOUR);
    const next = (await client(server, stateDir)).answer.token ?? '';
    expect(server.userOf(next)).toBe('user@example.org');
    expect(server.asked.map((p) => p.get('refresh_token'))).toEqual([before.refreshToken, kept.refreshToken]);
  });

  it('that was received and not yet written is lost with the process: the account says what to do, once', async () => {
    const { server, stateDir } = await world({ rotates: true });
    await age(stateDir, HOUR);
    expect((await client(server, stateDir, { HANDOVER_CRASH_AT: 'tokens:received' })).signal).toBe('SIGKILL');
    const { answer } = await client(server, stateDir);
    expect(answer).toMatchObject({
      code: 'revoked',
      words: expect.stringContaining('handover login') as string,
    });
    await client(server, stateDir);
    expect(server.asked).toHaveLength(2);
  });

  it('but a provider that takes the old one again loses nothing by such a kill', async () => {
    const { server, stateDir } = await world();
    await age(stateDir, HOUR);
    expect((await client(server, stateDir, { HANDOVER_CRASH_AT: 'tokens:received' })).signal).toBe('SIGKILL');
    const token = (await client(server, stateDir)).answer.token ?? '';
    expect(server.userOf(token)).toBe('user@example.org');
  });
});

describe('a login that was withdrawn', () => {
  it('is told with the command that mends it, and the provider is not asked a second time', async () => {
    const { server, stateDir, source } = await world();
    await age(stateDir, HOUR);
    server.withdraw();
    const fault = await faultOf(source.token());
    expect(fault.code).toBe('revoked');
    expect(fault.message).toBe(
      'the login is no longer good, run: handover login (the provider says invalid_grant: the test says invalid_grant)',
    );
    expect((await faultOf(source.token())).message).toBe(fault.message);
    expect((await faultOf(tokensOf(server.settings, stateDir).token())).message).toBe(fault.message);
    expect(server.asked).toHaveLength(1);
  });

  it('is good again after the next one, without a restart', async () => {
    const { server, stateDir, source } = await world();
    await age(stateDir, HOUR);
    server.withdraw();
    await faultOf(source.token());
    await logIn(server, stateDir);
    expect(server.userOf(await source.token())).toBe('user@example.org');
  });

  it('names the account where there are several', async () => {
    const { server, stateDir } = await world();
    await logIn(server, stateDir, { account: 'office' });
    await age(stateDir, HOUR, 'office');
    server.withdraw();
    const fault = await faultOf(tokensOf(server.settings, stateDir, undefined, 'office').token());
    expect(fault.message).toContain('run: handover login --account office');
    // The token of the other account has not ended.
    await tokensOf(server.settings, stateDir).token();
  });

  it.each(['interaction_required', 'consent_required'])("also in Microsoft's word %s", async (error) => {
    const { server, stateDir, source } = await world();
    await age(stateDir, HOUR);
    const error_description =
      'AADSTS50076: Due to a configuration change made by your administrator. Trace ID: 1 Correlation ID: 2 Timestamp: 3';
    server.fail({ status: 400, body: JSON.stringify({ error, error_description }) });
    const fault = await faultOf(source.token());
    expect(fault.code).toBe('revoked');
    expect(fault.message).not.toContain('Trace ID');
  });
});

describe('a provider in trouble', () => {
  it.each([
    ['a server error', { status: 503, body: '<html>busy</html>', type: 'text/html' }],
    ['a server error with words of OAuth', { status: 500, body: '{"error":"temporarily_unavailable"}' }],
    ['too many questions', { status: 429, body: '{"error":"too_many_requests"}' }],
    ['the page of a hotel', { status: 200, body: '<html>Welcome</html>', type: 'text/html' }],
    ['a redirect', { status: 302, headers: { location: 'https://example.org/token' } }],
    ['no token in it', { status: 200, body: '{"token_type":"Bearer"}' }],
    ['a token with a line break', { status: 200, body: '{"access_token":"a\\r\\nb","token_type":"Bearer"}' }],
    [
      'an answer without end',
      { status: 200, body: `{"access_token":"${'a'.repeat(100_000)}","token_type":"Bearer"}` },
    ],
    ['nothing', { status: 200, body: '' }],
    ['a line that drops', { hangUp: true as const }],
  ])('that answers with %s is tried again later and costs no login', async (_what, trouble) => {
    const { server, stateDir, source } = await world();
    await age(stateDir, HOUR);
    const before = await readTokens(stateDir);
    server.fail(trouble);
    const fault = await faultOf(source.token());
    expect(fault.code).toBe('unreachable');
    expect(await readTokens(stateDir)).toEqual(before);
    expect(server.userOf(await source.token())).toBe('user@example.org');
  });

  it('that is not there at all is unreachable', async () => {
    const { server, stateDir, source } = await world();
    await age(stateDir, HOUR);
    await server.stop();
    expect(await faultOf(source.token())).toMatchObject({
      code: 'unreachable',
      message: 'the provider does not answer (ECONNREFUSED)',
    });
  });

  it('that no longer knows the application says so, and no login is thrown away', async () => {
    const { server, stateDir } = await world({ clientSecret: 'old' });
    await age(stateDir, HOUR);
    const wrong = tokensOf({ ...server.settings, clientSecret: 'expired' }, stateDir);
    expect(await faultOf(wrong.token())).toMatchObject({
      code: 'misconfigured',
      message: 'the provider says invalid_client',
    });
    expect(server.userOf(await tokensOf(server.settings, stateDir).token())).toBe('user@example.org');
  });
});

describe('what lies on the disk', () => {
  it('can be read by its owner alone, from the first moment', async () => {
    const { stateDir, source } = await world();
    await age(stateDir, HOUR);
    await source.token();
    expect((await stat(tokenPath(stateDir))).mode & 0o777).toBe(0o600);
    expect((await stat(join(stateDir, 'tokens'))).mode & 0o777).toBe(0o700);
  });

  it.each(['640', '604', '666'])('is not used when its mode is %s', async (mode) => {
    const { server, stateDir, source } = await world();
    await chmod(tokenPath(stateDir), Number.parseInt(mode, 8));
    const fault = await faultOf(source.token());
    expect(fault.code).toBe('malformed');
    expect(fault.message).toContain(`chmod 600 ${tokenPath(stateDir)}`);
    expect(server.asked).toEqual([]);
  });

  it('is not used when it is a link, torn, or of another shape', async () => {
    const { server, stateDir, source } = await world();
    const text = await readFile(tokenPath(stateDir), 'utf8');
    for (const broken of [text.slice(0, 90), '[]', '{}', text.replace(/"refresh-/, '"two words ')]) {
      await writeFile(tokenPath(stateDir), broken);
      const fault = await faultOf(source.token());
      expect(fault).toMatchObject({ code: 'malformed' });
      expect(fault.message).toContain('handover login');
    }
    const elsewhere = await testDir({ 'tokens.json': text });
    await chmod(join(elsewhere, 'tokens.json'), 0o600);
    const linked = await testDir();
    await mkdir(join(linked, 'tokens'));
    await symlink(join(elsewhere, 'tokens.json'), tokenPath(linked));
    expect(await faultOf(tokensOf(server.settings, linked).token())).toMatchObject({ code: 'malformed' });
  });

  it('is shown to nobody but whom it was got from', async () => {
    const { server, stateDir } = await world();
    await age(stateDir, HOUR);
    const thief = await startOAuthServer();
    onTestFinished(() => thief.stop());
    const fault = await faultOf(tokensOf(thief.settings, stateDir).token());
    expect(fault).toMatchObject({ code: 'not-logged-in' });
    expect(thief.asked).toEqual([]);
    const other = tokensOf({ ...server.settings, clientId: 'another' }, stateDir);
    expect(await faultOf(other.token())).toMatchObject({ code: 'not-logged-in' });
  });

  it('is not there before the first login, which is said', async () => {
    const server = await startOAuthServer();
    onTestFinished(() => server.stop());
    const fault = await faultOf(tokensOf(server.settings, await testDir()).token());
    expect(fault).toMatchObject({
      code: 'not-logged-in',
      message: 'nobody has logged in yet. Run: handover login',
    });
  });

  it('leaves nothing else behind', async () => {
    const { stateDir, source } = await world();
    for (let n = 0; n < 3; n++) {
      await age(stateDir, HOUR);
      await source.token();
    }
    expect((await readdir(join(stateDir, 'tokens'))).sort()).toEqual(['default.json', 'default.lock']);
    expect(await readdir(join(stateDir, 'tokens/default.lock'))).toHaveLength(1);
  });
});

describe('a fault', () => {
  it('never holds a token, also when the provider says it back', async () => {
    const { server, stateDir } = await world({ clientSecret: 'app-secret' });
    const source = tokensOf(server.settings, stateDir);
    await age(stateDir, HOUR);
    const { refreshToken } = await readTokens(stateDir);
    const error_description = `the token ${refreshToken} of app-secret\u001b[31m\r\nis no good`;
    server.fail({ status: 400, body: JSON.stringify({ error: 'invalid_grant', error_description }) });
    const fault = await faultOf(source.token());
    const everything = JSON.stringify([
      fault,
      fault.message,
      fault.stack,
      fault.cause,
      await readTokens(stateDir),
    ]);
    expect(fault.message).toContain('the token [secret] of [secret] [31m is no good');
    expect(everything.split(refreshToken)).toHaveLength(2);
    expect(fault.cause).toBeUndefined();
    expect(fault.message + (fault.stack ?? '')).not.toContain(refreshToken);
  });

  it('of settings that are wrong is told by the account alone', async () => {
    const stateDir = await testDir();
    const server = await startOAuthServer();
    onTestFinished(() => server.stop());
    const source = tokensOf({ ...server.settings, tokenUrl: '' }, stateDir);
    expect(await faultOf(source.token())).toMatchObject({
      code: 'misconfigured',
      message: 'IMAP_OAUTH_TOKEN_URL is missing: see docs/providers.md',
    });
    await source.refused();
  });
});
