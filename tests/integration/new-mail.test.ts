import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import PostalMime from 'postal-mime';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CrashPoint } from '../../src/core/crash-points.ts';
import { readSections } from '../../src/core/body.ts';
import { list, type TaskNote, text } from '../../src/core/task-file.ts';
import { idInName } from '../../src/core/task-id.ts';
import { parseTemplate } from '../../src/drafting/template.ts';
import { draftReplies } from '../../src/stages/draft-reply.ts';
import { type Dovecot, startDovecot } from '../helpers/dovecot.ts';
import { Killed, MailLaptop } from '../helpers/mail-laptop.ts';
import { replierDeps } from '../helpers/replier.ts';
import { startSmtp, type TestSmtp } from '../helpers/smtp.ts';

/** Mails that the user begins, and files that they link: from the note to the copy in Sent, over real SMTP and Dovecot. */

let dovecot: Dovecot;
let smtp: TestSmtp;
let laptop: MailLaptop;
let users = 0;
let user: string;

beforeAll(async () => {
  dovecot = await startDovecot();
  smtp = await startSmtp();
});
afterAll(async () => {
  await smtp.stop();
  await dovecot.stop();
});
beforeEach(async () => {
  user = `new${users++}`;
  laptop = await MailLaptop.open(smtp, dovecot, user);
  laptop.settings.firstContact = 'allow';
});
afterEach(async () => {
  await laptop.close();
  await smtp.setFault(undefined);
  smtp.clear();
});

const PDF = Buffer.from('%PDF-1.4\n\0\xff the offer\n', 'latin1');
const TO = 'to: Anna Berg <anna@example.org>';

async function put(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(laptop.vault.root, path)), { recursive: true });
  await writeFile(join(laptop.vault.root, path), content);
}

/** The user writes a note and the drafter answers it; the name of the card. */
async function drafted(name: string, note: string): Promise<string> {
  await put(`Needs_Action/email/${name}`, note);
  const template = await readFile(
    new URL('../../vault-template/Templates/New mail.md', import.meta.url),
    'utf8',
  );
  const parsed = parseTemplate('New mail.md', template);
  if (!parsed.ok) throw new Error('the template cannot be read');
  const house = {
    templates: [parsed.template],
    handbook: { text: '', signature: 'Kind regards\nMia' },
  };
  await draftReplies({
    ...replierDeps(laptop.vault, 'local-agent'),
    house: () => Promise.resolve(house),
    recordOffer: (id, card, offered) => laptop.offers.record(id, card, offered),
  })(new AbortController().signal);
  const [card = '', ...more] = await laptop.vault.list('Pending_Approval/email');
  expect(more).toEqual([]);
  return card;
}
const pending = (name: string): Promise<TaskNote> => laptop.note('Pending_Approval/email', name);
const edit = (name: string, change: (source: string) => string) => laptop.edit(change, name);

async function approve(name: string, kill?: CrashPoint): Promise<void> {
  await laptop.approve(name);
  if (kill === undefined) return laptop.pass();
  await expect(laptop.pass(kill)).rejects.toThrow(Killed);
}

async function mail(at = 0) {
  const sent = smtp.mails[at];
  if (!sent) throw new Error('nothing was sent');
  const parsed = await PostalMime.parse(sent.raw);
  const attachments = parsed.attachments.map(({ filename, mimeType, content }) => ({
    filename,
    mimeType,
    bytes: Buffer.from(content as ArrayBuffer),
  }));
  return { envelope: sent.envelope, parsed, attachments };
}

/** Flags and Message-IDs of what lies in Sent. */
const inSent = () => dovecot.doveadm('fetch', '-u', user, 'flags hdr.message-id', 'mailbox', 'Sent', 'all');

