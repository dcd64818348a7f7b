import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { execFile } from 'node:child_process';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ImapFlow } from 'imapflow';
import PostalMime, { type Email } from 'postal-mime';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { SeenNote } from '../../src/demo/vault-view.ts';
import { agents } from '../../src/mcp/status/agents.ts';
import { queue } from '../../src/mcp/status/queue.ts';
import { freePort } from '../../src/demo/free-port.ts';
import { startPm2 } from '../helpers/pm2.ts';
import { askTool } from '../helpers/status-client.ts';
import { testDir } from '../helpers/testdir.ts';
import { until } from '../helpers/until.ts';
import { type FixtureMail, fixtureMails, type Host, SMTP_PASSWORD, startHost } from './host.ts';
import { ROOT } from './root.ts';

/** Mails of the system, not of a person: set aside with a reason. Every other fixture gets a draft. */
const SET_ASIDE = [
  ...['auto-reply', 'bounce', 'calendar-invite', 'mailing-list'],
  ...['newsletter', 'noreply-order', 'own-mail', 'read-receipt'],
];
/** Where the subject of the answer is not simply the original's. */
const SUBJECTS: Readonly<Record<string, string>> = {
  // The parser of this test does not know the charset's dashes and quotes.
  'windows-1252': '“Quick” question – price',
  // What was shown and approved is what is sent: hidden characters and links as they were made visible.
  hostile: 'Invoice [U+202E]gnp.exe [ [Secrets] ] ../../etc/passwd #tag',
};
const STATUS_TOKEN = 'status-only-4b1e02';
const LONG_MS = 120_000;
const AT_REST = /^(Pending_Approval|Skipped|Quarantine)\b/;

