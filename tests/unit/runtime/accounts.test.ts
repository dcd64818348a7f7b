import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { accountsOf } from '../../../src/runtime/accounts.ts';
import {
  ConfigFault,
  type Environment,
  isConfigured,
  type Key,
  loadConfig,
} from '../../../src/runtime/config.ts';
import { testDir } from '../../helpers/testdir.ts';

const IDENTITY = ['ACCOUNTS_FILE', 'MAIL_FROM', 'MAIL_ALIASES', 'REPLY_ALL', 'MAX_SENDS_PER_HOUR'] as const;
const IMAP = [
  'IMAP_HOST',
  'IMAP_PORT',
  'IMAP_SECURE',
  'IMAP_USER',
  'IMAP_PASSWORD',
  'IMAP_MAILBOX',
  'IMAP_BACKFILL_DAYS',
] as const;
const SMTP = ['SMTP_HOST', 'SMTP_PORT', 'SMTP_SECURE', 'SMTP_USER', 'SMTP_PASSWORD', 'SENT_COPY'] as const;
const OAUTH = [
  'IMAP_AUTH',
  'SMTP_AUTH',
  'IMAP_OAUTH_PROVIDER',
  'IMAP_OAUTH_CLIENT_ID',
  'IMAP_OAUTH_CLIENT_SECRET',
  'IMAP_OAUTH_TENANT',
  'IMAP_OAUTH_AUTHORIZE_URL',
  'IMAP_OAUTH_TOKEN_URL',
  'IMAP_OAUTH_DEVICE_URL',
  'IMAP_OAUTH_SCOPES',
] as const;
const ALL = [...IDENTITY, ...IMAP, ...SMTP, ...OAUTH] as const;

const TWO = `
[accounts.work]
from = "Mia Kern <mia@firm.example>"
aliases = ["office@firm.example"]
max_sends_per_hour = 5

[accounts.work.imap]
host = "imap.firm.example"
user = "mia@firm.example"
password_env = "WORK_PASSWORD"

[accounts.work.smtp]
host = "smtp.firm.example"
user = "mia@firm.example"
password_env = "WORK_PASSWORD"

[accounts.club]
from = "mia@club.example"
reply_all = false

[accounts.club.imap]
host = "127.0.0.1"
port = 1143
secure = false
user = "club"
password_env = "CLUB_PASSWORD"
mailbox = "Requests"

[accounts.club.smtp]
host = "127.0.0.1"
port = 1025
secure = false
sent_copy = "off"
`;
const SECRETS = { WORK_PASSWORD: 'geheim-1', CLUB_PASSWORD: 'geheim-2' };

async function withFile(text: string, more: Environment = SECRETS, mode = 0o600): Promise<Environment> {
  const dir = await testDir({ 'accounts.toml': text });
  await chmod(join(dir, 'accounts.toml'), mode);
  return {
    VAULT_DIR: '/v',
    STATE_DIR: '/s',
    ENV_FILE: undefined,
    ACCOUNTS_FILE: join(dir, 'accounts.toml'),
    ...more,
  };
}

function faults(keys: readonly Key[], env: Environment): readonly string[] {
  try {
    loadConfig(keys, env);
    return [];
  } catch (error) {
    if (error instanceof ConfigFault) return error.faults;
    throw error;
  }
}

const single = {
  VAULT_DIR: '/v',
  STATE_DIR: '/s',
  ENV_FILE: undefined,
  IMAP_HOST: 'imap.example.org',
  IMAP_USER: 'mia@example.org',
  IMAP_PASSWORD: 'geheim',
  SMTP_HOST: 'smtp.example.org',
  MAIL_FROM: 'Mia Kern <mia@example.org>',
};

describe('the one account of the environment', () => {
  it('is called default, and its task ids are those of the user name, as ever', () => {
    const [only, ...rest] = accountsOf(loadConfig(ALL, { ...single, MAIL_ALIASES: 'mia@example.net' }));
    expect(rest).toEqual([]);
    expect(only).toMatchObject({
      name: 'default',
      ids: 'mia@example.org',
      formerNames: ['mia@example.org'],
      from: { name: 'Mia Kern', address: 'mia@example.org' },
      addresses: ['mia@example.org', 'mia@example.net'],
      imap: { host: 'imap.example.org', mailbox: 'INBOX', login: { type: 'password', password: 'geheim' } },
      smtp: { host: 'smtp.example.org', login: null, sentCopy: 'auto' },
    });
  });

  it('gives no server to a process that did not ask for its password', () => {
    const [only] = accountsOf(loadConfig([...IDENTITY, 'IMAP_HOST', 'IMAP_USER'], single));
    expect([only.imap, only.smtp]).toEqual([null, null]);
    expect(JSON.stringify(only)).not.toContain('geheim');
  });

  it('needs no password with OAuth, but an application', () => {
    const env = { ...single, IMAP_PASSWORD: '', IMAP_AUTH: 'oauth', SMTP_AUTH: 'oauth' };
    expect(faults(ALL, env)).toEqual(['IMAP_OAUTH_CLIENT_ID is missing']);
    const [only] = accountsOf(loadConfig(ALL, { ...env, IMAP_OAUTH_CLIENT_ID: 'app' }));
    const login = { type: 'oauth2', user: 'mia@example.org', oauth: { provider: 'google', clientId: 'app' } };
    expect(only).toMatchObject({ imap: { login }, smtp: { login } });
  });

  it('refuses aliases that are no addresses, without showing them', () => {
    expect(faults(IDENTITY, { ...single, MAIL_ALIASES: 'geheim is no address' })).toEqual([
      'MAIL_ALIASES is no list of mail addresses',
    ]);
  });
});