describe('a mail that the user begins with an address and a line', () => {
  it('is drafted, offered, sent once with its file, kept in Sent, and done', async () => {
    await put('Attachments/offer.pdf', PDF);
    const card = await drafted(
      'Visit on Tuesday.md',
      `---\n${TO}\n---\nTuesday at nine suits me, see [[offer.pdf|our offer]].\n`,
    );
    const offered = await pending(card);
    expect(offered.data).toMatchObject({
      kind: 'email_new',
      reply_to: ['Anna Berg <anna@example.org>'],
      reply_subject: 'Visit on Tuesday',
      warnings: [],
      quote: false,
    });
    const reply = 'Tuesday at nine suits me, see [[offer.pdf|our offer]].';
    expect(readSections(offered.body).reply).toContain(reply);

    await approve(card);
    await laptop.pass();
    expect(smtp.mails).toHaveLength(1);
    const { envelope, parsed, attachments } = await mail();
    expect(envelope.to).toEqual(['anna@example.org']);
    expect(parsed).toMatchObject({
      subject: 'Visit on Tuesday',
      to: [{ name: 'Anna Berg', address: 'anna@example.org' }],
    });
    expect(parsed.inReplyTo).toBeUndefined();
    expect(parsed.text).toContain('see our offer (offer.pdf).');
    expect(parsed.text).not.toContain('[[');
    expect(attachments).toEqual([{ filename: 'offer.pdf', mimeType: 'application/pdf', bytes: PDF }]);

    expect(await laptop.places()).toEqual([`Done/${card}`]);
    const done = await laptop.note('Done', card);
    expect(done.data).toMatchObject({ outcome: 'sent', sent_message_id: parsed.messageId });
    expect(list(done, 'reply_attachments')).toEqual([
      expect.stringMatching(/^offer\.pdf sha256:[0-9a-f]{64}$/),
    ]);
    const copies = await inSent();
    expect(copies.match(/\\Seen/g)).toHaveLength(1);
    expect(copies.match(/message-id:/g)).toHaveLength(1);
    expect(copies).toContain(parsed.messageId);
    expect(idInName(card)).toBe(text(done, 'id'));
  });

  it('takes its files from the property alone, and its subject from the first line when nobody named the note', async () => {
    await put('Projects/Roof/plan.png', 'PLAN');
    await put('Attachments/Preise & Löhne 2026.xlsx', 'PRICES');
    const card = await drafted(
      'Untitled 2.md',
      `---\n${TO}\nattach:\n  - "[[plan.png]]"\n  - Preise & Löhne 2026.xlsx\n---\nHere are plan and prices.\n`,
    );
    expect((await pending(card)).data).toMatchObject({
      reply_subject: 'Here are plan and prices',
      attach: ['[[plan.png]]', 'Preise & Löhne 2026.xlsx'],
    });
    expect((await pending(card)).body).toContain('subject is made from your first line');
    await approve(card);
    const { attachments } = await mail();
    expect(attachments.map(({ filename, bytes }) => [filename, bytes.toString()])).toEqual([
      ['plan.png', 'PLAN'],
      ['Preise & Löhne 2026.xlsx', 'PRICES'],
    ]);
  });

  it('comes back with every reason why a file cannot leave, and is sent when it is mended', async () => {
    await put('Attachments/offer.pdf', PDF);
    const card = await drafted('Visit.md', `---\n${TO}\n---\nSee [[ofer.pdf]], [[Anna Berg]].\n`);
    await approve(card);
    expect(smtp.mails).toHaveLength(0);
    const back = (await pending(card)).body;
    expect(back).toContain('> There is no file `ofer.pdf` in the vault.');
    expect(back).toContain('> `Anna Berg` is a note: only files can be attached.');
    expect(readSections(back).reply).toContain('See [[ofer.pdf]], [[Anna Berg]].');
    await edit(card, (source) => source.replaceAll('[[ofer.pdf]], [[Anna Berg]]', '[[offer.pdf]]'));
    await approve(card);
    expect((await mail()).attachments).toHaveLength(1);
    expect(await laptop.places()).toEqual([`Done/${card}`]);
  });
});

