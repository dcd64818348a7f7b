import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ImapFlow } from 'imapflow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { list, text } from '../../src/core/task-file.ts';
import { taskIdFromMessage } from '../../src/core/task-id.ts';
import { CursorFile } from '../../src/mail/inbox/cursor-file.ts';
import { type Dovecot, startDovecot } from '../helpers/dovecot.ts';
import { exitOf } from '../helpers/own-process.ts';
import { type Name, type TwoMailboxes, twoMailboxes } from '../helpers/two-mailboxes.ts';
import { until } from '../helpers/until.ts';

/** Two mailboxes in one vault: the real processes, a real Dovecot, two SMTP servers. */

let dovecot: Dovecot;
beforeAll(async () => {
  dovecot = await startDovecot();
});
afterAll(() => dovecot.stop());

async function sentCopies(user: string): Promise<string> {
  return dovecot.doveadm('fetch', '-u', user, 'hdr.from hdr.subject flags', 'mailbox', 'Sent', 'ALL');
}

/** As a phone does. */
async function saveInSent(user: string, mail: string): Promise<void> {
  const { host, port, password: pass } = dovecot.user(user);
  const client = new ImapFlow({
    host,
    port,
    secure: false,
    doSTARTTLS: false,
    auth: { user, pass },
    logger: false,
  });
  await client.connect();
  await client.append('Sent', mail, ['\\Seen']);
  await client.logout();
}

async function answered(world: TwoMailboxes, subject: string): Promise<string> {
  const { name } = await world.card(subject);
  await world.approve(name);
  return world.done(name);
}