describe('an accounts file', () => {
  it('names several mailboxes, each with its own servers and rules', async () => {
    const [work, club] = accountsOf(
      loadConfig(ALL, await withFile(TWO, { ...SECRETS, MAX_SENDS_PER_HOUR: '40' })),
    );
    expect(work).toMatchObject({
      name: 'work',
      ids: 'work',
      formerNames: [],
      maxSendsPerHour: 5,
      replyAll: true,
      imap: { host: 'imap.firm.example', port: 993, secure: 'true', login: { password: 'geheim-1' } },
      smtp: { host: 'smtp.firm.example', login: { user: 'mia@firm.example' }, sentCopy: 'auto' },
    });
    expect(club).toMatchObject({
      name: 'club',
      maxSendsPerHour: 40,
      replyAll: false,
      imap: { mailbox: 'Requests', secure: 'false', login: { password: 'geheim-2' } },
      smtp: { port: 1025, login: null, sentCopy: 'off' },
    });
  });

  it('makes the addresses of all accounts the user’s, each account’s own first', async () => {
    const [work, club] = accountsOf(loadConfig(ALL, await withFile(TWO)));
    expect(work.addresses).toEqual(['mia@firm.example', 'office@firm.example', 'mia@club.example']);
    expect(club?.addresses).toEqual(['mia@club.example', 'mia@firm.example', 'office@firm.example']);
  });

  it('puts `default` first and gives it the ids of the mailbox that it was alone', async () => {
    const file = TWO.replaceAll('accounts.club', 'accounts.default');
    const [home, work] = accountsOf(loadConfig(ALL, await withFile(file)));
    expect([home.name, home.ids, home.formerNames, work?.name]).toEqual([
      'default',
      'club',
      ['club'],
      'work',
    ]);
  });

  it('stands beside .env under a relative name', async () => {
    const dir = await testDir({
      'accounts.toml': TWO,
      '.env': 'VAULT_DIR=/v\nSTATE_DIR=/s\nACCOUNTS_FILE=accounts.toml\nWORK_PASSWORD=a\nCLUB_PASSWORD=b\n',
    });
    for (const name of ['accounts.toml', '.env']) await chmod(join(dir, name), 0o600);
    expect(accountsOf(loadConfig(ALL, { ENV_FILE: join(dir, '.env') }))).toHaveLength(2);
  });

  it('gives a process the secrets it speaks with and asks it for no others', async () => {
    const file = TWO.replace(
      'user = "mia@firm.example"\npassword_env = "WORK_PASSWORD"\n\n[accounts.club]',
      'user = "x"\npassword_env = "SMTP_PASSWORD_OF_WORK"\n\n[accounts.club]',
    );
    const env = await withFile(file);
    expect(faults(ALL, env)).toEqual([
      'SMTP_PASSWORD_OF_WORK is missing: accounts.work.smtp.password_env names it',
    ]);
    const cloud = accountsOf(loadConfig([...IDENTITY, ...IMAP], env));
    expect(cloud.map(({ smtp }) => smtp)).toEqual([null, null]);
    const drafting = accountsOf(loadConfig(IDENTITY, { ...env, WORK_PASSWORD: '', CLUB_PASSWORD: '' }));
    expect(drafting.map(({ imap, smtp }) => [imap, smtp])).toEqual([
      [null, null],
      [null, null],
    ]);
  });

  it('tells every fault at once, each with its place and none with a value', async () => {
    const env = await withFile(
      `
[accounts.work]
from = "geheim nobody"
colour = "geheim"
aliases = ["geheim"]
[accounts.work.imap]
port = 99999
secure = "geheim"
user = "u"
password = "geheim"
[accounts.club]
from = "c@example.org"
[accounts.club.imap]
host = "imap.example.org"
secure = false
user = "u"
password_env = "geheim"
[accounts.club.smtp]
host = "smtp.example.org"
user = "u"
auth = "oauth"
[accounts."geheim name"]
from = "d@example.org"
`,
      { IMAP_PORT: 'geheim' },
    );
    const found = faults(ALL, env);
    expect(found.map((f) => f.split(' ')[0]).sort()).toEqual(
      [
        'ACCOUNTS_FILE:',
        'IMAP_PORT',
        'accounts.club.imap.password_env',
        'accounts.club.imap.secure',
        'accounts.club.oauth',
        'accounts.work.aliases',
        'accounts.work.colour',
        'accounts.work.from',
        'accounts.work.imap.host',
        'accounts.work.imap.password',
        'accounts.work.imap.port',
        'accounts.work.imap.secure',
      ].sort(),
    );
    expect(found.join('\n').replaceAll('geheim name', '')).not.toContain('geheim');
    expect(found).toContain('accounts.work.imap.host is missing');
    expect(found).toContain('accounts.work.imap.password must not stand here: password_env names a variable');
  });

  it('asks for TLS, for the application of OAuth, and for variables that PM2 does not copy', async () => {
    const club = (imap: string) =>
      `[accounts.club]\nfrom = "c@example.org"\n[accounts.club.imap]\nhost = "imap.example.org"\nuser = "u"\n${imap}`;
    const of = async (imap: string) => faults([...IDENTITY, ...IMAP], await withFile(club(imap)));
    expect(await of('secure = false\npassword_env = "CLUB_PASSWORD"')).toEqual([
      'accounts.club.imap.secure must be true or starttls: plain text is refused except on loopback',
    ]);
    expect(await of('auth = "oauth"')).toEqual(['accounts.club.oauth is missing: auth = "oauth"']);
    expect(await of('password_env = "CLUB_KEY"')).toEqual([
      'accounts.club.imap.password_env must be the name of a variable, capitals with PASSWORD in it, and never the secret itself',
    ]);
    expect(await of('auth = "oauth"\n[accounts.club.oauth]\nprovider = "google"\nclient_id = "app"')).toEqual(
      [],
    );
  });

  it('refuses one mailbox twice, one sender twice, and a server that is missing', async () => {
    const again = TWO.replace('mia@club.example', 'MIA@firm.example')
      .replace('host = "127.0.0.1"\nport = 1143', 'host = "IMAP.firm.example"')
      .replace('user = "club"', 'user = "mia@firm.example"')
      .replace('secure = false\nuser', 'user')
      .replace('mailbox = "Requests"', '')
      .replace(/\[accounts\.club\.smtp\][^[]*/, '');
    expect(faults(ALL, await withFile(again))).toEqual([
      'accounts.club.smtp is missing',
      'accounts.club has the sender of accounts.work',
      'accounts.club has the mailbox of accounts.work',
    ]);
  });

  it.each([
    ['can be read by other users', TWO, 0o644],
    ['is no TOML at line 2', '\n= geheim\n', 0o600],
    ['has no [accounts.<name>]', '# nothing\n', 0o600],
    ['stands outside', '[work]\nfrom = "a@example.org"\n', 0o600],
    ['is larger', `#${'x'.repeat(70_000)}\n`, 0o600],
  ])('is refused when it %s', async (words, text, mode) => {
    const found = faults(ALL, await withFile(text, SECRETS, mode));
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(words);
    expect(found[0]).not.toContain('geheim');
  });

  it('is refused when it is not there, and inside the vault', async () => {
    const env = await withFile(TWO);
    expect(faults(ALL, { ...env, ACCOUNTS_FILE: '/nowhere/accounts.toml' })).toEqual([
      'ACCOUNTS_FILE /nowhere/accounts.toml cannot be read',
    ]);
    const vault = await testDir();
    await mkdir(join(vault, 'deep'));
    await writeFile(join(vault, 'deep/a.toml'), TWO, { mode: 0o600 });
    const inside = { ...env, VAULT_DIR: vault, ACCOUNTS_FILE: join(vault, 'deep/a.toml') };
    expect(faults(ALL, inside).join()).toContain('ACCOUNTS_FILE lies inside VAULT_DIR');
  });

  it('does not leave the mailbox of the environment silently out', async () => {
    const env = await withFile(TWO, { ...SECRETS, IMAP_HOST: 'imap.example.org' });
    expect(faults(ALL, env)).toEqual([
      'IMAP_HOST is set beside ACCOUNTS_FILE: write that mailbox there, as accounts.default',
    ]);
    const named = await withFile(TWO.replaceAll('accounts.work', 'accounts.default'), {
      ...SECRETS,
      IMAP_HOST: 'x',
    });
    expect(faults(ALL, named)).toEqual([]);
  });

  it('configures the edges that its accounts have', async () => {
    const env = await withFile(TWO);
    expect([isConfigured(['IMAP_HOST'], env), isConfigured(['SMTP_HOST'], env)]).toEqual([true, true]);
    const reading = await withFile(TWO.replace(/\[accounts\.\w+\.smtp\][^[]*/g, ''));
    expect([isConfigured(['IMAP_HOST'], reading), isConfigured(['SMTP_HOST'], reading)]).toEqual([
      true,
      false,
    ]);
    expect(isConfigured(['ODOO_URL'], env)).toBe(false);
  });
});

it('the example says two accounts that can be used as they stand', async () => {
  const path = join(import.meta.dirname, '../../../deployment/accounts.example.toml');
  const env = await withFile(await readFile(path, 'utf8'), { IMAP_PASSWORD: 'a', SMTP_PASSWORD: 'b' });
  expect(faults(ALL, env)).toEqual([]);
  const accounts = accountsOf(loadConfig(ALL, env));
  expect(accounts.map(({ name, imap, smtp }) => [name, imap?.login.type, smtp?.login?.type])).toEqual([
    ['default', 'password', 'password'],
    ['firm', 'oauth2', 'oauth2'],
  ]);
});