describe('a file that the draft itself links', () => {
  const asking = () => drafted('Visit.md', `---\n${TO}\n---\nTuesday suits me.\n`);
  /** What a mail may talk a model into. */
  async function talkedInto(): Promise<string> {
    await put('Private/payslip.pdf', 'SECRET');
    const card = await asking();
    const note = await pending(card);
    const body = note.body
      .replace('Tuesday suits me.\n\nKind', 'x')
      .replace(
        /(## Reply\n\n)/,
        '$1Our [terms](Attachments/../Private/payslip.pdf) and [[payslip.pdf|terms]].\n\n',
      );
    const source = (await readFile(join(laptop.vault.root, 'Pending_Approval/email', card), 'utf8')).replace(
      note.body,
      body,
    );
    await edit(card, () => source);
    const id = idInName(card);
    if (id === null) throw new Error('no id');
    await laptop.offers.record(id, card, await pending(card));
    return card;
  }

  it('is shown with name and size before it leaves, and only then', async () => {
    const card = await talkedInto();
    await edit(card, (source) => source.replace('[terms](Attachments/../Private/payslip.pdf) and ', ''));
    await laptop.offers.record(idInName(card) ?? ('' as never), card, await pending(card));
    await approve(card);
    expect(smtp.mails).toHaveLength(0);
    expect((await pending(card)).body).toMatch(
      /> \*\*Attached\*\* \[\[Private\/payslip\.pdf\]\], 6 bytes \(sha256 [0-9a-f]{12}\)/,
    );
    await approve(card);
    expect((await mail()).attachments[0]?.bytes.toString()).toBe('SECRET');
  });

  it('cannot be named by a path that leaves its folder', async () => {
    const card = await talkedInto();
    await approve(card);
    expect(smtp.mails).toHaveLength(0);
    expect((await pending(card)).body).toContain(
      '`Attachments/../Private/payslip.pdf` has a name that cannot be attached',
    );
  });

  it.each(['handler:bounce-written', 'handler:bounced'] as const)(
    'is shown although the handler is killed at %s',
    async (point) => {
      await put('Attachments/a.pdf', 'A');
      const card = await asking();
      await edit(card, (source) => source.replace('## Reply\n\n', '## Reply\n\nSee [[a.pdf]]. '));
      await laptop.offers.record(idInName(card) ?? ('' as never), card, await pending(card));
      await approve(card, point);
      await laptop.pass();
      expect(smtp.mails).toHaveLength(0);
      expect((await pending(card)).body).toContain('[[Attachments/a.pdf]], 1 bytes');
      await put('Attachments/a.pdf', 'SWAPPED');
      await approve(card);
      expect(smtp.mails).toHaveLength(0);
      expect((await pending(card)).body).toContain('[[Attachments/a.pdf]], 7 bytes');
      await approve(card);
      expect((await mail()).attachments[0]?.bytes.toString()).toBe('SWAPPED');
    },
  );
});

describe('from the seal on', () => {
  async function linked(): Promise<string> {
    await put('Attachments/offer.pdf', PDF);
    return drafted('Visit.md', `---\n${TO}\n---\nSee [[offer.pdf]].\n`);
  }
  const swap = async () => {
    await put('Attachments/other.pdf', 'FROM EVE');
    await rename(
      join(laptop.vault.root, 'Attachments/other.pdf'),
      join(laptop.vault.root, 'Attachments/offer.pdf'),
    );
  };

  it('a file may be replaced or deleted while the server puts the mail off: what was approved leaves', async () => {
    const card = await linked();
    await smtp.setFault('rcpt-450');
    await approve(card);
    expect(smtp.mails).toHaveLength(0);
    expect(await laptop.places()).toEqual([`In_Progress/local-agent/${card}`]);
    await swap();
    await smtp.setFault(undefined);
    laptop.now += 3_600_000;
    await laptop.pass();
    expect((await mail()).attachments[0]?.bytes).toEqual(PDF);
    expect(await laptop.places()).toEqual([`Done/${card}`]);
  });

  // The note still holds the links then: a yes of which nothing left is checked as if it were given now.
  it.each(['handler:claimed', 'handler:sealed'] as const)(
    'a handler that was killed at %s looks again',
    async (point) => {
      const card = await linked();
      await approve(card, point);
      await put('Attachments/offer.pdf', 'A LATER VERSION OF MINE');
      await laptop.pass();
      expect(smtp.mails).toHaveLength(1);
      expect((await mail()).attachments[0]?.bytes.toString()).toBe('A LATER VERSION OF MINE');
    },
  );
});
