import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { noteName } from '../../src/core/filename.ts';
import type { CrashPoint } from '../../src/core/crash-points.ts';
import { postHash } from '../../src/core/odoo/post-action.ts';
import { INVOICE } from '../../src/core/odoo/invoice-body.ts';
import { renderNote } from '../../src/core/task-file.ts';
import type { TaskId } from '../../src/core/task-id.ts';
import { OdooMcpClient } from '../../src/local/odoo-mcp-client.ts';
import { openPostJournal, type PostJournal, type PostTarget } from '../../src/odoo/posting/sealed-post.ts';
import { SealedPosts } from '../../src/odoo/posting/sealed-posts.ts';
import { childEnvironment } from '../../src/runtime/config.ts';
import { isAlive, ownIdentity } from '../../src/runtime/process-identity.ts';
import { HAS_WKHTMLTOPDF } from '../helpers/odoo.ts';
import { type Books, openBooks } from '../helpers/odoo-drafts.ts';
import { type TempDir, tempDir } from '../helpers/testdir.ts';
import { until } from '../helpers/until.ts';

/** The laptop's odoo-mcp as the handler starts it, with a real journal and a real Odoo. */
const MAIN = join(import.meta.dirname, '../../dist/local/odoo-mcp.main.js');

let books: Books;
let base: TempDir;
let journal: PostJournal;
let posts: SealedPosts;
let client: OdooMcpClient;
let tasks = 0;

beforeAll(async () => {
  books = await openBooks();
});
afterAll(() => books.server.stop());

beforeEach(async () => {
  base = await tempDir('odm-');
  await mkdir(join(base.path, 'vault'));
  await mkdir(join(base.path, 'state'));
  await writeFile(join(base.path, 'env'), '', { mode: 0o600 });
  const now = (): number => Date.now();
  journal = await openPostJournal({ stateDir: statePath(), self: ownIdentity(), isAlive, now });
  const { url, db } = books.server;
  posts = new SealedPosts({ journal, url, db, account: books.billing.login, now });
  client = start();
});
afterEach(async () => {
  await client.stop();
  await base.remove();
});

const statePath = (...path: string[]): string => join(base.path, 'state', ...path);

function start(extra: Record<string, string> = {}): OdooMcpClient {
  const { server, billing } = books;
  const env = {
    ...childEnvironment(),
    ENV_FILE: join(base.path, 'env'),
    ...{ VAULT_DIR: join(base.path, 'vault'), STATE_DIR: statePath(), LOG_LEVEL: 'error' },
    ...{ ODOO_URL: server.url, ODOO_DB: server.db, ODOO_USERNAME: billing.login },
    ...{ ODOO_API_KEY: billing.apiKey, ODOO_MODE: 'live', DRY_RUN: 'false' },
    ...extra,
  };
  return new OdooMcpClient({ main: MAIN, env, log: { warn: () => undefined } });
}

async function startAgain(extra: Record<string, string> = {}): Promise<void> {
  await client.stop();
  client = start(extra);
}

function newTask(): TaskId {
  tasks++;
  return `od-${tasks.toString(16).padStart(16, '0')}` as TaskId;
}

/** Sealed as the handler seals an approved card. */
async function approved(change?: Parameters<Books['draft']>[1]): Promise<PostTarget & { id: TaskId }> {
  const id = newTask();
  const target = await books.draft(id, change);
  await seal(target);
  return { ...target, id };
}

async function seal(target: PostTarget): Promise<void> {
  const { kind, odooId, section, properties } = target;
  const action = { id: target.id as TaskId, kind, odooId, section, properties, coveringMail: false };
  const card = { hash: postHash(action), noteName: `A ${target.id}.md`, noteText: 'as approved' };
  await posts.seal({ ...card, action, again: target.again, approvedAt: '2026-11-20T08:00:00Z' });
}

const state = async (id: TaskId): Promise<string> => (await journal.view(id)).state.state;

