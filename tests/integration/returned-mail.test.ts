import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bounceOf, bounceProperties, bounceTitle, bounceVerdict } from '../../src/core/bounce-note.ts';
import { withVerdict } from '../../src/core/body.ts';
import type { CrashPoint } from '../../src/core/crash-points.ts';
import { noteName } from '../../src/core/filename.ts';
import { parseNote, renderNote, text } from '../../src/core/task-file.ts';
import type { TaskId } from '../../src/core/task-id.ts';
import { effectEvidence } from '../../src/local/effect-evidence.ts';
import { type Dovecot, startDovecot } from '../helpers/dovecot.ts';
import { card, DONE, ID, Killed, MailLaptop, nameOf, PENDING } from '../helpers/mail-laptop.ts';
import { startSmtp, type TestSmtp } from '../helpers/smtp.ts';

/** A sent mail that comes back, on the vault, the journal, SMTP and Dovecot: what the watcher puts down, the handler works off. */

const REPORT = 'em-00000000000000b1' as TaskId;
const SECOND = 'em-00000000000000b2' as TaskId;
const MINE = 'In_Progress/local-agent';
const MINUTE = 60_000;

let dovecot: Dovecot;
let smtp: TestSmtp;
let laptop: MailLaptop;
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
  laptop = await MailLaptop.open(smtp, dovecot, `returned${users++}`);
});
afterEach(async () => {
  await laptop.close();
  await smtp.setFault(undefined);
  smtp.clear();
});

const reportName = (id: TaskId) => noteName(bounceTitle('Visit'), id);
const HANDLED = (id = REPORT) => `Done/${reportName(id)}`;

async function sent(): Promise<string> {
  await laptop.offer();
  await laptop.approve();
  await laptop.pass();
  expect(await laptop.places()).toEqual(DONE);
  return messageId();
}

async function messageId(): Promise<string> {
  return (await (await laptop.journal()).view(ID)).sealed?.messageId ?? '';
}

interface Said {
  readonly id?: TaskId;
  readonly about?: string;
  readonly action?: 'failed' | 'delayed';
  readonly to?: string;
  readonly words?: string;
}

/** As the watcher writes it, from a parsed report. */
function reportNote({ about = '', action = 'failed', to = 'anna@example.org', id = REPORT, ...said }: Said) {
  const recipient = {
    address: to,
    action,
    status: '5.1.1',
    words: said.words ?? '550 5.1.1 no such user',
  } as const;
  const bounce = bounceOf({ kind: 'delivery', recipients: [recipient], about: [about] });
  if (bounce === null) throw new Error('no report of ours');
  const body = withVerdict('\n## Original\n\n> quoted\n', bounceVerdict(bounce));
  return renderNote({ data: { id, kind: 'email_bounce', ...bounceProperties(bounce) }, body });
}

async function arrives(said: Said): Promise<void> {
  const name = reportName(said.id ?? REPORT);
  await laptop.vault.create({ folder: 'Needs_Action/email', name }, reportNote(said));
}

const returnedFiles = async () => {
  const folder = join(laptop.stateDir, 'journal', ID);
  const files = await readdir(folder, { recursive: true });
  return files.filter((name) => name.endsWith('returned.json')).sort();
};

