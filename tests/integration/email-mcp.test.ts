import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TaskId } from '../../src/core/task-id.ts';
import { type ImapServer, startImapServer } from '../../src/demo/imap-server/server.ts';
import { EmailMcpClient } from '../../src/local/email-mcp-client.ts';
import { type MailJournal, openMailJournal } from '../../src/mail/submission/sealed-mail.ts';
import { childEnvironment } from '../../src/runtime/config.ts';
import { isAlive, ownIdentity } from '../../src/runtime/process-identity.ts';
import { sealInput } from '../helpers/sealed.ts';
import { startSmtp, type TestSmtp } from '../helpers/smtp.ts';
import { type TempDir, tempDir } from '../helpers/testdir.ts';
import { until } from '../helpers/until.ts';

const MAIN = join(import.meta.dirname, '../../dist/local/email-mcp.main.js');
const ID = 'em-0123456789abcdef' as TaskId;
const OTHER = 'em-fedcba9876543210' as TaskId;
const USER = 'me@example.org';

let base: TempDir;
let smtp: TestSmtp;
let imap: ImapServer;
let journal: MailJournal;
let client: EmailMcpClient | undefined;

beforeEach(async () => {
  base = await tempDir('mcp-');
  await mkdir(join(base.path, 'vault'));
  await mkdir(join(base.path, 'state'));
  await writeFile(join(base.path, 'env'), '', { mode: 0o600 });
  smtp = await startSmtp();
  imap = await startImapServer({ password: 'secret' });
  journal = await openJournal();
});
afterEach(async () => {
  await client?.stop();
  client = undefined;
  await smtp.stop();
  await imap.stop();
  await base.remove();
});

function openJournal(): Promise<MailJournal> {
  return openMailJournal({
    stateDir: join(base.path, 'state'),
    self: ownIdentity(),
    isAlive,
    now: () => Date.now(),
  });
}

function environment(extra: Record<string, string> = {}): Record<string, string> {
  return {
    ...childEnvironment(),
    ENV_FILE: join(base.path, 'env'),
    VAULT_DIR: join(base.path, 'vault'),
    STATE_DIR: join(base.path, 'state'),
    IMAP_HOST: '127.0.0.1',
    IMAP_PORT: String(imap.port),
    IMAP_SECURE: 'false',
    IMAP_USER: USER,
    IMAP_PASSWORD: 'secret',
    SMTP_HOST: smtp.host,
    SMTP_PORT: String(smtp.port),
    SMTP_SECURE: 'false',
    MAIL_FROM: `Me <${USER}>`,
    DRY_RUN: 'false',
    LOG_LEVEL: 'error',
    ...extra,
  };
}

async function start(extra: Record<string, string> = {}, deadlineMs?: number): Promise<EmailMcpClient> {
  client = await EmailMcpClient.start({
    main: MAIN,
    env: environment(extra),
    log: { warn: () => undefined },
    deadlineMs,
  });
  return client;
}

async function stateOf(id: TaskId): Promise<string> {
  return (await journal.view(id)).state.state;
}

