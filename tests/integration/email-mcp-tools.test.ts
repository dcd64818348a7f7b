import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { renderNote } from '../../src/core/task-file.ts';
import { noteName } from '../../src/core/filename.ts';
import type { StateFolder } from '../../src/core/states.ts';
import type { TaskId } from '../../src/core/task-id.ts';
import { type MailJournal, openMailJournal } from '../../src/mail/submission/sealed-mail.ts';
import { SentFolder } from '../../src/mail/submission/sent-folder.ts';
import { ImapSession } from '../../src/mail/mailbox/imap-session.ts';
import type { AccountMailbox, EmailDeps } from '../../src/mcp/email/email-deps.ts';
import { emailMcp } from '../../src/mcp/email/email-mcp-server.ts';
import { isAlive, ownIdentity } from '../../src/runtime/process-identity.ts';
import { Vault } from '../../src/vault/vault.ts';
import { sealInput } from '../helpers/sealed.ts';
import { testDir } from '../helpers/testdir.ts';

const GOLDEN = join(import.meta.dirname, '../golden/email-mcp-tools.json');
const ID = 'em-0123456789abcdef' as TaskId;

let vault: Vault;
let journal: MailJournal;
let client: Client;
let asked: string[];
let errors: unknown[];

beforeEach(async () => {
  vault = await Vault.open(await testDir());
  await vault.ensureFolders();
  journal = await openMailJournal({
    stateDir: await testDir(),
    self: ownIdentity(),
    isAlive,
    now: () => Date.now(),
  });
  asked = [];
  errors = [];
  const session = new ImapSession({
    host: 'imap.example.org',
    port: 1,
    secure: 'false',
    auth: { type: 'password', user: 'u', password: 'p' },
  });
  const mailbox: AccountMailbox = {
    sent: new SentFolder({ session, filing: 'append', mailbox: 'INBOX', ownAddresses: [] }),
    filing: 'append',
  };
  const deps: EmailDeps = {
    vault,
    journal,
    mailboxes: { ofSender: () => mailbox, ofAccount: () => mailbox },
    notice: null,
    stateNotice: null,
    timeZone: 'UTC',
    send: (id) => {
      asked.push(id);
      if (id === 'em-ffffffffffffffff') throw new Error('secret words in /some/path');
      return Promise.resolve({ kind: 'settled', state: { state: 'none' } });
    },
  };
  const { server } = emailMcp(deps, (_tool, error) => errors.push(error));
  const [ours, theirs] = InMemoryTransport.createLinkedPair();
  client = new Client({ name: 'test', version: '1' });
  await Promise.all([server.connect(theirs), client.connect(ours)]);
  onTestFinished(() => client.close());
});

async function note(folder: StateFolder, n: number, words = 'hello'): Promise<TaskId> {
  const id = `em-${n.toString(16).padStart(16, '0')}` as TaskId;
  const data = { id, kind: 'email_reply', title: `Task ${n}`, from: 'Anna <anna@example.com>' };
  await vault.create({ folder, name: noteName(`Task ${n}`, id) }, renderNote({ data, body: `${words}\n` }));
  return id;
}

async function call(name: string, args: Record<string, unknown>) {
  const result = await client.callTool({ name, arguments: args });
  return {
    failed: result.isError === true,
    said: JSON.stringify(result.content),
    data: result.structuredContent as Record<string, unknown>,
  };
}

describe('the tools of email-mcp', () => {
  it('are exactly these, described exactly so', async () => {
    const { tools } = await client.listTools();
    expect(tools).toEqual(JSON.parse(await readFile(GOLDEN, 'utf8')));
  });

  it('take no recipient, no text and no path: ids, a search word, a page', async () => {
    const { tools } = await client.listTools();
    const inputs = new Set(tools.flatMap((tool) => Object.keys(tool.inputSchema.properties ?? {})));
    expect([...inputs].sort()).toEqual(['cursor', 'folder', 'limit', 'query', 'task_id']);
    expect(tools.every((tool) => tool.inputSchema['additionalProperties'] === false)).toBe(true);
    expect(tools.every((tool) => tool.outputSchema !== undefined && tool.annotations !== undefined)).toBe(
      true,
    );
  });

  it.each([
    { task_id: '../../etc/passwd' },
    { task_id: 'em-0123456789ABCDEF' },
    { task_id: `${ID}\n` },
    { task_id: ID, to: 'victim@example.com' },
    {},
  ])('refuse %o', async (args) => {
    expect((await call('send_approved', args)).failed).toBe(true);
    expect(asked).toEqual([]);
  });

  it('tell a client the code of a fault and nothing else', async () => {
    const answer = await call('send_approved', { task_id: 'em-ffffffffffffffff' });
    expect(answer.failed).toBe(true);
    expect(answer.said).toContain('internal error');
    expect(answer.said).not.toContain('secret');
    expect(errors).toHaveLength(1);
  });

  it('say that nothing is approved where nothing is', async () => {
    expect((await call('send_approved', { task_id: ID })).data).toMatchObject({ result: 'not_approved' });
    expect((await call('look_in_sent', { task_id: ID })).data).toEqual({ found: 'not_approved' });
    expect((await call('file_in_sent', { task_id: ID })).data).toEqual({ filed: 'not_sent' });
    expect((await call('thread_status', { task_id: ID })).data).toEqual({ status: 'no_such_task' });
    expect((await call('read_task', { task_id: ID })).data).toEqual({ found: false });
  });

  it('list every open task once, page by page, and no finished one', async () => {
    for (let n = 1; n <= 7; n++) await note(n % 2 ? 'Pending_Approval/email' : 'Needs_Action/email', n);
    await note('Rejected', 8);
    const seen: string[] = [];
    let cursor: unknown;
    do {
      const { data } = await call('list_tasks', { limit: 3, ...(cursor ? { cursor } : {}) });
      seen.push(...(data['tasks'] as { task_id: string }[]).map((t) => t.task_id));
      cursor = data['next'];
    } while (cursor);
    expect(seen.sort()).toEqual([1, 2, 3, 4, 5, 6, 7].map((n) => `em-${n.toString(16).padStart(16, '0')}`));
    const one = await call('list_tasks', { folder: 'Needs_Action/email' });
    expect(one.data['tasks']).toHaveLength(3);
    expect((await call('list_tasks', { folder: '../state' })).failed).toBe(true);
  });

  it('find a task by a word of it and by its id', async () => {
    await note('Needs_Action/email', 1, 'the blue boat');
    const id = await note('Pending_Approval/email', 2, 'the red boat');
    const found = async (query: string) =>
      ((await call('search_tasks', { query })).data['tasks'] as { task_id: string }[]).map((t) => t.task_id);
    expect(await found('RED')).toEqual([id]);
    expect(await found(id)).toEqual([id]);
    expect(await found('boat')).toHaveLength(2);
    expect(await found('plane')).toEqual([]);
  });

  it('give an open task as it lies there and a finished one as it was approved', async () => {
    const id = await note('Pending_Approval/email', 3, 'as it lies');
    expect((await call('read_task', { task_id: id })).data).toMatchObject({
      found: true,
      folder: 'Pending_Approval/email',
      effect: 'none',
    });
    await journal.seal(await sealInput(ID, 'as approved'));
    const { data } = await call('read_task', { task_id: ID });
    expect(data).toMatchObject({ found: true, effect: 'sealed' });
    expect(data['text']).toContain('as approved');
  });
});