describe('a posting', () => {
  it('happens once, however often it is asked for, and its number, dates and total come back', async () => {
    const { id, odooId } = await approved({ invoiceDate: '2026-11-02', dueDate: '2026-12-24' });
    expect(await client.post(id)).toEqual({ kind: 'settled' });
    const { name } = await books.look(odooId);
    expect(await journal.view(id)).toMatchObject({
      state: { state: 'done', words: `posted as ${String(name)}` },
    });
    expect(await client.post(id)).toEqual({ kind: 'settled' });
    expect(await client.lookAtPost(id)).toBe('posted');
    expect(await client.posted(id)).toMatchObject({
      ...{ odooId, number: name, date: '2026-11-02', dueDate: '2026-12-24', total: 366.26, currency: 'USD' },
      ...{ partner: 'ACME & Söhne', partnerEmail: 'billing@acme.example', differs: [] },
      link: `${books.server.url}/odoo/account.move/${odooId}`,
    });
  });

  it('of one card by two servers at once happens once', async () => {
    const { id, odooId } = await approved();
    const other = start();
    await Promise.all([client.connect(), other.connect()]);
    await Promise.all([client.post(id), other.post(id), client.post(id), other.post(id)]);
    await other.stop();
    await until('it is settled', async () => (await state(id)) === 'done');
    expect((await journal.view(id)).state).toMatchObject({ attempt: 1 });
    expect((await books.look(odooId)).state).toBe('posted');
  });

  it('of what was not sealed does not happen, whatever lies in the vault', async () => {
    const id = newTask();
    const { odooId } = await books.draft(id);
    expect(await client.post(id)).toEqual({ kind: 'settled' });
    expect(await state(id)).toBe('none');
    expect((await books.look(odooId)).state).toBe('draft');
    expect(await client.lookAtPost(id)).toBe('unknown');
    expect(await client.posted(id)).toBe('unknown');
  });

  it.each(['PAUSE.md', 'Approved/PAUSE.md'])('waits while %s is there', async (file) => {
    const { id, odooId } = await approved();
    await mkdir(join(base.path, 'vault/Approved'), { recursive: true });
    await writeFile(join(base.path, 'vault', file), '');
    expect(await client.post(id)).toEqual({ kind: 'paused' });
    expect((await books.look(odooId)).state).toBe('draft');
    await rm(join(base.path, 'vault', file));
    await client.post(id);
    expect(await state(id)).toBe('done');
  });

  it('is described and does not happen with DRY_RUN', async () => {
    const target = await approved();
    await startAgain({ DRY_RUN: 'true' });
    const outcome = await client.post(target.id);
    const file = `dry-run/${target.id}-g1.md`;
    expect(outcome).toEqual({ kind: 'dry_run', file });
    const text = await readFile(statePath(file), 'utf8');
    expect(text).toContain('this would have been posted now');
    expect(text).toContain(target.section);
    expect((await books.look(target.odooId)).state).toBe('draft');
    expect(await state(target.id)).toBe('sealed');
    await books.person('write', target.odooId, { vals: { ref: 'PO 2' } });
    await client.post(target.id);
    expect(await readFile(statePath(file), 'utf8')).toMatch(/would not have been posted[^]*PO 2/);
  });

  it('keeps the hourly limit over restarts, and what was refused does not count', async () => {
    await startAgain({ MAX_POSTS_PER_HOUR: '1' });
    const bad = await approved({ type: 'in_invoice', partnerId: books.vendor });
    await client.post(bad.id);
    expect(await state(bad.id)).toBe('failed');
    const [first, second] = [await approved(), await approved()];
    await client.post(first.id);
    await startAgain({ MAX_POSTS_PER_HOUR: '1' });
    expect(await client.post(second.id)).toMatchObject({ kind: 'limited' });
    expect([await state(first.id), await state(second.id)]).toEqual(['done', 'sealed']);
  });

  it('that was approved for another Odoo is refused here', async () => {
    const id = newTask();
    const target = await books.draft(id);
    const { url } = books.server;
    const elsewhere = { journal, url, db: 'old_books', account: '', now: () => Date.now() };
    posts = new SealedPosts(elsewhere);
    await seal(target);
    await client.post(id);
    expect((await journal.view(id)).state).toMatchObject({ state: 'failed', cause: 'local' });
    expect((await books.look(target.odooId)).state).toBe('draft');
  });

  it('with a key that is wrong waits, and the approval stands', async () => {
    const { id, odooId } = await approved();
    await startAgain({ ODOO_API_KEY: 'a'.repeat(40) });
    expect(await client.post(id)).toEqual({ kind: 'settled' });
    expect((await journal.view(id)).state).toMatchObject({ state: 'retry', cause: 'authentication' });
    expect(await client.lookAtPost(id)).toBe('unknown');
    expect((await books.look(odooId)).state).toBe('draft');
  });

  it('whose sealed bytes were changed on disk does not happen', async () => {
    const { id, odooId } = await approved();
    const file = statePath('journal', id, 'g1/target.json');
    await writeFile(file, (await readFile(file, 'utf8')).replace('366.26', '66.26'));
    expect(await client.post(id)).toMatchObject({ kind: 'unknown' });
    expect(await state(id)).toBe('sealed');
    expect((await books.look(odooId)).state).toBe('draft');
  });
});

