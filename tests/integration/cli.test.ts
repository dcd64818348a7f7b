import { appendFile, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { AuditLog } from '../../src/audit/audit-log.ts';
import { createVault } from '../../src/cli/create-vault.ts';
import { type TaskId, taskIdFromMessage } from '../../src/core/task-id.ts';
import { type MailJournal, openMailJournal } from '../../src/mail/submission/sealed-mail.ts';
import { openPostJournal } from '../../src/odoo/posting/sealed-post.ts';
import { isAlive, ownIdentity } from '../../src/runtime/process-identity.ts';
import { Vault } from '../../src/vault/vault.ts';
import { testDir } from '../helpers/testdir.ts';

const root = join(import.meta.dirname, '../..');
/** By path: the operator's folder has no node_modules. */
const TSX = join(root, 'node_modules/tsx/dist/esm/index.mjs');
const ID = taskIdFromMessage('user@example.org', '<1@example.com>');
const NAME = `Anna - Offer ${ID}.md`;
const CARD = `---\nid: ${ID}\ntitle: Offer\nfrom: Anna <anna@example.com>\n---\n## Reply\n\nYes.\n`;

async function host() {
  const dir = await testDir();
  const vaultDir = join(dir, 'vault');
  const stateDir = join(dir, 'state');
  await createVault({ templateDir: join(root, 'vault-template'), vaultDir, stateDir });
  const run = async (...args: string[]) => {
    const result = await execa(
      process.execPath,
      ['--import', TSX, join(root, 'src/cli/handover.ts'), ...args],
      {
        cwd: dir,
        env: { VAULT_DIR: vaultDir, STATE_DIR: stateDir },
        reject: false,
      },
    );
    return { exit: result.exitCode, out: result.stdout, err: result.stderr };
  };
  const json = async (...args: string[]) => {
    const { exit, out } = await run(...args, '--json');
    return { exit, answer: JSON.parse(out) as Record<string, unknown> };
  };
  return { dir, vaultDir, stateDir, vault: await Vault.open(vaultDir), run, json };
}

/** A journal in which the one attempt accepted the mail's bytes and never got an answer. */
async function doubt(stateDir: string, id: TaskId): Promise<MailJournal> {
  const journal = await openMailJournal({ stateDir, self: ownIdentity(), isAlive, now: () => Date.now() });
  const at = '2026-11-20T12:00:00.000Z';
  const sealed = await journal.seal({
    id,
    payload: Buffer.from('Subject: Offer\r\n\r\nYes.\r\n'),
    hash: 'h',
    messageId: '<m@example.org>',
    envelope: { from: 'user@example.org', to: ['anna@example.com'] },
    subject: 'Offer',
    noteName: NAME,
    noteText: CARD,
    account: 'user@example.org',
    approval: { who: 'user', when: at, hash: 'h' },
  });
  if (!sealed.ok) throw new Error('not sealed');
  const begun = await journal.beginAttempt(id, sealed.seal);
  if (!begun.ok) throw new Error('no attempt');
  begun.attempt.transmitting();
  await begun.attempt.finish({ verdict: 'in_doubt', words: 'the line went dead' }, 'data');
  return journal;
}

describe('handover', () => {
  it('shows how many tasks lie where', async () => {
    const { vault, run, json } = await host();
    await vault.create({ folder: 'Pending_Approval/email', name: NAME }, CARD);
    await vault.create({ folder: 'Done/2026-11', name: NAME.replace('Anna', 'Bert') }, CARD);
    const { exit, answer } = await json('ls');
    expect(exit).toBe(0);
    const states = answer['states'] as { folder: string; total: number; ages: number[] | null }[];
    expect(states.find((s) => s.folder === 'Pending_Approval/email')).toMatchObject({
      total: 1,
      ages: [1, 0, 0, 0, 0, 0],
    });
    expect(states.find((s) => s.folder === 'Done')).toMatchObject({ total: 1, ages: null });
    expect((await run('ls')).out).toMatch(/^Pending_Approval\/email\s+1\s+1(\s+\.){5}$/m);
  });

  it('approves and rejects by moving the card, and nothing else', async () => {
    const { vault, run } = await host();
    await vault.create({ folder: 'Pending_Approval/email', name: NAME }, CARD);
    expect((await run('approve', ID)).exit).toBe(0);
    expect(await vault.read({ folder: 'Approved', name: NAME })).toMatchObject({ ok: true, text: CARD });
    const again = await run('approve', ID);
    expect(again).toMatchObject({ exit: 1 });
    expect(again.err).toContain('is not in Pending_Approval');
    await vault.move({ folder: 'Approved', name: NAME }, 'Pending_Approval/email');
    expect((await run('reject', ID)).exit).toBe(0);
    expect(await vault.list('Rejected')).toEqual([NAME]);
  });

  it('does not choose between two cards of one task', async () => {
    const { vault, json } = await host();
    await vault.create({ folder: 'Pending_Approval/email', name: NAME }, CARD);
    await vault.create({ folder: 'Pending_Approval/email', name: NAME.replace('Anna', 'Bert') }, CARD);
    const { exit, answer } = await json('approve', ID);
    expect(exit).toBe(1);
    expect(answer).toMatchObject({ error: { code: 'ambiguous' } });
    expect(await vault.list('Approved')).toEqual([]);
  });

  it('shows the whole life of a task', async () => {
    const { vault, stateDir, run, json } = await host();
    await vault.create({ folder: 'Pending_Approval/email', name: NAME }, CARD);
    const log = await AuditLog.open({
      dir: await vault.logFolder('local-agent'),
      process: 'approval-handler',
      headFile: join(stateDir, 'audit/approval-handler.head.json'),
      now: () => Date.now(),
    });
    await log.append({ action: 'send', task: ID, result: 'in_doubt' });
    await doubt(stateDir, ID);
    const { exit, answer } = await json('show', ID);
    expect(exit).toBe(0);
    expect(answer).toMatchObject({
      notes: [{ folder: 'Pending_Approval/email', name: NAME, properties: { title: 'Offer' } }],
      effect: { state: 'in_doubt' },
      audit: [{ action: 'send', result: 'in_doubt' }],
    });
    expect((await run('show', ID)).out).toContain('in doubt: the line went dead');
    expect((await run('show', 'em-ffffffffffffffff')).exit).toBe(1);
    expect((await run('show', '../../etc/passwd')).exit).toBe(2);
  });

  it('counts a mail in doubt as sent on the word of the user, and leaves the card to the handler', async () => {
    const { vault, stateDir, json } = await host();
    await vault.create({ folder: 'Pending_Approval/email', name: NAME }, CARD);
    const journal = await doubt(stateDir, ID);
    expect(await json('resolve', ID, '--sent')).toMatchObject({
      exit: 0,
      answer: { resolved: 'sent', moved: null },
    });
    expect((await journal.view(ID)).state).toMatchObject({ state: 'done', how: 'user_sent' });
    expect(await vault.list('Pending_Approval/email')).toEqual([NAME]);
    const again = await json('resolve', ID, '--resend');
    expect(again).toMatchObject({ exit: 1, answer: { error: { code: 'not-in-doubt' } } });
  });

  it('has a mail in doubt sent again by moving its card, which can still be taken back', async () => {
    const { vault, stateDir, json } = await host();
    await vault.create({ folder: 'Pending_Approval/email', name: NAME }, CARD);
    const journal = await doubt(stateDir, ID);
    expect(await json('resolve', ID, '--resend')).toMatchObject({ exit: 0, answer: { moved: 'Approved' } });
    expect((await journal.view(ID)).state.state).toBe('in_doubt');
    expect(await vault.list('Approved')).toEqual([NAME]);
    const again = await json('resolve', ID, '--resend');
    expect(again).toMatchObject({ exit: 1, answer: { error: { code: 'approved-already' } } });
  });

  it('writes the answer to resend into the journal when no card asks for it', async () => {
    const { stateDir, json } = await host();
    const journal = await doubt(stateDir, ID);
    expect(await json('resolve', ID, '--resend')).toMatchObject({ exit: 0, answer: { moved: null } });
    expect((await journal.view(ID)).state).toMatchObject({ state: 'retry', cause: 'user' });
  });

  it('moves and shows an invoice like any card, and leaves its doubts to Odoo', async () => {
    const { vault, stateDir, run, json } = await host();
    const id = 'od-0123456789abcdef' as TaskId;
    const name = `ACME GmbH ${id}.md`;
    await vault.create({ folder: 'Pending_Approval/odoo', name }, CARD);
    expect((await run('approve', id)).exit).toBe(0);
    expect(await vault.list('Approved')).toEqual([name]);
    await vault.move({ folder: 'Approved', name }, 'Pending_Approval/odoo');
    expect((await run('reject', id)).exit).toBe(0);
    const journal = await openPostJournal({ stateDir, self: ownIdentity(), isAlive, now: () => Date.now() });
    const when = '2026-11-20T12:00:00.000Z';
    await journal.seal({
      ...{ id, hash: 'h', noteName: name, noteText: CARD, account: 'me', kind: 'odoo_post', odooId: 7 },
      ...{ externalId: 'handover_bridge.od', url: 'https://odoo.example', db: 'books' },
      approval: { who: 'user', when, hash: 'h' },
      payload: Buffer.from('{}'),
    });
    const begun = await journal.beginAttempt(id, 1);
    if (!begun.ok) throw new Error('no attempt');
    begun.attempt.transmitting();
    await begun.attempt.finish({ verdict: 'in_doubt', words: 'no answer' }, 'post');
    expect(await json('show', id)).toMatchObject({ exit: 0, answer: { effect: { state: 'in_doubt' } } });
    const refused = await json('resolve', id, '--sent');
    expect(refused).toMatchObject({ exit: 1, answer: { error: { code: 'settles-itself' } } });
    await journal.resolve(id, 'found_posted', 'seen');
    expect((await run('show', id)).out).toContain('effect: posted (found posted)');
    expect((await run('ls')).exit).toBe(0);
  });

  it('asks which way a doubt shall be settled', async () => {
    const { run } = await host();
    expect((await run('resolve', ID)).exit).toBe(2);
    expect((await run('resolve', ID, '--sent', '--resend')).exit).toBe(2);
  });

  it('verifies the audit logs and says what is wrong', async () => {
    const { vault, vaultDir, stateDir, run, json } = await host();
    const dir = await vault.logFolder('local-agent');
    const log = await AuditLog.open({
      dir,
      process: 'orchestrator',
      headFile: join(stateDir, 'audit/orchestrator.head.json'),
      now: () => Date.parse('2026-11-20T12:00:00Z'),
    });
    await log.append({ action: 'a', result: 'ok' });
    await log.append({ action: 'b', result: 'ok' });
    expect((await run('audit', 'verify')).out).toBe('local-agent/orchestrator: 2 lines in 1 files: whole');
    const file = join(vaultDir, 'Logs/local-agent/2026-11-20.orchestrator.jsonl');
    await writeFile(file, (await readFile(file, 'utf8')).replace('"action":"a"', '"action":"c"'));
    const { exit, answer } = await json('audit', 'verify');
    expect(exit).toBe(1);
    expect(answer).toMatchObject({
      ok: false,
      findings: [{ kind: 'changed', line: 1 }, { kind: 'broken-link' }],
    });
    await rm(file);
    expect((await run('audit', 'verify')).out).toContain('the whole log is gone');
  });

  it('makes a vault, a state folder and an .env that only its owner can read', async () => {
    const dir = await testDir();
    const run = (...args: string[]) =>
      execa(process.execPath, ['--import', TSX, join(root, 'src/cli/handover.ts'), ...args], {
        cwd: dir,
        reject: false,
      });
    const made = await run('init', '--vault', 'My vault', '--state', 'state', '--json');
    expect(made.exitCode).toBe(0);
    expect((await stat(join(dir, 'state'))).mode & 0o777).toBe(0o700);
    expect((await stat(join(dir, '.env'))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(dir, '.env'), 'utf8')).toContain(`VAULT_DIR="${join(dir, 'My vault')}"`);
    const again = await run('init', '--json');
    expect(JSON.parse(again.stdout)).toMatchObject({ created: [], env: 'kept' });
    const inside = await run('init', '--vault', 'v', '--state', 'v/state');
    expect(inside.exitCode).toBe(78);
  });

  it('says what is wrong with the command line or the configuration by its exit code', async () => {
    const { run, vaultDir, dir } = await host();
    expect((await run('frobnicate')).exit).toBe(2);
    expect((await run('approve')).exit).toBe(2);
    expect((await run('--help')).exit).toBe(0);
    await rm(vaultDir, { recursive: true });
    const gone = await run('ls');
    expect(gone).toMatchObject({ exit: 78 });
    expect(gone.err).toContain('handover init');
    await mkdir(vaultDir);
    await appendFile(join(dir, '.env'), 'TIMEZONE=nowhere\n', { mode: 0o600 });
    expect((await run('ls')).exit).toBe(78);
  });
});