describe('the processes under PM2 against Dovecot and SMTP', () => {
  let host: Host;
  let statusPort: number;
  let mails: readonly FixtureMail[];
  const originals = new Map<string, Email>();
  beforeAll(async () => {
    statusPort = await freePort();
    host = await startHost({ STATUS_MCP_PORT: String(statusPort), STATUS_MCP_TOKEN: STATUS_TOKEN });
    mails = await fixtureMails();
    for (const { name, raw } of mails) originals.set(name, await PostalMime.parse(raw));
    await host.startAll();
  });
  afterAll(() => host.stop());

  /** The notes of a mail, wherever they lie. The one without a Message-ID is known by its subject. */
  const notesOf = (notes: readonly SeenNote[], name: string): readonly SeenNote[] => {
    const { messageId, subject } = originals.get(name)!;
    return notes.filter((note) =>
      messageId ? note.messageId === messageId : note.messageId === null && note.text.includes(subject!),
    );
  };
  const settled = (): Promise<readonly SeenNote[]> =>
    until(
      'every mail lies in a state of rest',
      async () => {
        const notes = await host.notes();
        const resting = notes.filter((note) => AT_REST.test(note.folder));
        // A note that moves while the folders are read is seen in both: look again then.
        const still = resting.length === notes.length;
        return still && mails.every(({ name }) => notesOf(resting, name).length > 0) && notes;
      },
      90_000,
    ).catch(async (error: unknown) => {
      const left = (await host.notes()).filter(
        (note) => note.folder !== 'Skipped' && !note.folder.startsWith('Done/'),
      );
      const cards = left.map((note) => `${note.folder}/${note.name}\n${note.text}`).join('\n\n');
      throw new Error(`${cards}\n\n${await host.pm2.logs()}`, { cause: error });
    });

  it('runs all six, each said ready', async () => {
    const list = await host.pm2.list();
    expect(list.map(({ name, status, restarts }) => `${name} ${status} ${restarts}`)).toEqual([
      'cloud-email-watcher online 0',
      'draft-replier online 0',
      'approval-handler online 0',
      'orchestrator online 0',
      'status-mcp online 0',
      'health-monitor online 0',
    ]);
  });

  it('puts each of thirty mails of different kinds into exactly one state folder', {
    timeout: LONG_MS,
  }, async () => {
    expect(mails.length).toBeGreaterThanOrEqual(30);
    for (const { name, raw } of mails) {
      await host.dovecot.deliver('office', raw, name === 'bounce' ? '' : 'sender@example.org');
    }
    const notes = await settled();
    const places = mails.map(({ name }) => [name, notesOf(notes, name).map((note) => note.folder)]);
    const expected = mails.map(({ name }) => [
      name,
      [SET_ASIDE.includes(name) ? 'Skipped' : 'Pending_Approval/email'],
    ]);
    expect(Object.fromEntries(places)).toEqual(Object.fromEntries(expected));
    expect(notes).toHaveLength(mails.length);
  });

  it('tells an assistant the same over HTTP', async () => {
    const headers = { Authorization: `Bearer ${STATUS_TOKEN}` };
    const url = new URL(`http://127.0.0.1:${statusPort}/mcp`);
    const client = new Client({ name: 'test', version: '1' });
    await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }));
    onTestFinished(() => client.close());
    const { states } = await askTool(client, queue);
    const notes = await host.notes();
    const inFolder = (folder: string) => notes.filter((note) => note.folder === folder).length;
    for (const folder of ['Pending_Approval/email', 'Skipped', 'Needs_Action/email', 'Approved']) {
      expect(states.find((state) => state.folder === folder)?.total).toBe(inFolder(folder));
    }
    const { processes } = await askTool(client, agents);
    const alive = processes.filter(({ seen }) => seen.presence === 'alive').map(({ process }) => process);
    expect(alive).toEqual([
      'cloud-email-watcher',
      'draft-replier',
      'approval-handler',
      'orchestrator',
      'status-mcp',
      'health-monitor',
    ]);
  });

  it('sends each approved reply exactly once, and nothing else', { timeout: LONG_MS }, async () => {
    const pending = (await host.notes()).filter((note) => note.folder === 'Pending_Approval/email');
    for (const note of pending) {
      await host.fillBlanks(note);
      await host.move(note, 'Approved');
    }
    await until(
      'every approved note is done',
      async () => {
        const done = (await host.notes()).filter((note) => note.folder.startsWith('Done/'));
        return done.length === pending.length;
      },
      90_000,
    ).catch(async (error: unknown) => {
      const left = (await host.notes()).filter(
        (note) => note.folder !== 'Skipped' && !note.folder.startsWith('Done/'),
      );
      const cards = left.map((note) => `${note.folder}/${note.name}\n${note.text}`).join('\n\n');
      throw new Error(`${cards}\n\n${await host.pm2.logs()}`, { cause: error });
    });
    expect(host.smtp.mails).toHaveLength(pending.length);
    const sent = await Promise.all(host.smtp.mails.map((mail) => PostalMime.parse(mail.raw)));
    expect(new Set(sent.map((mail) => mail.messageId)).size).toBe(pending.length);
  });

  it('keeps every reply in its thread, as the mail client of the other side sees it', async () => {
    const sent = await Promise.all(host.smtp.mails.map((mail) => PostalMime.parse(mail.raw)));
    const seen: Record<string, unknown> = {};
    const wanted: Record<string, unknown> = {};
    for (const { name } of mails.filter((mail) => !SET_ASIDE.includes(mail.name))) {
      const original = originals.get(name)!;
      const answers = sent.filter((mail) => mail.inReplyTo === original.messageId);
      if (original.messageId === undefined) continue;
      const chain = [...ids(original.references), original.messageId];
      wanted[name] = { count: 1, references: chain, subject: SUBJECTS[name] ?? bare(original.subject) };
      const [reply] = answers;
      seen[name] = {
        count: answers.length,
        references: ids(reply?.references),
        subject: /^Re:( |$)/.test(reply?.subject ?? '') ? bare(reply?.subject) : reply?.subject,
      };
    }
    expect(seen).toEqual(wanted);
    const unthreaded = sent.filter((mail) => mail.inReplyTo === undefined);
    expect(unthreaded.map((mail) => [mail.to?.[0]?.address, mail.references])).toEqual([
      ['sven@example.org', undefined],
    ]);
  });

  it('answers to whom the sender asked, keeps the circle and leaves itself out', () => {
    const envelopeOf = (name: string): readonly string[] => {
      const id = originals.get(name)!.messageId!;
      const mail = host.smtp.mails.find(({ raw }) => raw.includes(`In-Reply-To: ${id}`))!;
      return [...mail.envelope.to].sort();
    };
    expect(envelopeOf('reply-to-other')).toEqual(['mara@desk.example.org']);
    expect(envelopeOf('several-recipients')).toEqual([
      'nora@example.org',
      'per@example.com',
      'rene@example.org',
    ]);
    expect(new Set(host.smtp.mails.map(({ envelope }) => envelope.from))).toEqual(
      new Set(['office@example.net']),
    );
  });

  it('leaves the mailbox as it was and files one copy of each reply in Sent', async () => {
    const client = new ImapFlow({
      host: '127.0.0.1',
      port: host.dovecot.imapPort,
      secure: false,
      auth: { user: 'office', pass: host.dovecot.password },
      logger: false,
    });
    await client.connect();
    onTestFinished(() => client.close());
    await client.mailboxOpen('INBOX', { readOnly: true });
    const inbox = await client.fetchAll('1:*', { flags: true });
    expect(inbox.filter((mail) => mail.flags?.has('\\Seen'))).toEqual([]);
    expect(inbox).toHaveLength(mails.length);
    await client.mailboxOpen('Sent', { readOnly: true });
    const copies = await client.fetchAll('1:*', { source: true });
    const bytes = (list: readonly Buffer[]): string[] => list.map((raw) => raw.toString('base64')).sort();
    expect(bytes(copies.map((copy) => copy.source!))).toEqual(bytes(host.smtp.mails.map((mail) => mail.raw)));
  });

  it('shows on the dashboard what was sent', async () => {
    const read = (): Promise<string> => readFile(join(host.vaultDir, 'Dashboard.md'), 'utf8');
    const done = (await host.notes()).filter((note) => note.folder.startsWith('Done/'));
    await until('the dashboard names a note that is done', async () => {
      const page = await read();
      return done.some((note) => page.includes(note.name.replace(/\.md$/, '')));
    });
    expect(await read()).toMatch(/sent/i);
  });

  it("keeps every secret out of PM2's dump, also those in the shell that started it", async () => {
    const dump = await host.pm2.dump();
    expect(dump).toContain('approval-handler');
    expect(dump).toContain(host.envFile);
    const secrets = [
      SMTP_PASSWORD,
      STATUS_TOKEN,
      'shell-smtp',
      'shell-model',
      'shell-token',
      '"IMAP_PASSWORD',
      '"SMTP_PASSWORD',
    ];
    expect(secrets.filter((secret) => dump.includes(secret))).toEqual([]);
    expect((await stat(host.pm2.home)).mode & 0o077).toBe(0);
  });

  it('refuses to run a second time beside itself', async () => {
    for (const main of [
      'cloud/cloud-email-watcher',
      'cloud/draft-replier',
      'local/approval-handler',
      'local/orchestrator',
      'local/status-mcp',
      'cloud/status-mcp',
      'local/health-monitor',
    ]) {
      const { code, output } = await runMain(main, host.envFile);
      expect(code, output).toBe(1);
      expect(output).toMatch(/not started twice/);
    }
  });

  it('comes back after kill -9 of every process and goes on working', async () => {
    const before = await host.pm2.list();
    for (const { pid } of before) process.kill(pid, 'SIGKILL');
    await until('all run again under new numbers', async () => {
      const now = await host.pm2.list();
      return now.every(({ pid, restarts }, index) => restarts > 0 && pid > 0 && pid !== before[index]!.pid);
    });
    const raw = [
      'From: Late <late@example.org>',
      'To: office@example.net',
      'Subject: After the crash',
      'Message-ID: <late@mail.example.org>',
      '',
      'Are you still there?',
      '',
    ].join('\r\n');
    await host.dovecot.deliver('office', raw);
    const note = await until('the late mail has a draft', async () =>
      (await host.notes()).find(
        (seen) => seen.messageId === '<late@mail.example.org>' && seen.folder === 'Pending_Approval/email',
      ),
    );
    const sentBefore = host.smtp.mails.length;
    await host.move(note, 'Approved');
    await host.smtp.waitForMails(sentBefore + 1);
    await until('the late note is done', async () =>
      (await host.notes()).some((seen) => seen.name === note.name && seen.folder.startsWith('Done/')),
    );
    expect(host.smtp.mails).toHaveLength(sentBefore + 1);
  });

  it('stops every process gracefully, inside the time PM2 gives', async () => {
    await host.pm2.run('stop', 'all');
    const list = await host.pm2.list();
    expect(list.map(({ name, status, exitCode }) => `${name} ${status} ${exitCode}`)).toEqual([
      'cloud-email-watcher stopped 0',
      'draft-replier stopped 0',
      'approval-handler stopped 0',
      'orchestrator stopped 0',
      'status-mcp stopped 0',
      'health-monitor stopped 0',
    ]);
    const daemonLog = await readFile(join(host.pm2.home, 'pm2.log'), 'utf8');
    expect(daemonLog).not.toContain('sending SIGKILL');
  });
});