describe('send_approved', () => {
  it('sends the sealed bytes once, however often it is asked', async () => {
    const mcp = await start();
    const sealed = await sealInput(ID);
    await journal.seal(sealed);
    expect(await mcp.send(ID)).toEqual({ kind: 'settled' });
    expect(await mcp.send(ID)).toEqual({ kind: 'settled' });
    await Promise.all([mcp.send(ID), mcp.send(ID), mcp.send(ID)]);
    expect(await stateOf(ID)).toBe('done');
    expect(smtp.mails).toHaveLength(1);
    expect(smtp.mails[0]!.raw.equals(Buffer.from(sealed.payload))).toBe(true);
    expect(smtp.mails[0]!.envelope).toEqual(sealed.envelope);
  });

  it('sends nothing that was not sealed, whatever lies in the vault', async () => {
    const mcp = await start();
    await mkdir(join(base.path, 'vault/Approved'));
    await writeFile(join(base.path, `vault/Approved/x ${ID}.md`), `---\nid: "${ID}"\n---\n## Reply\n\nhi\n`);
    expect(await mcp.send(ID)).toEqual({ kind: 'settled' });
    expect(await stateOf(ID)).toBe('none');
    expect(smtp.connections()).toBe(0);
  });

  it('sends once when two servers are asked at the same moment', async () => {
    const first = await start();
    const second = await EmailMcpClient.start({
      main: MAIN,
      env: environment(),
      log: { warn: () => undefined },
    });
    await journal.seal(await sealInput(ID));
    await Promise.all([first.send(ID), second.send(ID), first.send(ID), second.send(ID)]);
    await until('the attempt is settled', async () => (await stateOf(ID)) === 'done');
    expect(smtp.mails).toHaveLength(1);
    await second.stop();
  });

  it.each(['PAUSE.md', 'Approved/PAUSE.md'])('waits while %s is there', async (file) => {
    const mcp = await start();
    await journal.seal(await sealInput(ID));
    await mkdir(join(base.path, 'vault/Approved'));
    await writeFile(join(base.path, 'vault', file), '');
    expect(await mcp.send(ID)).toEqual({ kind: 'paused' });
    expect(smtp.connections()).toBe(0);
    await rm(join(base.path, 'vault', file));
    await mcp.send(ID);
    expect(smtp.mails).toHaveLength(1);
  });

  it('keeps the mail as a file and connects to nobody with DRY_RUN', async () => {
    const mcp = await start({ DRY_RUN: 'true' });
    const sealed = await sealInput(ID);
    await journal.seal(sealed);
    const outcome = await mcp.send(ID);
    expect(outcome).toEqual({ kind: 'dry_run', file: `dry-run/${ID}-g1.eml` });
    const kept = await readFile(join(base.path, 'state', `dry-run/${ID}-g1.eml`));
    expect(kept.equals(Buffer.from(sealed.payload))).toBe(true);
    expect(smtp.connections()).toBe(0);
    expect(await stateOf(ID)).toBe('sealed');
  });

  it('keeps the hourly limit across a restart and tells when it goes on', async () => {
    let mcp = await start({ MAX_SENDS_PER_HOUR: '1' });
    await journal.seal(await sealInput(ID));
    await journal.seal(await sealInput(OTHER));
    await mcp.send(ID);
    await mcp.stop();
    mcp = await start({ MAX_SENDS_PER_HOUR: '1' });
    const outcome = await mcp.send(OTHER);
    expect(outcome.kind).toBe('limited');
    expect(smtp.mails).toHaveLength(1);
  });

  it('does not count what was surely not sent towards the limit', async () => {
    const mcp = await start({ MAX_SENDS_PER_HOUR: '1' });
    await journal.seal(await sealInput(ID));
    await journal.seal(await sealInput(OTHER));
    await smtp.setFault('rcpt-550');
    await mcp.send(ID);
    expect(await stateOf(ID)).toBe('failed');
    await smtp.setFault(undefined);
    await mcp.send(OTHER);
    expect(smtp.mails).toHaveLength(1);
  });

  it('sends nothing whose sealed bytes were changed on disk', async () => {
    const mcp = await start();
    await journal.seal(await sealInput(ID));
    await writeFile(join(base.path, `state/journal/${ID}/g1/message.eml`), 'To: x@example.com\r\n\r\nforged');
    expect((await mcp.send(ID)).kind).toBe('unknown');
    expect(smtp.connections()).toBe(0);
  });

  it('waits out a refusal for now', async () => {
    const mcp = await start();
    await journal.seal(await sealInput(ID));
    await smtp.setFault('rcpt-450');
    await mcp.send(ID);
    const { state } = await journal.view(ID);
    expect(state).toMatchObject({ state: 'retry', cause: 'server' });
    await smtp.setFault(undefined);
    await mcp.send(ID);
    expect(smtp.mails).toHaveLength(0);
  });
});