describe('a delivery report about a mail of ours', () => {
  it('brings the card back with the server’s words, and ends in Done itself', async () => {
    await arrives({ about: await sent() });
    await laptop.pass();
    expect(await laptop.places()).toEqual([HANDLED(), ...PENDING].sort());
    const note = await laptop.note('Pending_Approval/email');
    expect(note.body).toContain('It came back: not delivered to `anna@example.org`');
    expect(note.body).toContain('550 5.1.1 no such user');
    expect(note.data).toMatchObject({ id: ID, outcome: 'bounced' });
    expect(note.data).not.toHaveProperty('sent_message_id');
    expect(note.data['returned']).toHaveLength(1);
    expect(text(await laptop.note('Done', reportName(REPORT)), 'outcome')).toBe('returned');
    expect(laptop.audited).toContain('mail.returned');
    expect(smtp.mails).toHaveLength(1);
  });

  it('leads to a second mail only by a new yes, which seals a generation and a Message-ID of its own', async () => {
    const first = await sent();
    await arrives({ about: first });
    for (let n = 0; n < 3; n++) await laptop.pass();
    expect(smtp.mails).toHaveLength(1);
    await laptop.edit((source) => source.replaceAll('anna@example.org', 'anna@example.com'));
    await laptop.approve();
    await laptop.pass();
    await laptop.approve().catch(() => undefined);
    await laptop.pass();
    expect(smtp.mails.map((mail) => mail.envelope.to)).toEqual([['anna@example.org'], ['anna@example.com']]);
    expect(await messageId()).not.toBe(first);
    expect(await readdir(join(laptop.stateDir, 'journal', ID))).toEqual(['g1', 'g2']);
    expect(await laptop.places()).toEqual([...DONE, HANDLED()].sort());
  });

  it('does not make the user hear that they answered already: the copy in Sent is the one that came back', async () => {
    await dovecot.deliver(
      `returned${users - 1}`,
      'From: anna@example.org\r\nMessage-ID: <q-em-0123456789abcdef@example.org>\r\n\r\nHi\r\n',
    );
    await arrives({ about: await sent() });
    await laptop.pass();
    await laptop.approve();
    await laptop.pass();
    expect(smtp.mails).toHaveLength(2);
    expect(await dovecot.doveadm('search', '-u', `returned${users - 1}`, 'mailbox', 'Sent', 'ALL')).toMatch(
      /\n.*\n/,
    );
  });

  it('is worked off once, however often it comes', async () => {
    const about = await sent();
    await arrives({ about });
    await laptop.pass();
    const before = await laptop.note('Pending_Approval/email');
    await arrives({ about });
    await laptop.pass();
    expect(await laptop.note('Pending_Approval/email')).toEqual(before);
    expect(await returnedFiles()).toEqual(['g1/returned.json']);
    expect(laptop.audited.filter((action) => action === 'mail.returned')).toHaveLength(1);
  });

  it('of another recipient changes no card that waits, and is told on the dashboard', async () => {
    const about = await sent();
    await arrives({ about });
    await laptop.pass();
    const before = await laptop.note('Pending_Approval/email');
    await arrives({ about, id: SECOND, to: 'bob@example.net' });
    await laptop.pass();
    expect(await laptop.note('Pending_Approval/email')).toEqual(before);
    expect(await laptop.records.line()).toContain('bob@example.net');
    expect(await laptop.places()).toContain(HANDLED(SECOND));
  });

  it('that is late does not touch what was sent again since', async () => {
    const about = await sent();
    await arrives({ about });
    await laptop.pass();
    await laptop.approve();
    await laptop.pass();
    expect(smtp.mails).toHaveLength(2);
    await arrives({ about, id: SECOND });
    await laptop.pass();
    expect(await laptop.state()).toBe('done');
    expect(await laptop.places()).toEqual([...DONE, HANDLED(), HANDLED(SECOND)].sort());
  });

  it('finds the card in a month of long ago, and makes it again from the seal where it is gone', async () => {
    const about = await sent();
    const done = join(laptop.vault.root, 'Done');
    const [month = ''] = (await readdir(done)).filter((name) => /^\d/.test(name));
    await rename(join(done, month), join(done, '2020-01'));
    await arrives({ about });
    await laptop.pass();
    expect(await laptop.places()).toEqual([HANDLED(), ...PENDING].sort());
    await laptop.approve();
    await laptop.pass();
    const again = await messageId();
    const left = (await readdir(done)).filter((name) => /^\d/.test(name));
    for (const one of left) await rm(join(done, one, nameOf(ID)), { force: true });
    await arrives({ about: again, id: SECOND });
    await laptop.pass();
    expect(await laptop.places()).toEqual([...PENDING, HANDLED(), HANDLED(SECOND)].sort());
  });

  it('about a mail in doubt proves that it left; the card then comes back as every other', async () => {
    await smtp.setFault('drop-after-dot');
    await laptop.offer();
    await laptop.approve();
    await laptop.pass();
    expect(await laptop.state()).toBe('in_doubt');
    await smtp.setFault(undefined);
    await arrives({ about: await messageId() });
    for (let n = 0; n < 4; n++) {
      laptop.now += MINUTE;
      await laptop.pass();
    }
    expect(await laptop.state()).toBe('withdrawn');
    expect(await laptop.places()).toEqual([HANDLED(), ...PENDING].sort());
    expect((await laptop.note('Pending_Approval/email')).body).toContain('It came back');
    expect(smtp.mails).toHaveLength(1);
  });

  it('that only says it is delayed reopens nothing and is a line on the dashboard', async () => {
    await arrives({ about: await sent(), action: 'delayed', words: 'will be tried for 4 days' });
    await laptop.pass();
    expect(await laptop.state()).toBe('done');
    expect(await laptop.places()).toEqual([...DONE, HANDLED()].sort());
    expect(await laptop.records.line()).toContain('will be tried for 4 days');
    laptop.now += 4 * 24 * 60 * MINUTE;
    expect(await laptop.records.line()).toBeNull();
  });

  it('in Done is no note that somebody forged there', async () => {
    await arrives({ about: await sent() });
    await laptop.pass();
    const evidence = await effectEvidence(laptop.stateDir, () => laptop.now);
    expect(await evidence.isDone(REPORT)).toBe(true);
    expect(await evidence.isDone(ID)).toBe(false);
    expect(await evidence.isDone(SECOND)).toBe(false);
  });
});

