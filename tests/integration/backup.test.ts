import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { backupVerb } from '../../src/cli/backup.ts';
import { restoreVerb } from '../../src/cli/restore.ts';
import type { Outcome, VerbContext } from '../../src/cli/verb.ts';
import { renderNote } from '../../src/core/task-file.ts';
import type { TaskId } from '../../src/core/task-id.ts';
import { type Dovecot, startDovecot } from '../helpers/dovecot.ts';
import { card, DONE, ID, MailLaptop, nameOf, PENDING } from '../helpers/mail-laptop.ts';
import { startSmtp, type TestSmtp } from '../helpers/smtp.ts';
import { testDir } from '../helpers/testdir.ts';

/** Backup and restore, on a real vault, journal, SMTP server and Dovecot: an old journal never sends a second time. */

const OTHER = 'em-00000000000000aa' as TaskId;
const HOUR = 3_600_000;

let dovecot: Dovecot;
let smtp: TestSmtp;
let laptop: MailLaptop;
let out: string;
let users = 0;

beforeAll(async () => {
  dovecot = await startDovecot();
  smtp = await startSmtp();
});
afterAll(async () => {
  await smtp.stop();
  await dovecot.stop();
});
beforeEach(async () => {
  laptop = await MailLaptop.open(smtp, dovecot, `backup${users++}`);
  laptop.settings.firstContact = 'allow';
  out = await testDir();
});
afterEach(async () => {
  await laptop.close();
  await smtp.setFault(undefined);
  smtp.clear();
});

function context(): VerbContext & { outcome?: Outcome } {
  const same = (text: string) => text;
  const made: VerbContext & { outcome?: Outcome } = {
    ...{ programDir: out, cwd: out, now: () => laptop.now, say: () => undefined, ask: undefined },
    ...{ askSecret: undefined, doing: () => undefined },
    paint: { good: same, warn: same, bad: same, dim: same, strong: same },
    progress: {
      begin: () => undefined,
      doing: () => undefined,
      end: () => undefined,
      pause: () => undefined,
      resume: () => undefined,
    },
    config: () =>
      ({ VAULT_DIR: laptop.vault.root, STATE_DIR: laptop.stateDir }) as ReturnType<VerbContext['config']>,
    answer: (outcome) => {
      made.outcome = outcome;
    },
  };
  return made;
}

async function run(make: (context: VerbContext) => Command, ...args: string[]): Promise<Outcome> {
  const given = context();
  await make(given).exitOverride().parseAsync(args, { from: 'user' });
  if (!given.outcome) throw new Error('no answer');
  return given.outcome;
}

const backup = (...args: string[]) => run(backupVerb, ...args);

/** In the place of what is there, as after a new disk. */
async function restoreHere(file = 'a.tar.gz'): Promise<void> {
  await rename(laptop.vault.root, join(out, 'lost-vault'));
  await rename(laptop.stateDir, join(out, 'lost-state'));
  await run(restoreVerb, file);
}

const words = async (folder = 'Pending_Approval/email', id = ID) =>
  (await readFile(join(laptop.vault.root, folder, nameOf(id)), 'utf8')).slice(0, 3000);

async function passes(): Promise<void> {
  for (let n = 0; n < 3; n++) {
    await laptop.pass();
    laptop.now += HOUR / 60;
  }
}

describe('a backup that is older than a sending', () => {
  it('of a card that waited: nothing leaves by itself, the card says so, and a yes is held against Sent', async () => {
    await laptop.offer();
    await backup('a.tar.gz');
    await laptop.approve();
    await passes();
    expect(smtp.mails).toHaveLength(1);

    await restoreHere();
    expect(await laptop.places()).toEqual(PENDING);
    expect(await words()).toContain('Restored from a backup: this may have been sent since');
    await passes();
    expect(smtp.mails).toHaveLength(1);
    await laptop.approve();
    await passes();
    expect(smtp.mails).toHaveLength(1);
    expect(await words()).toContain('You already answered this mail');
  });

  it('of a card in Approved: it is with the user again, and nothing leaves without a new yes', async () => {
    await laptop.offer();
    await laptop.approve();
    await backup('a.tar.gz');
    await passes();
    expect(smtp.mails).toHaveLength(1);

    await restoreHere();
    await passes();
    expect(smtp.mails).toHaveLength(1);
    expect(await laptop.places()).toEqual(PENDING);
    expect(await words()).toContain('You had approved it when the backup was made');
  });

  it('of a mail that was sealed and put off: its seal is void', async () => {
    await smtp.setFault('rcpt-450');
    await laptop.offer();
    await laptop.approve();
    await laptop.pass();
    expect(await laptop.state()).toBe('retry');
    await backup('a.tar.gz');
    await smtp.setFault(undefined);
    laptop.now += HOUR;
    await passes();
    expect(smtp.mails).toHaveLength(1);

    await restoreHere();
    expect(await laptop.state()).toBe('withdrawn');
    laptop.now += HOUR;
    await passes();
    expect(smtp.mails).toHaveLength(1);
    expect(await laptop.places()).toEqual(PENDING);
  });

  it('of a mail that was in doubt: it is looked for in Sent, and found it is done', async () => {
    await smtp.setFault('drop-after-dot');
    await laptop.offer();
    await laptop.approve();
    await laptop.pass();
    expect(await laptop.state()).toBe('in_doubt');
    await backup('a.tar.gz');
    const eml = await readFile(join(laptop.stateDir, 'journal', ID, 'g1', 'message.eml'));
    await smtp.setFault(undefined);

    await restoreHere();
    await laptop.pass();
    expect(await laptop.places()).toEqual(PENDING);
    const copy = eml.toString('latin1');
    await dovecot.doveadm('mailbox', 'create', '-u', `backup${users - 1}`, 'Sent').catch(() => '');
    await dovecot.deliver(`backup${users - 1}`, copy);
    await dovecot.doveadm('move', '-u', `backup${users - 1}`, 'Sent', 'mailbox', 'INBOX', 'all');
    const before = smtp.mails.length;
    await laptop.approve();
    await passes();
    expect(smtp.mails).toHaveLength(before);
    expect(await laptop.places()).toEqual(DONE);
  });

  it('of a mail that was sent before: it stays done, and the same id is never sent again', async () => {
    await laptop.offer();
    await laptop.approve();
    await passes();
    await backup('a.tar.gz');
    await restoreHere();
    await passes();
    expect(await laptop.places()).toEqual(DONE);
    await laptop.offer();
    await laptop.approve();
    await passes();
    expect(smtp.mails).toHaveLength(1);
  });

  it('what nobody sent since can be sent, by a new yes', async () => {
    await laptop.offer();
    await laptop.approve();
    await backup('a.tar.gz');
    await restoreHere();
    await laptop.approve();
    await passes();
    expect(smtp.mails).toHaveLength(1);
    expect(await laptop.places()).toEqual(DONE);
  });
});