describe('a configuration that is wrong, under PM2', () => {
  it('ends with 78, says every fault without a value, and is not tried again', async () => {
    const dir = await testDir();
    const envFile = join(dir, 'env');
    const lines = [
      'IMAP_HOST=mail.example.org',
      'SMTP_HOST=mail.example.org',
      'SMTP_PASSWORD=hush-77',
      'SMTP_PORT=x',
    ];
    await writeFile(envFile, lines.join('\n'), { mode: 0o600 });
    const pm2 = await startPm2({ ENV_FILE: envFile });
    onTestFinished(() => pm2.stop());
    await pm2.run('start', join(ROOT, 'ecosystem.config.js'));
    const ended = async () => (await pm2.list()).every(({ pid, exitCode }) => pid === 0 && exitCode === 78);
    await until('all have ended', ended);
    // Twenty times as long as PM2 would have waited before its first restart.
    await sleep(2000);
    const list = await pm2.list();
    expect(list.map(({ name, exitCode, restarts, pid }) => [name, exitCode, restarts, pid])).toEqual([
      ['cloud-email-watcher', 78, 0, 0],
      ['draft-replier', 78, 0, 0],
      ['approval-handler', 78, 0, 0],
      ['orchestrator', 78, 0, 0],
      ['health-monitor', 78, 0, 0],
    ]);
    const said = await pm2.logs();
    for (const key of ['VAULT_DIR', 'STATE_DIR', 'IMAP_USER']) expect(said).toContain(`${key} is missing`);
    expect(said).not.toContain('hush-77');
  });

  it('starts only what is configured: without a mailbox and SMTP no watcher and no handler', async () => {
    const dir = await testDir({ env: 'TIMEZONE=UTC\n' });
    const pm2 = await startPm2({ ENV_FILE: join(dir, 'env') });
    onTestFinished(() => pm2.stop());
    await pm2.run('start', join(ROOT, 'ecosystem.config.js'));
    expect((await pm2.list()).map(({ name }) => name)).toEqual([
      'draft-replier',
      'orchestrator',
      'health-monitor',
    ]);
  });
});

function ids(field: string | undefined): string[] {
  return (field ?? '').split(/\s+/).filter((id) => id !== '');
}

/** Without any prefix of a reply, and with white space as one space: what a client groups by. */
function bare(subject: string | undefined): string {
  return (subject ?? '')
    .replace(/^((re|aw|fwd?):\s*)+/i, '')
    .replace(/\s+/g, ' ')
    .trim();
}

function runMain(main: string, envFile: string): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const env = { PATH: process.env['PATH'], ENV_FILE: envFile };
    execFile(process.execPath, [join(ROOT, 'dist', `${main}.main.js`)], { env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr });
    });
  });
}