describe('killed at', () => {
  const points: readonly (readonly [CrashPoint, string, 'draft' | 'posted', string])[] = [
    ['odoo-mcp:attempt-recorded', 'retry', 'draft', 'not_posted'],
    ['odoo-mcp:posting', 'in_doubt', 'draft', 'not_posted'],
    ['odoo-mcp:posted', 'in_doubt', 'posted', 'posted'],
    ['odoo-mcp:result-written', 'done', 'posted', 'posted'],
  ];

  it.each(points)('%s it is `%s`, in Odoo a %s, and ends posted once', async (point, effect, move, look) => {
    const { id, odooId } = await approved();
    await startAgain({ HANDOVER_CRASH_AT: point });
    expect(await client.post(id)).toMatchObject({ kind: 'unknown' });
    expect({ effect: await state(id), move: (await books.look(odooId)).state }).toEqual({ effect, move });
    await startAgain();
    expect(await client.lookAtPost(id)).toBe(look);
    // As the handler settles it.
    const how = look === 'posted' ? 'found_posted' : 'found_not_posted';
    if (effect === 'in_doubt') await posts.resolve(id, how, 'looked');
    await client.post(id);
    expect(await state(id)).toBe('done');
    const { name } = await books.look(odooId);
    expect(await client.posted(id)).toMatchObject({ number: name, differs: [] });
  });
});

async function offered(folder: string, shown: PostTarget, more: object = {}): Promise<void> {
  const { id, kind, section, properties } = shown;
  const data = { id, kind, ...properties, ...more };
  const body = `> [!info] Verdict\n\n${INVOICE}\n\n${section}\n\n## Feedback\n\n## Request\n\nx\n`;
  await mkdir(join(base.path, 'vault', folder), { recursive: true });
  const path = join(base.path, 'vault', folder, noteName('Card', id as TaskId));
  await writeFile(path, renderNote({ data, body }));
}

describe('draft_status', () => {
  const look = (id: string) => client.lookAtDraft(id as TaskId);

  it('follows one document through everything that can happen to it', async () => {
    const shown = await books.draft(newTask());
    const { id, odooId } = shown;
    expect(await look(id)).toMatchObject({ is: 'unknown' });
    await offered('In_Progress/local-agent', shown);
    expect(await look(id)).toEqual({ is: 'as_shown' });
    await books.person('write', odooId, { vals: { ref: 'PO 2' } });
    const changed = await look(id);
    expect(changed).toMatchObject({ is: 'changed', properties: { amount_total: 366.26 } });
    expect(JSON.stringify(changed)).toContain('PO 2');
    await books.person('write', odooId, { vals: { ref: false } });
    expect(await look(id)).toEqual({ is: 'as_shown' });
    await books.person('action_post', odooId);
    const { name } = await books.look(odooId);
    expect(await look(id)).toEqual({ is: 'posted', number: name });
    await books.person('write', odooId, { vals: { ref: 'PO 3' } });
    const lines = [`In Odoo it is posted already, as ${String(name)}.`, '+ `- **Reference** PO 3`'];
    expect(await look(id)).toMatchObject({ is: 'changed', lines });
    await books.person('button_draft', odooId);
    const reset = await look(id);
    expect(reset).toMatchObject({ is: 'reset', number: name });
    expect(JSON.stringify(reset)).toContain('PO 3');
    await books.person('button_cancel', odooId);
    expect(await look(id)).toEqual({ is: 'cancelled' });
    await books.person('button_draft', odooId);
    await books.person('unlink', odooId);
    expect(await look(id)).toEqual({ is: 'deleted' });
  });

  it('takes the card that is being carried out, not another copy of it', async () => {
    const shown = await books.draft(newTask());
    await offered('Pending_Approval/odoo', shown, { amount_total: 1 });
    expect(await look(shown.id)).toMatchObject({ is: 'changed' });
    await offered('In_Progress/local-agent', shown);
    expect(await look(shown.id)).toEqual({ is: 'as_shown' });
  });

  it.each([
    ['the card has no draft yet', { odoo_id: null }, 'no draft in Odoo'],
    ['its id is another than its name says', { id: 'od-ffffffffffffffff' }, 'another id'],
  ])('refuses in words when %s', async (_what, more, words) => {
    const shown = await books.draft(newTask());
    await offered('Approved', shown, more);
    const answer = await look(shown.id);
    expect(answer.is).toBe('refused');
    expect(JSON.stringify(answer)).toContain(words);
  });

  it.each([
    ['a wrong key', { ODOO_API_KEY: 'a'.repeat(40) }, 'refused'],
    ['a wrong database', { ODOO_DB: 'no_such_books' }, 'refused'],
    ['an Odoo that is down', { ODOO_URL: 'http://127.0.0.1:9' }, 'unknown'],
  ])('tells %s from one another', async (_what, env, is) => {
    const shown = await books.draft(newTask());
    await offered('Approved', shown);
    await startAgain(env);
    const answer = await look(shown.id);
    expect(answer.is).toBe(is);
    expect(JSON.stringify(answer)).toMatch(/"words":"[^"]{10}/);
    expect(JSON.stringify(answer)).not.toMatch(/Traceback|psycopg|5432|aaaaaaaa/);
  });
});