describe('the file', () => {
  it('is for its owner alone, and holds no login, no lock and no version of Syncthing', async () => {
    await mkdir(join(laptop.stateDir, 'tokens'));
    await writeFile(join(laptop.stateDir, 'tokens', 'default.json'), 'a login');
    await mkdir(join(laptop.stateDir, 'orchestrator.lock'));
    await writeFile(join(laptop.stateDir, 'orchestrator.lock', '1'), '{}');
    await mkdir(join(laptop.vault.root, '.stversions'));
    await writeFile(join(laptop.vault.root, '.stversions', 'old.md'), 'old');
    await writeFile(join(out, 'env'), 'IMAP_PASSWORD=secret\n');
    await backup('a.tar.gz');
    await backup('b.tar.gz', '--secrets', 'env');
    expect((await stat(join(out, 'a.tar.gz'))).mode & 0o777).toBe(0o600);
    const list = (name: string) => execFileSync('tar', ['-tzf', join(out, name)], { encoding: 'utf8' });
    expect(list('a.tar.gz')).not.toMatch(/tokens|\.lock|stversions|settings/);
    expect(list('b.tar.gz')).toMatch(
      /state\/tokens\/default\.json[^]*settings\/\.env|settings\/\.env[^]*state\/tokens/,
    );
    expect((await readdir(out)).filter((name) => name.startsWith('.handover-'))).toEqual([]);
  });

  it('is never replaced, never lies in the vault, and goes into empty folders alone', async () => {
    await backup('a.tar.gz');
    await expect(backup('a.tar.gz')).rejects.toThrow(/is there already/);
    await expect(backup(join(laptop.vault.root, 'a.tar.gz'))).rejects.toThrow(
      /does not belong into the vault/,
    );
    await laptop.offer();
    await expect(run(restoreVerb, 'a.tar.gz')).rejects.toThrow(/is not empty/);
  });

  it('that is cut, or that is something else, is refused and nothing is made', async () => {
    await laptop.offer();
    await backup('a.tar.gz');
    const bytes = await readFile(join(out, 'a.tar.gz'));
    await writeFile(join(out, 'cut.tar.gz'), bytes.subarray(0, bytes.length - 200));
    await mkdir(join(out, 'x'));
    await writeFile(join(out, 'x', 'y'), 'z');
    execFileSync('tar', ['-czf', join(out, 'other.tar.gz'), '-C', join(out, 'x'), '.']);
    const into = ['--vault', 'v', '--state', 's'];
    await expect(run(restoreVerb, 'cut.tar.gz', ...into)).rejects.toThrow(/tar failed|should hold/);
    await expect(run(restoreVerb, 'other.tar.gz', ...into)).rejects.toThrow(/no backup/);
    expect(await readdir(out)).not.toEqual(expect.arrayContaining(['v', 's']));
  });

  it('made while notes move under it holds each of them', async () => {
    const ids = Array.from({ length: 40 }, (_, n) => `em-${n.toString(16).padStart(16, '0')}` as TaskId);
    for (const id of ids) await laptop.offer(card(id), id);
    let moving = true;
    const mover = (async () => {
      for (const id of ids) {
        await laptop.drag('Pending_Approval/email', 'Rejected', nameOf(id));
        await new Promise((resolve) => setImmediate(resolve));
      }
      moving = false;
    })();
    await backup('a.tar.gz');
    await mover;
    expect(moving).toBe(false);
    await run(restoreVerb, 'a.tar.gz', '--vault', 'v', '--state', 's');
    const there = [
      ...(await readdir(join(out, 'v', 'Pending_Approval/email'))),
      ...(await readdir(join(out, 'v', 'Rejected'))),
    ].filter((name) => name.includes(' em-'));
    expect(there.sort()).toEqual(ids.map((id) => nameOf(id)).sort());
  });

  it('keeps a note of a person that has no id as it is', async () => {
    await writeFile(join(laptop.vault.root, 'Approved', 'a thought.md'), 'just words\n');
    await laptop.offer({ ...card(OTHER) }, OTHER);
    await backup('a.tar.gz');
    await restoreHere();
    expect(await readFile(join(laptop.vault.root, 'Pending_Approval/email/a thought.md'), 'utf8')).toBe(
      'just words\n',
    );
    expect(renderNote(await laptop.note('Pending_Approval/email', nameOf(OTHER)))).toContain(
      'Restored from a backup',
    );
  });
});
