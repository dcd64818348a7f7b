import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { newBody } from '../../src/core/body.ts';
import { doneFolder } from '../../src/core/states.ts';
import { parseNote, renderNote, text } from '../../src/core/task-file.ts';
import type { TaskId } from '../../src/core/task-id.ts';
import { startImapServer } from '../../src/demo/imap-server/server.ts';
import { Offers } from '../../src/stages/offers.ts';
import { readHeartbeat } from '../../src/vault/read-heartbeat.ts';
import { Vault } from '../../src/vault/vault.ts';
import { startSmtp } from '../helpers/smtp.ts';
import { testDir } from '../helpers/testdir.ts';
import { until } from '../helpers/until.ts';
import { card, ID, NAME } from './invoice-parts.ts';

/** The real handler, with an Odoo that is not there in one way or another: mail goes on, and the invoice says why it does not. */

const root = join(import.meta.dirname, '../..');
const MAIL = 'em-0123456789abcdef' as TaskId;
const MAIL_NAME = `Anna Visit ${MAIL}.md`;
const KEYS = { ODOO_DB: 'books', ODOO_USERNAME: 'me', ODOO_API_KEY: 'x'.repeat(40) };

async function handler(env: Record<string, string>) {
  const dir = await testDir();
  const stateDir = join(dir, 'state');
  await mkdir(join(dir, 'vault'));
  await mkdir(stateDir, { mode: 0o700 });
  await writeFile(join(dir, 'none.env'), '', { mode: 0o600 });
  const vault = await Vault.open(join(dir, 'vault'));
  await vault.ensureFolders();
  const smtp = await startSmtp();
  const imap = await startImapServer({ password: 'secret' });
  const child = spawn(process.execPath, [join(root, 'dist/local/approval-handler.main.js')], {
    cwd: root,
    env: {
      PATH: process.env['PATH'] ?? '',
      ENV_FILE: join(dir, 'none.env'),
      ...{ VAULT_DIR: vault.root, STATE_DIR: stateDir, TIMEZONE: 'UTC', SYNC: 'none', LOG_LEVEL: 'error' },
      ...{ IMAP_HOST: '127.0.0.1', IMAP_PORT: String(imap.port), IMAP_SECURE: 'false' },
      ...{ IMAP_USER: 'me@example.org', IMAP_PASSWORD: 'secret', SMTP_SECURE: 'false' },
      ...{ SMTP_HOST: smtp.host, SMTP_PORT: String(smtp.port), MAIL_FROM: 'Me <me@example.org>' },
      ...{ DRY_RUN: 'false', UNDO_SECONDS: '0', SCAN_SECONDS: '1' },
      ...env,
    },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const gone = once(child, 'exit');
  onTestFinished(async () => {
    if (child.exitCode === null) child.kill('SIGKILL');
    await gone;
    await smtp.stop();
    await imap.stop();
  });
  await ready(child);
  const offers = new Offers({ stateDir, clock: { now: () => Date.now(), sleep: () => Promise.resolve() } });
  const yes = async (
    folder: 'email' | 'odoo',
    id: TaskId,
    name: string,
    note: Parameters<Offers['record']>[2],
  ) => {
    await offers.record(id, name, note);
    await vault.create({ folder: `Pending_Approval/${folder}`, name }, renderNote(note));
    await rename(join(vault.root, 'Pending_Approval', folder, name), join(vault.root, 'Approved', name));
  };
  return {
    vault,
    smtp,
    approveBoth: async () => {
      await yes('odoo', ID, NAME, card());
      await yes('email', MAIL, MAIL_NAME, mailCard());
    },
    /** `Updates/local-agent/approval-handler.json` */
    health: async () => (await readHeartbeat(vault, 'local-agent', 'approval-handler'))?.reason ?? '',
    stop: async () => {
      child.kill('SIGTERM');
      return (await gone)[0] as number;
    },
  };
}

async function ready(child: ChildProcess): Promise<void> {
  let said = false;
  child.on('message', (message) => (said ||= message === 'ready'));
  await until('the handler is ready', () => {
    if (child.exitCode !== null) throw new Error(`exited with ${child.exitCode}`);
    return said;
  });
}

function mailCard() {
  return {
    data: {
      ...{ id: MAIL, kind: 'email_new', quote: false, reply_subject: 'Visit', reply_cc: [] },
      reply_to: ['anna@example.org'],
    },
    body: newBody({
      ...{ verdict: { kind: 'todo', title: 't', lines: [] }, reply: 'Yes.', feedback: '', original: '' },
    }),
  };
}

async function cameBack(vault: Vault): Promise<string> {
  return until('the invoice is back', async () => {
    const read = await vault.read({ folder: 'Pending_Approval/odoo', name: NAME });
    const note = read.ok ? parseNote(read.text) : null;
    return note?.ok && text(note.note, 'outcome') === 'bounced' ? note.note.body : null;
  });
}

describe('an approval handler', () => {
  it.each([
    ['without an Odoo', {}, 'Odoo is not set up on this machine'],
    [
      'that may only draft',
      { ...KEYS, ODOO_URL: 'http://127.0.0.1:9', ODOO_MODE: 'draft' },
      'This machine only drafts in Odoo',
    ],
    [
      'whose Odoo is not set up right',
      { ODOO_URL: 'http://127.0.0.1:9', ODOO_MODE: 'live' },
      'ODOO_DB is missing',
    ],
  ] as const)('%s sends mail and gives invoices back', async (_, env, words) => {
    const { vault, smtp, approveBoth, stop } = await handler(env);
    await approveBoth();
    await smtp.waitForMails(1);
    expect(await cameBack(vault)).toContain(words);
    expect(await stop()).toBe(0);
  });

  it('says on the page that the keys of Odoo are not complete', async () => {
    const { health } = await handler({ ODOO_URL: 'http://127.0.0.1:9', ODOO_MODE: 'live' });
    await until('the page says so', async () =>
      (await health()).includes('nothing is posted: ODOO_DB is missing'),
    );
  });

  it('whose Odoo is down keeps the invoice waiting, says so, and sends mail', async () => {
    const { vault, smtp, approveBoth, health, stop } = await handler({
      ...KEYS,
      ...{ ODOO_URL: 'http://127.0.0.1:9', ODOO_MODE: 'live' },
    });
    await approveBoth();
    await smtp.waitForMails(1);
    await until('the page says so', async () => (await health()).startsWith('Odoo cannot be asked: '));
    expect(await vault.list('In_Progress/local-agent')).toContain(NAME);
    expect(await stop()).toBe(0);
  });

  it('whose Odoo takes every call and answers none sends mail all the same, and stops when asked', async () => {
    const silent = createServer();
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as AddressInfo;
    const { vault, smtp, approveBoth, stop } = await handler({
      ...KEYS,
      ...{ ODOO_URL: `http://127.0.0.1:${port}`, ODOO_MODE: 'live' },
    });
    const asked = once(silent, 'connection');
    await approveBoth();
    await asked;
    await smtp.waitForMails(1);
    await until('the mail is in Done', async () =>
      (await vault.list(doneFolder(new Date().toISOString()))).includes(MAIL_NAME),
    );
    expect(await vault.list('In_Progress/local-agent')).toContain(NAME);
    expect(await stop()).toBe(0);
  });
});