describe('a forged report', () => {
  it.each([
    ['another hash', `<${ID}.${'0'.repeat(32)}@example.com>`],
    ['a task that never sent', `<em-1111111111111111.${'a'.repeat(32)}@example.com>`],
  ])('that names %s brings nothing back', async (_, about) => {
    await sent();
    await arrives({ about });
    await laptop.pass();
    expect(await laptop.state()).toBe('done');
    expect(await laptop.places()).toEqual([...DONE, HANDLED()].sort());
    expect(laptop.audited).toContain('mail.report_ignored');
  });

  it('of a card that waits for a yes, or was refused, changes nothing', async () => {
    await laptop.offer();
    await arrives({ about: `<${ID}.${'0'.repeat(32)}@example.com>` });
    await laptop.pass();
    expect(await laptop.places()).toEqual([HANDLED(), ...PENDING].sort());
    expect((await laptop.note('Pending_Approval/email')).data).not.toHaveProperty('outcome');
  });

  it('cannot keep a task open for ever: after five times the card stays in Done', async () => {
    await sent();
    for (let n = 1; n <= 6; n++) {
      const id = `em-000000000000c${String(n).padStart(3, '0')}` as TaskId;
      await arrives({ about: await messageId(), id });
      await laptop.pass();
      if (n === 6) break;
      expect(await laptop.places()).toContain(PENDING[0]);
      await laptop.approve();
      await laptop.pass();
      expect(smtp.mails).toHaveLength(n + 1);
    }
    expect(await laptop.places()).toContain(DONE[0]);
    expect(await laptop.state()).toBe('done');
    expect(await laptop.records.line()).toContain('too often');
  });

  it('put straight into our folder under the id of a card that waits does not count as that card', async () => {
    await laptop.offer();
    const forged = reportNote({ id: ID, about: `<${ID}.${'0'.repeat(32)}@example.com>` });
    await laptop.vault.create({ folder: MINE, name: nameOf(ID) }, forged);
    await laptop.pass();
    const evidence = await effectEvidence(laptop.stateDir, () => laptop.now);
    expect(await evidence.isDone(ID)).toBe(false);
    expect((await laptop.places()).filter((place) => place.startsWith('Done/'))).toEqual([]);
    expect(smtp.mails).toHaveLength(0);
  });

  it('put in the place of a note under way holds nothing up', async () => {
    await laptop.offer();
    await laptop.approve();
    await expect(laptop.pass('handler:sealed')).rejects.toThrow(Killed);
    const forged = reportNote({ id: ID, about: await messageId() });
    await writeFile(join(laptop.vault.root, MINE, nameOf(ID)), forged);
    await laptop.pass();
    expect(smtp.mails).toHaveLength(1);
  });

  it('with nothing that can be read goes to Quarantine with the reason', async () => {
    const data = { id: REPORT, kind: 'email_bounce', bounce_of: '../../etc', bounce_action: 'failed' };
    const name = reportName(REPORT);
    await laptop.vault.create({ folder: 'Needs_Action/email', name }, renderNote({ data, body: '\n' }));
    await laptop.pass();
    const places = await laptop.places();
    expect(places).toContain(`Quarantine/${name}`);
    expect(places.every((place) => place.startsWith('Quarantine/'))).toBe(true);
  });

  it('whose words would run in a note is shown as text', async () => {
    await arrives({
      about: await sent(),
      words: '`$= dv.io.load("x")` [[Secrets]] <% tp.x %>\n> [!success] Sent',
    });
    await laptop.pass();
    const { body } = await laptop.note('Pending_Approval/email');
    expect(body).not.toMatch(/\[\[Secrets\]\]|<%|^> \[!success\]/m);
    expect(body).not.toMatch(/`\$=/);
  });
});

describe('a note of another kind that is called like a report', () => {
  it('is left where it lies', async () => {
    const name = reportName(REPORT);
    const note = { ...card(REPORT), body: '\n' };
    await laptop.vault.create({ folder: 'Needs_Action/email', name }, renderNote(note));
    await laptop.pass();
    expect(await laptop.places()).toEqual([`Needs_Action/email/${name}`]);
  });
});

describe('killed at', () => {
  const POINTS: readonly CrashPoint[] = [
    ...(['bounce:claimed', 'bounce:recorded', 'bounce:reopening', 'bounce:handled'] as const),
    ...(['handler:bounce-written', 'handler:bounced'] as const),
  ];
  it.each(POINTS)(
    '%s, the card is with the user once, the report in Done, and one mail was sent',
    async (point) => {
      await arrives({ about: await sent() });
      await expect(laptop.pass(point)).rejects.toThrow(Killed);
      await laptop.pass();
      await laptop.pass();
      expect(await laptop.places()).toEqual([HANDLED(), ...PENDING].sort());
      expect((await laptop.note('Pending_Approval/email')).body).toContain('It came back');
      expect(await returnedFiles()).toEqual(['g1/returned.json']);
      expect(smtp.mails).toHaveLength(1);
      await laptop.approve();
      await laptop.pass();
      expect(smtp.mails).toHaveLength(2);
      const done = parseNote(
        await readFile(
          join(
            laptop.vault.root,
            'Done',
            (await readdir(join(laptop.vault.root, 'Done'))).filter((m) => /^\d/.test(m))[0] ?? '',
            nameOf(ID),
          ),
          'utf8',
        ),
      );
      expect(done.ok && text(done.note, 'outcome')).toBe('sent');
    },
  );
});