describe('a closed period', () => {
  it('is said before, and after it the day in the books', async () => {
    const domain: unknown[] = [];
    const companies = (await books.server.call('res.company', 'search', { domain })) as number[];
    const locked = (day: string | false) =>
      books.server.call('res.company', 'write', { ids: companies, vals: { sale_lock_date: day } });
    const { id, ...shown } = await approved({ invoiceDate: '2020-05-05', dueDate: '2020-06-05' });
    await offered('In_Progress/local-agent', { ...shown, id });
    expect(await client.lookAtDraft(id)).toEqual({ is: 'as_shown' });
    await locked('2020-12-31');
    try {
      const look = await client.lookAtDraft(id);
      expect(look.is).toBe('as_shown');
      expect(JSON.stringify(look)).toMatch(/"closedPeriod":"[^"]*lock/i);
      await client.post(id);
      const posted = await client.posted(id);
      expect(posted).toMatchObject({ date: '2020-05-05', differs: [] });
      expect(posted).toHaveProperty('bookedOn');
    } finally {
      await locked(false);
    }
  });
});

describe('the PDF', () => {
  it('is Odoo’s own, kept once, and nobody is mailed', async () => {
    if (!HAS_WKHTMLTOPDF) {
      console.error('NOT RUN: no wkhtmltopdf, so Odoo draws no PDF here');
      return;
    }
    const { id, odooId } = await approved();
    await client.post(id);
    const posted = await client.posted(id);
    if (posted === 'unknown' || posted.pdf === null) throw new Error(JSON.stringify(posted));
    const { file, name, sha256 } = posted.pdf;
    expect(file).toBe(`invoices/${id}/${name}`);
    expect(name).toMatch(/^INV-\d{4}-\d+\.pdf$/);
    const bytes = await readFile(statePath(file));
    expect(bytes.subarray(0, 5).toString()).toBe('%PDF-');
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
    expect((await stat(statePath(file))).mode & 0o077).toBe(0);
    // A repeat is the same file.
    expect(await client.posted(id)).toEqual(posted);
    const mails = await books.server.call('mail.mail', 'search_count', { domain: [] });
    const domain = [
      ['model', '=', 'account.move'],
      ['res_id', '=', odooId],
      ['message_type', '!=', 'notification'],
    ];
    expect([mails, await books.server.call('mail.message', 'search_count', { domain })]).toEqual([0, 0]);
  });

  it('of a vendor’s bill is none, and the words say why', async () => {
    const { id } = await approved({
      type: 'in_invoice',
      partnerId: books.vendor,
      invoiceDate: '2026-11-03',
      reference: 'R-1',
    });
    await client.post(id);
    const words = 'Odoo draws no PDF of what a vendor sent.';
    expect(await client.posted(id)).toMatchObject({ pdf: null, pdfWords: words });
  });
});

describe('without live mode', () => {
  it('nothing is posted and nothing is said about it: the tools do not exist', async () => {
    const { id, odooId } = await approved();
    await startAgain({ ODOO_MODE: 'draft' });
    expect(await client.post(id)).toMatchObject({ kind: 'unknown' });
    expect(await client.lookAtDraft(id)).toMatchObject({ is: 'unknown' });
    expect((await books.look(odooId)).state).toBe('draft');
    expect(await state(id)).toBe('sealed');
  });

  it('odoo-mcp ends with 78 when nothing of Odoo is configured', async () => {
    await startAgain({ ODOO_URL: '' });
    await expect(client.connect()).rejects.toThrow('exit code 78');
  });
});
