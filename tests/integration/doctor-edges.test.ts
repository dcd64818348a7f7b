/** `handover doctor` against Odoo, a model server and Syncthing: every answer it can meet, and what is said of it. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { CODES, type FaultCode } from '../../src/cli/doctor-codes.ts';
import { checkModel, checkOdoo, checkSmtp, checkSyncthing, type Finding } from '../../src/cli/doctor.ts';
import { type OdooServer, startOdooServer } from '../../src/demo/odoo-server/server.ts';
import { doctorHost } from '../helpers/doctor-host.ts';
import { freePort } from '../../src/demo/free-port.ts';
import { type ScriptedApi, scriptedApi } from '../helpers/scripted-api.ts';
import { commandLine, setUp } from '../helpers/sync-setup.ts';
import { startNode } from '../helpers/syncthing.ts';
import { tempDir } from '../helpers/testdir.ts';

type Keys = Readonly<Record<string, string>>;

const SECRET = 'not-to-be-shown';
let common: Keys;
beforeAll(async () => {
  const dir = await tempDir();
  await writeFile(join(dir.path, '.env'), '', { mode: 0o600 });
  await mkdir(join(dir.path, 'vault/Approved'), { recursive: true });
  await mkdir(join(dir.path, 'state'));
  common = {
    ENV_FILE: join(dir.path, '.env'),
    VAULT_DIR: join(dir.path, 'vault'),
    STATE_DIR: join(dir.path, 'state'),
  };
  return () => dir.remove();
});

function told(findings: readonly Finding[], code: FaultCode, words: RegExp): Finding {
  expect(findings.map((finding) => finding.code)).toContain(code);
  const one = findings.find((finding) => finding.code === code) as Finding;
  expect(one.words).toMatch(words);
  expect(one.cure).not.toBe('');
  expect(one.level).toBe(CODES[code].level);
  expect(JSON.stringify(findings)).not.toContain(SECRET);
  return one;
}

const codes = (findings: readonly Finding[]): readonly string[] => findings.map(({ code }) => code);

async function scripted(): Promise<ScriptedApi> {
  const api = await scriptedApi();
  onTestFinished(() => api.close());
  return api;
}

describe('a submission server', () => {
  it('that nobody listens at', async () => {
    const host = await doctorHost();
    const port = String(await freePort());
    const keys = { SMTP_HOST: '127.0.0.1', SMTP_PORT: port, SMTP_SECURE: 'false', IMAP_PORT: port };
    const findings = await host.examine(['mailbox', 'sending'], keys);
    told(findings, 'smtp-unreachable', new RegExp(`127\\.0\\.0\\.1, port ${port}`));
    told(findings, 'mailbox-unreachable', /cannot be reached/);
    expect(findings.map(({ account }) => account)).toEqual(['default', 'default']);
  });

  it('is not asked while the keys for it are not there', async () => {
    const findings = await checkSmtp({ env: { ...common, MAIL_FROM: 'a@example.org' } });
    expect(findings.map(({ words }) => words)).toContain('IMAP_HOST is missing');
    expect(codes(findings)).not.toContain('smtp-unreachable');
  });
});

describe('a model server', () => {
  const check = (url: string, more: Keys = {}): Promise<readonly Finding[]> =>
    checkModel({
      env: {
        ...common,
        DRAFTER: 'openai-compatible',
        DRAFTER_BASE_URL: url,
        DRAFTER_MODEL: 'qwen',
        DRAFTER_API_KEY: SECRET,
        ...more,
      },
    });

  it('is not asked where templates draft, or where keys are missing', async () => {
    expect(await checkModel({ env: common })).toMatchObject([
      { level: 'off', words: 'DRAFTER=template: no model is used' },
    ]);
    told(await check('', { DRAFTER_MODEL: '' }), 'model-settings', /DRAFTER_MODEL is missing/);
  });

  it('that has the model is asked for its list alone, with the key', async () => {
    const api = await scripted();
    api.on('/v1/models', { json: { data: [{ id: 'llama' }, { id: 'qwen' }] } });
    expect(await check(`${api.url}/v1/`)).toMatchObject([{ level: 'ok', check: 'model' }]);
    expect(api.calls).toEqual(['GET /v1/models']);
  });

  it('of Anthropic is asked for that one model', async () => {
    const api = await scripted();
    api.on('/v1/models/claude', { json: { id: 'claude', type: 'model' } });
    const keys = { DRAFTER: 'anthropic', DRAFTER_MODEL: 'claude' };
    expect(await check(`${api.url}/v1`, keys)).toMatchObject([{ level: 'ok' }]);
    const other = { DRAFTER: 'anthropic', DRAFTER_MODEL: 'cloude' };
    told(await check(`${api.url}/v1`, other), 'model-unknown', /has no model "cloude"/);
    expect(api.calls).toEqual(['GET /v1/models/claude', 'GET /v1/models/cloude']);
  });

  it.each([
    [{ status: 401, text: SECRET }, 'model-key', /refuses the key \(401\)/],
    [{ status: 403, text: SECRET }, 'model-key', /refuses the key \(403\)/],
    [{ status: 429, text: SECRET }, 'model-busy', /over its limit/],
    [{ status: 503, text: SECRET }, 'model-unreachable', /error \(503\)/],
    [{ status: 404, text: SECRET }, 'model-odd', /no list of models \(404\)/],
    [{ text: SECRET }, 'model-odd', /no list of models \(200\)/],
    [{ json: { data: [{ id: 'llama' }] } }, 'model-unknown', /has no model "qwen"; it has: llama/],
    ['reset', 'model-unreachable', /cannot be reached/],
  ] as const)('that answers %j', async (answer, code, words) => {
    const api = await scripted();
    api.on('/v1/models', answer);
    told(await check(`${api.url}/v1`), code, words);
  });

  it('that is not there', async () => {
    told(await check(`http://127.0.0.1:${await freePort()}/v1`), 'model-unreachable', /ECONNREFUSED/);
  });
});

describe('Odoo', () => {
  let server: OdooServer;
  beforeAll(async () => {
    server = await startOdooServer({ guard: true });
  });
  afterAll(() => server.stop());

  const check = (
    who: keyof OdooServer['users'],
    more: Keys = {},
    now?: number,
  ): Promise<readonly Finding[]> =>
    checkOdoo({
      ...(now === undefined ? {} : { now: () => now }),
      env: {
        ...common,
        ODOO_URL: server.url,
        ODOO_DB: server.db,
        ODOO_USERNAME: server.users[who].login,
        ODOO_API_KEY: server.users[who].apiKey,
        ...more,
      },
    });

  it('is off where it is not configured, and wants all its keys where it is', async () => {
    expect(await checkOdoo({ env: common })).toMatchObject([
      { level: 'off', words: 'ODOO_URL is empty: no invoices' },
    ]);
    told(await check('draftBot', { ODOO_DB: '' }), 'config-wrong', /ODOO_DB is missing/);
  });

  it('opens with a key that can draft and cannot post, and nothing is left behind', async () => {
    const before = server.store.rows('account.move').length;
    const findings = await check('draftBot');
    expect(findings.every(({ level }) => level === 'ok')).toBe(true);
    expect(findings.map(({ words }) => words)).toContain('the guard holds: this key cannot post');
    expect(server.store.rows('account.move')).toHaveLength(before);
  });

  it('has a key that can post, where it must not and where it may', async () => {
    told(await check('billing'), 'odoo-key-can-post', /THIS KEY CAN POST/);
    const allowed = { ODOO_ALLOW_POSTING_KEY: 'yes, I accept that it can post' };
    expect(codes(await check('billing', allowed)).filter((code) => code !== 'ok')).toHaveLength(1);
    expect(codes(await check('billing', { ODOO_MODE: 'live' }))).not.toContain('odoo-key-can-post');
  });

  it('refuses the key, has no such database, is another server, or is not there', async () => {
    told(await check('draftBot', { ODOO_API_KEY: SECRET }), 'odoo-key', /key/);
    told(await check('draftBot', { ODOO_DB: 'nowhere' }), 'odoo-address', /./);
    const api = await scripted();
    told(await check('draftBot', { ODOO_URL: api.url }), 'odoo-address', /no Odoo answers/);
    const gone = `http://127.0.0.1:${await freePort()}`;
    told(await check('draftBot', { ODOO_URL: gone }), 'odoo-unreachable', /./);
  });

  it('answers while its database does not', async () => {
    const api = await scripted();
    api.on('/web/health', { status: 500, json: { status: 'fail', db_server_status: false } });
    api.on('/web/version', { json: { version: '19.0', version_info: [19, 0] } });
    api.on('/json/2', { status: 404, text: '<html>Not Found</html>' });
    const one = told(
      await check('draftBot', { ODOO_URL: api.url }),
      'odoo-unreachable',
      /its database is down/,
    );
    expect(one.cure).toContain('its database');
  });

  it('has a key that ends soon, or has ended', async () => {
    const day = 86_400_000;
    const end = Date.parse('2030-01-15T00:00:00Z');
    server.addKey(server.users.readOnly.login, 'k'.repeat(40), new Date(end));
    const ends = (now: number): Promise<readonly Finding[]> => check('readOnly', {}, now);
    told(await ends(end - 13 * day), 'odoo-key-ends', /ends on 2030-01-15/);
    expect(codes(await ends(end - 15 * day))).not.toContain('odoo-key-ends');
    const old = await startOdooServer({ version: '14.0', guard: true });
    onTestFinished(() => old.stop());
    const user = old.users.draftBot;
    const keys = { ODOO_URL: old.url, ODOO_DB: old.db, ODOO_USERNAME: user.login, ODOO_API_KEY: user.apiKey };
    const unknown = await check('draftBot', keys);
    expect(unknown.map(({ level }) => level)).toContain('off');
    const configured = { ...keys, ODOO_API_KEY_EXPIRES: '2026-01-01' };
    told(await check('draftBot', configured), 'odoo-key-ended', /ended on 2026-01-01/);
  });

  it('is of a version that nobody tried', async () => {
    const api = await scripted();
    // JSON-2 is known by its content type.
    const says = (path: string, json: unknown, status = 200): void =>
      api.on(path, {
        write: (response) =>
          void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json)),
      });
    says('/', { name: 'werkzeug.exceptions.NotFound', message: 'no', arguments: [] }, 404);
    says('/web/version', { version: '23.0', version_info: [23, 0] });
    says('/json/2/res.users/context_get', { lang: 'en_US', uid: 7 });
    says('/json/2/res.users/read', [{ login: server.users.draftBot.login }]);
    says('/json/2/res.users.apikeys/search_read', []);
    const findings = await check('draftBot', { ODOO_URL: api.url });
    told(findings, 'odoo-version', /Odoo 23\.0/);
    told(findings, 'odoo-key-not-proved', /not proved/);
  });
});

describe('Syncthing', () => {
  const PEER = Array.from({ length: 8 }, () => 'AAAAAAA').join('-');
  let api: ScriptedApi;
  let folder: Record<string, unknown>;
  beforeEach(async () => {
    api = await scripted();
    folder = { id: 'handover', path: common['VAULT_DIR'], devices: [] };
    api.on('/rest/system/status', { json: { myID: 'ME', startTime: 'now' } });
    api.on('/rest/system/version', { json: { version: 'v1.29.5' } });
    api.on('/rest/config', () => ({ json: { version: 37, folders: [folder], devices: [], options: {} } }));
    api.on('/rest/db/ignores', { json: { ignore: [], expanded: [] } });
    status({});
    peer({ connected: true });
    api.on('/rest/stats/device', { json: { [PEER]: { lastSeen: '2026-11-01T00:00:00Z' } } });
    behind(0);
  });
  const status = (more: object): void =>
    api.on('/rest/db/status', {
      json: { state: 'idle', errors: 0, pullErrors: 0, needTotalItems: 0, ...more },
    });
  const peer = (more: object): void =>
    api.on('/rest/system/connections', {
      json: { connections: { [PEER]: { connected: false, paused: false, ...more } } },
    });
  const behind = (needItems: number): void =>
    api.on('/rest/db/completion', { json: { completion: 99, needItems, needDeletes: 0 } });
  const check = (more: Keys = {}): Promise<readonly Finding[]> =>
    checkSyncthing({
      now: () => Date.parse('2026-11-21T00:00:00Z'),
      env: {
        ...common,
        SYNC: 'syncthing',
        SYNCTHING_URL: api.url,
        SYNCTHING_API_KEY: SECRET,
        SYNCTHING_PEER_DEVICE: PEER,
        ...more,
      },
    });

  it('is off on one machine, and wants its key on two', async () => {
    expect(await checkSyncthing({ env: common })).toMatchObject([{ level: 'off' }]);
    told(await check({ SYNCTHING_API_KEY: '' }), 'sync-no-key', /is empty/);
  });

  it('is not there, does not take the key, or is something else', async () => {
    told(
      await check({ SYNCTHING_URL: `http://127.0.0.1:${await freePort()}` }),
      'sync-unreachable',
      /ECONNREFUSED/,
    );
    api.on('/rest/system/status', { status: 403, text: 'Forbidden' });
    told(await check(), 'sync-key', /403/);
    api.on('/rest/system/status', { text: '<html>' });
    told(await check(), 'sync-odd', /no JSON/);
  });

  it('is too old', async () => {
    api.on('/rest/system/version', { json: { version: 'v1.18.6' } });
    told(await check(), 'sync-old', /v1\.18\.6/);
    api.on('/rest/system/version', { json: { version: 'v2.0.1' } });
    expect(codes(await check())).not.toContain('sync-old');
  });

  it('would let secrets travel, from a cloud machine', async () => {
    told(await check(), 'sync-ignores', /\.stignore/);
  });

  it('would let others approve, on a laptop: nothing is sent, and the list is spoken of once', async () => {
    const findings = await check({ SMTP_HOST: 'smtp.example.org' });
    expect(findings.filter(({ code }) => code === 'sync-refused').map(({ words }) => words)).toContainEqual(
      expect.stringMatching(/^nothing is sent: .*the cloud could write into Approved/),
    );
    expect(codes(findings)).toContain('sync-advice');
    expect(codes(findings)).not.toContain('sync-ignores');
  });

  it('shares the folder that STATE_DIR lies in', async () => {
    folder['path'] = join(common['STATE_DIR'] ?? '', '..');
    told(await check(), 'state-travels', /shares as handover/);
  });

  it('has no peer, a paused one, or one that is away', async () => {
    told(await check({ SYNCTHING_PEER_DEVICE: '' }), 'sync-no-peer', /is empty/);
    peer({ connected: true, paused: true });
    told(await check(), 'sync-peer-paused', /paused/);
    peer({ connected: false });
    told(await check(), 'sync-peer-away', /last seen 20 days ago/);
    api.on('/rest/stats/device', { json: {} });
    told(await check(), 'sync-peer-away', /it never was/);
  });

  it('is behind, or its peer is, or some files cannot be synced, or none', async () => {
    status({ needTotalItems: 3 });
    behind(5);
    const findings = await check();
    told(findings, 'sync-behind', /^3 files/);
    told(findings, 'sync-peer-behind', /lacks 5 changes/);
    status({ pullErrors: 1 });
    api.on('/rest/folder/errors', {
      json: { errors: [{ path: 'a\u001b[2J.md', error: 'permission denied' }] },
    });
    const one = told(await check(), 'sync-file-errors', /permission denied/);
    expect(one.words).not.toContain('\u001b');
    status({ state: 'error', error: 'folder marker missing' });
    told(await check(), 'sync-folder-error', /folder marker missing/);
  });

  it('set up by sync apply is as it should be, but for the machine that is not there yet', async () => {
    const node = await startNode({ name: 'cloud' });
    onTestFinished(() => node.remove());
    await (await setUp(node, 'cloud', {})).apply();
    const { env } = await commandLine(node, 'cloud', {});
    const findings = await checkSyncthing({ env: { ...common, ...env } });
    expect(findings.filter(({ level }) => level !== 'ok').map(({ code }) => code)).toEqual(['sync-no-peer']);
    await rm(join(node.vault, '.stignore'));
    await node.ignores([]);
    told(await checkSyncthing({ env: { ...common, ...env } }), 'sync-ignores', /\.stignore/);
  });
});