describe('two mailboxes in one vault', () => {
  it('are drafted, signed, sent and filed each as its own account', { timeout: 90_000 }, async () => {
    const world = await twoMailboxes(dovecot);
    await Promise.all((['watcher', 'replier', 'handler'] as const).map((main) => world.start(main)));
    await world.deliver('work', 'Roof');
    await world.deliver('club', 'Choir');
    const [roof, choir] = [await world.card('Roof'), await world.card('Choir')];
    expect([roof, choir].map(({ note }) => text(note, 'account'))).toEqual(['work', 'club']);
    expect(roof.text).toMatch(/\*\*From\*\* Mia of work <mia@firm\.example> · \*\*To\*\* Ada Berg/);
    expect(roof.text).toContain('Kind regards\nMia of work');
    expect(choir.text).toContain('With a song\nMia of club');
    expect(list(choir.note, 'reply_to')).toEqual(['Ada Berg <ada@customer.example>']);

    await answered(world, 'Roof');
    await answered(world, 'Choir');
    for (const [account, user, subject] of [
      ['work', 'firm', 'Re: Roof'],
      ['club', 'club', 'Re: Choir'],
    ] as const) {
      const mails = world.smtp[account].mails;
      expect(mails.map((mail) => [mail.user, mail.envelope.from])).toEqual([
        [user, account === 'work' ? 'mia@firm.example' : 'mia@club.example'],
      ]);
      expect(mails[0]!.raw.toString()).toContain(`From: Mia of ${account} <`);
      const copies = await sentCopies(world.users[account]);
      expect(copies.match(/hdr\.subject/g)).toHaveLength(1);
      expect(copies).toContain(subject);
      expect(copies).toContain('\\Seen');
    }
  });

  it('keep to an hourly limit each', { timeout: 90_000 }, async () => {
    const world = await twoMailboxes(dovecot, {
      change: (file) => file.replace('[accounts.work.imap]', 'max_sends_per_hour = 1\n[accounts.work.imap]'),
    });
    await Promise.all((['watcher', 'replier', 'handler'] as const).map((main) => world.start(main)));
    for (const [account, subject] of [
      ['work', 'First'],
      ['work', 'Second'],
      ['club', 'Third'],
      ['club', 'Fourth'],
    ] as const)
      await world.deliver(account, subject);
    // First, so that a count of all accounts together would keep the other account's only mail back.
    await answered(world, 'Third');
    await answered(world, 'Fourth');
    await answered(world, 'First');
    await world.approve((await world.card('Second')).name);
    await until('it waits for the limit', async () =>
      (await world.page('Updates/local-agent/approval-handler.json')).includes('hourly limit'),
    );
    expect([world.smtp.work.mails.length, world.smtp.club.mails.length]).toEqual([1, 2]);
    expect(await world.notes('Second')).toEqual([expect.stringMatching(/^In_Progress\/local-agent\//)]);
  });

  it('pause alone when one does not let us in, and the dashboard names it', { timeout: 90_000 }, async () => {
    const world = await twoMailboxes(dovecot, { env: { CLUB_IMAP_PASSWORD: 'wrong' } });
    await world.start('watcher');
    await world.start('orchestrator');
    await world.deliver('work', 'Roof');
    await until('the mail of the other account', async () => (await world.notes('Roof')).length === 1);
    const page = await until('the dashboard says so', async () => {
      const now = await world.page('Dashboard.md');
      return now.includes('account club is paused') && now;
    });
    expect(page.replaceAll('\\', '')).toMatch(
      /cloud-email-watcher .*\*\*degraded\*\*: account club is paused: .*CLUB_IMAP_PASSWORD/,
    );
    expect(page).not.toContain('account work');
  });

  it('do not wait for each other when one server refuses to take mail', { timeout: 90_000 }, async () => {
    const world = await twoMailboxes(dovecot, { env: { WORK_SMTP_PASSWORD: 'wrong' } });
    await Promise.all((['watcher', 'replier', 'handler'] as const).map((main) => world.start(main)));
    await world.deliver('work', 'Roof');
    await world.deliver('club', 'Choir');
    await world.approve((await world.card('Roof')).name);
    await until('the account is named', async () =>
      (await world.page('Updates/local-agent/approval-handler.json')).includes('account work: '),
    );
    await answered(world, 'Choir');
    expect([world.smtp.work.mails.length, world.smtp.club.mails.length]).toEqual([0, 1]);
  });

  it('are looked into for an answer each by itself', { timeout: 90_000 }, async () => {
    const world = await twoMailboxes(dovecot);
    await Promise.all((['watcher', 'replier', 'handler'] as const).map((main) => world.start(main)));
    const id = `<asked.${process.pid}@customer.example>`;
    await world.deliver('club', 'Choir', { 'Message-ID': id });
    const { name } = await world.card('Choir');
    // Answered from a phone, meanwhile.
    await saveInSent(
      world.users.club,
      `From: mia@club.example\r\nSubject: Re: Choir\r\nIn-Reply-To: ${id}\r\n\r\nYes.\r\n`,
    );
    await world.approve(name);
    await until('it came back', async () =>
      /Not sent: [^#]*\n> You already answered/.test(await world.page(`Pending_Approval/email/${name}`)),
    );
    expect(world.smtp.club.mails).toEqual([]);
  });

  it('refuse a card of an account that this machine does not know', { timeout: 90_000 }, async () => {
    const world = await twoMailboxes(dovecot);
    await Promise.all((['watcher', 'replier', 'handler'] as const).map((main) => world.start(main)));
    await world.deliver('club', 'Choir');
    const { name, text: card } = await world.card('Choir');
    await writeFile(
      join(world.vault, 'Pending_Approval/email', name),
      card.replace(/^account: "club"$/m, 'account: elsewhere'),
    );
    await world.approve(name);
    await until('it came back', async () =>
      (await world.page(`Pending_Approval/email/${name}`)).includes(
        'no account of this machine is called so',
      ),
    );
    expect([world.smtp.work.mails.length, world.smtp.club.mails.length]).toEqual([0, 0]);
  });
});

describe('mail that concerns both', () => {
  it('is one card for each that got it, and none of the user’s own', { timeout: 90_000 }, async () => {
    const world = await twoMailboxes(dovecot);
    await world.start('watcher');
    const both = {
      To: 'mia@firm.example, mia@club.example',
      'Message-ID': `<both.${process.pid}@customer.example>`,
    };
    await world.deliver('work', 'Both', both);
    await until('the first card', async () => (await world.notes('Both')).length === 1);
    await world.deliver('club', 'Both', both);
    const cards = await until('the second card', async () => {
      const now = await world.notes('Both');
      return now.length === 2 && now;
    });
    expect(cards.every((path) => path.startsWith('Needs_Action/email/'))).toBe(true);
    const accounts = await Promise.all(
      cards.map(async (path) => /^account: "(\w+)"$/m.exec(await world.page(path))?.[1]),
    );
    expect(accounts.sort()).toEqual(['club', 'work']);

    // A newer mail of the thread takes the place of its own account's card and leaves the other's alone.
    const later = {
      ...both,
      'Message-ID': `<later.${process.pid}@customer.example>`,
      'In-Reply-To': both['Message-ID'],
    };
    await world.deliver('club', 'Later', { ...later, References: both['Message-ID'] });
    await until('the newer card', async () => (await world.notes('Later')).length === 1);
    const folders = await until('the older one made room', async () => {
      const now = (await world.notes('Both')).map((path) => path.split('/')[0]);
      return now.includes('Skipped') && now;
    });
    expect(folders.sort()).toEqual(['Needs_Action', 'Skipped']);
    const [stays = ''] = (await world.notes('Both')).filter((path) => path.startsWith('Needs_Action'));
    expect(await world.page(stays)).toContain('account: "work"');

    await world.deliver('club', 'To myself', { From: 'Mia of work <mia@firm.example>' });
    const [own = ''] = await until('the own mail', async () => {
      const now = await world.notes('To myself');
      return now.length > 0 && now;
    });
    expect(own).toMatch(/^Skipped\//);
  });
});

describe('the cursors of two mailboxes', () => {
  const POINTS = ['watcher:note-created@4', 'watcher:ledger-written@5', 'watcher:cursor-written@2'];

  it.each(POINTS)('survive a kill at %s: each mail is one note', { timeout: 90_000 }, async (point) => {
    const world = await twoMailboxes(dovecot, {
      change: (file) =>
        file
          .replaceAll('secure = false\nuser', 'backfill_days = 1\nsecure = false\nuser')
          .replace(/(\[accounts\.\w+\.smtp\][^[]*?)backfill_days = 1\n/g, '$1'),
    });
    const subjects = ['One', 'Two', 'Three', 'Four'];
    for (const account of ['work', 'club'] as const)
      for (const subject of subjects) await world.deliver(account, `${subject} of ${account}`);
    expect(await exitOf(world.spawn('watcher', { HANDOVER_CRASH_AT: point }))).toBe('SIGKILL');
    await world.start('watcher');
    const everyone = (['work', 'club'] as const).flatMap((account) =>
      subjects.map((subject) => `${subject} of ${account}`),
    );
    for (const subject of everyone) await until(subject, async () => (await world.notes(subject)).length > 0);
    for (const subject of everyone) expect(await world.notes(subject)).toHaveLength(1);
    const kept = await readdir(join(world.state, 'cloud-email-watcher'));
    // A kill may leave an unfinished file beside them.
    expect(kept.filter((name) => name.endsWith('.cursor.json'))).toHaveLength(2);
  });

  it('go on where the one mailbox of before stood', { timeout: 90_000 }, async () => {
    const world = await twoMailboxes(dovecot, {
      change: (file) => file.replaceAll('accounts.work', 'accounts.default'),
    });
    const alone = {
      ACCOUNTS_FILE: '',
      IMAP_HOST: dovecot.host,
      IMAP_PORT: String(dovecot.imapPort),
      IMAP_SECURE: 'false',
      IMAP_USER: world.users.work,
      IMAP_PASSWORD: dovecot.password,
      IMAP_BACKFILL_DAYS: '1',
      MAIL_FROM: 'Mia <mia@firm.example>',
    };
    const messageId = `<before.${process.pid}@customer.example>`;
    await world.deliver('work', 'Before', { 'Message-ID': messageId });
    const before = await world.start('watcher', alone);
    await until('the first mail', async () => (await world.notes('Before')).length === 1);
    before.kill('SIGTERM');
    expect(await exitOf(before)).toBe(0);
    // The names of before there were several.
    expect((await world.notes('Before')).join()).toContain(taskIdFromMessage(world.users.work, messageId));
    const cursor = `${world.users.work} ${dovecot.host} INBOX`;
    expect(await new CursorFile(world.state, 'cloud-email-watcher', cursor).load()).not.toBeNull();
    // While nobody watched: a cursor of another name would begin behind it.
    await world.deliver('work', 'Between');
    await world.start('watcher');
    await until('the mail between', async () => (await world.notes('Between')).length === 1);
    const late: Name[] = ['work', 'club'];
    for (const account of late) await world.deliver(account, `After ${account}`);
    for (const account of late)
      await until('a later mail', async () => (await world.notes(`After ${account}`)).length === 1);
    // Under new UIDs everything is read again, and known by the ids of before.
    await dovecot.setUidValidity(world.users.work, 424_242);
    await world.deliver('work', 'Last');
    await until('a mail under the new UIDs', async () => (await world.notes('Last')).length === 1);
    for (const subject of ['Before', 'Between', 'After work'])
      expect(await world.notes(subject)).toHaveLength(1);
    const [path = ''] = await world.notes('After work');
    expect(await world.page(path)).toMatch(/^account: "default"$/m);
  });
});