describe('a crash of email-mcp', () => {
  it.each([
    ['email-mcp:attempt-recorded', 'retry', 0],
    ['email-mcp:transmitting', 'in_doubt', 0],
    ['email-mcp:accepted', 'in_doubt', 1],
    ['email-mcp:result-written', 'done', 1],
  ] as const)('at %s leaves the task in `%s`, with %i mails out', async (point, expected, mails) => {
    await journal.seal(await sealInput(ID));
    const mcp = await start({ HANDOVER_CRASH_AT: point });
    expect((await mcp.send(ID)).kind).toBe('unknown');
    await until('its process is gone', async () => (await stateOf(ID)) === expected);
    expect(smtp.mails).toHaveLength(mails);
    // A new one goes on where that is safe, and only there.
    await mcp.stop();
    const next = await start();
    await next.send(ID);
    expect(smtp.mails).toHaveLength(expected === 'retry' ? 1 : mails);
    expect(await stateOf(ID)).toBe(expected === 'in_doubt' ? 'in_doubt' : 'done');
  });

  it('is followed by a new server at the next call', async () => {
    const mcp = await start();
    const pid = await mcp.pid();
    process.kill(pid!, 'SIGKILL');
    await until('the client notices', async () => (await mcp.pid()) === undefined);
    await journal.seal(await sealInput(ID));
    expect(await mcp.send(ID)).toEqual({ kind: 'settled' });
    expect(smtp.mails).toHaveLength(1);
  });
});

describe('when its client dies', () => {
  it('email-mcp finishes the attempt under way, records it, and ends', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = await startSmtp({ hooks: { onMail: () => held } });
    await journal.seal(await sealInput(ID));
    const child = spawn(process.execPath, [MAIN], {
      env: environment({ SMTP_PORT: String(slow.port) }),
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    const call = (id: number, method: string, params: object) =>
      child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    call(1, 'initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'test', version: '1' },
    });
    child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })}\n`);
    call(2, 'tools/call', { name: 'send_approved', arguments: { task_id: ID } });
    await until('the body is out', async () =>
      (await readdir(join(base.path, `state/journal/${ID}/g1`))).includes('attempt-1.transmitting'),
    );
    expect(await stateOf(ID)).toBe('running');
    const exited = once(child, 'exit');
    child.stdin.end();
    child.kill('SIGTERM');
    release();
    expect((await exited)[0]).toBe(0);
    expect(await stateOf(ID)).toBe('done');
    await slow.stop();
  });

  it('a deadline that passes is no answer, and the journal tells the rest', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = await startSmtp({ hooks: { onMail: () => held } });
    await journal.seal(await sealInput(ID));
    const mcp = await start({ SMTP_PORT: String(slow.port) }, 500);
    expect((await mcp.send(ID)).kind).toBe('unknown');
    release();
    await until('the attempt is recorded', async () => (await stateOf(ID)) === 'done');
    await slow.stop();
  });
});

describe('Sent', () => {
  it('gets one copy of what was sent, seen, however often it is filed', async () => {
    const mcp = await start();
    const sealed = await sealInput(ID);
    await journal.seal(sealed);
    expect(await mcp.fileInSent(ID)).toBe('unknown');
    await mcp.send(ID);
    expect(await mcp.lookInSent(ID)).toBe('absent');
    expect(await mcp.fileInSent(ID)).toBe('filed');
    expect(await mcp.fileInSent(ID)).toBe('already');
    expect(await mcp.lookInSent(ID)).toBe('found');
    const copies = imap.mails(USER, 'Sent');
    expect(copies).toHaveLength(1);
    expect(copies[0]!.raw.equals(Buffer.from(sealed.payload))).toBe(true);
    expect([...copies[0]!.flags]).toContain('\\Seen');
  });

  it('is left alone with SENT_COPY=off', async () => {
    const mcp = await start({ SENT_COPY: 'off' });
    await journal.seal(await sealInput(ID));
    await mcp.send(ID);
    expect(await mcp.fileInSent(ID)).toBe('off');
    expect(imap.mails(USER, 'Sent')).toHaveLength(0);
  });

  it('is unknown, not empty, when the mailbox is gone', async () => {
    const mcp = await start();
    await journal.seal(await sealInput(ID));
    await mcp.send(ID);
    expect(await mcp.lookInSent(ID)).toBe('absent');
    await imap.stop();
    expect(await mcp.lookInSent(ID)).toBe('unknown');
    expect(await mcp.fileInSent(ID)).toBe('unknown');
    expect(await mcp.threadStatus(ID)).toBe('unknown');
  });
});

describe('a wrong configuration', () => {
  it('ends email-mcp with 78 and its client with an error', async () => {
    await expect(start({ SMTP_HOST: 'mail.example.org' })).rejects.toThrow('exit code 78');
    const child = spawn(process.execPath, [MAIN], {
      env: environment({ SMTP_HOST: 'mail.example.org' }),
      stdio: 'ignore',
    });
    expect((await once(child, 'exit'))[0]).toBe(78);
  });
});
