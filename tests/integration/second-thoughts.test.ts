import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { withFeedback } from '../../src/core/body.ts';
import { localTime } from '../../src/core/local-time.ts';
import { parseNote, text, withData } from '../../src/core/task-file.ts';
import type { TaskId } from '../../src/core/task-id.ts';
import { type Dovecot, startDovecot } from '../helpers/dovecot.ts';
import { card, DONE, ID, MailLaptop, nameOf, PENDING } from '../helpers/mail-laptop.ts';
import { startSmtp, type TestSmtp } from '../helpers/smtp.ts';

/** Every way back before a mail leaves, on a vault, a journal, an SMTP server and Dovecot. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const OTHER = 'em-fedcba9876543210' as TaskId;

let dovecot: Dovecot;
let smtp: TestSmtp;
let laptop: MailLaptop;
let users = 0;
let before = 0;

beforeAll(async () => {
  dovecot = await startDovecot();
  smtp = await startSmtp();
});
afterAll(async () => {
  await smtp.stop();
  await dovecot.stop();
});
beforeEach(async () => {
  laptop = await MailLaptop.open(smtp, dovecot, `second${users++}`);
  before = smtp.connections();
});
afterEach(async () => {
  await laptop.close();
  await smtp.setFault(undefined);
  smtp.clear();
});

/** How often somebody connected since the test began. */
const dialled = () => smtp.connections() - before;
const vaultPath = (path: string) => join(laptop.vault.root, path);
const words = async () => (await laptop.note('Pending_Approval/email')).body;
const local = (ms: number) => localTime(ms, 'UTC');
/** Quiet hours around a moment: minutes before and after it. */
function around(ms: number, before: number, after: number) {
  const minute = Math.floor((ms % (24 * HOUR)) / MINUTE);
  const day = 24 * 60;
  return { from: (minute - before + day) % day, to: (minute + after) % day };
}

async function expectSentOnce(): Promise<void> {
  expect(smtp.mails).toHaveLength(1);
  expect(await laptop.places()).toEqual(DONE);
}

async function expectBack(saying: string | RegExp): Promise<void> {
  expect(smtp.mails).toHaveLength(0);
  expect(await laptop.places()).toEqual(PENDING);
  expect(await words()).toMatch(saying);
}

describe('undo', () => {
  it('by moving the card back within the window: nothing leaves, and a later yes sends once', async () => {
    laptop.now = Date.now();
    await laptop.offer();
    await laptop.approve();
    await laptop.pass();
    expect(await laptop.places()).toEqual([`Approved/${nameOf(ID)}`]);
    await laptop.drag('Approved', 'Pending_Approval/email');
    laptop.now += MINUTE;
    await laptop.pass();
    expect(dialled()).toBe(0);
    expect(await laptop.places()).toEqual(PENDING);
    expect(await laptop.state()).toBe('none');
    await laptop.approve();
    await laptop.pass();
    await expectSentOnce();
  });

  it('by moving it out of our folder while the server puts it off: the seal is void, and the next yes sends once', async () => {
    await smtp.setFault('rcpt-450');
    await laptop.offer();
    await laptop.approve();
    await laptop.pass();
    await laptop.drag('In_Progress/local-agent', 'Pending_Approval/email');
    await smtp.setFault(undefined);
    laptop.now += HOUR;
    await laptop.pass();
    expect(smtp.mails).toHaveLength(0);
    expect(await laptop.state()).toBe('withdrawn');
    await laptop.approve();
    await laptop.pass();
    await expectSentOnce();
  });
});

describe('send_after', () => {
  it('keeps an approved card until then, and wakes up for it', async () => {
    const at = laptop.now + 26 * HOUR;
    await laptop.offer(card(ID, { send_after: local(at) }));
    await laptop.approve();
    await laptop.pass();
    expect(await laptop.places()).toEqual([`Approved/${nameOf(ID)}`]);
    expect(laptop.waits).toContain(Math.floor(at / 1000) * 1000);
    laptop.now = at + 1000;
    await laptop.pass();
    await expectSentOnce();
  });

  it('later than the card is good for does not let it expire: the user knew of both at the yes', async () => {
    const expires = laptop.now + 2 * HOUR;
    const at = laptop.now + 48 * HOUR;
    await laptop.offer(card(ID, { send_after: local(at), expires: local(expires) }));
    await laptop.approve();
    laptop.now = at + 1000;
    await laptop.pass();
    await expectSentOnce();
  });

  it('that is no date comes back with the reason', async () => {
    await laptop.offer(card(ID, { send_after: 'tomorrow' }));
    await laptop.approve();
    await laptop.pass();
    await expectBack('`send_after` is not a date and time');
  });
});

describe('quiet hours', () => {
  it('keep an approved card where it is, say until when, and let it go afterwards', async () => {
    laptop.settings.quiet = around(laptop.now, 60, 60);
    await laptop.offer();
    await laptop.approve();
    await laptop.pass();
    expect(smtp.mails).toHaveLength(0);
    expect(await laptop.places()).toEqual([`Approved/${nameOf(ID)}`]);
    expect(laptop.lines.join()).toMatch(/quiet hours: no mail is sent until \d\d:\d\d/);
    const until = Math.max(...laptop.waits);
    expect(until).toBeGreaterThan(laptop.now);
    laptop.now = until;
    await laptop.pass();
    await expectSentOnce();
  });

  it('do not let a card expire that was approved in time', async () => {
    laptop.settings.quiet = around(laptop.now, 60, 120);
    await laptop.offer(card(ID, { expires: local(laptop.now + 30 * MINUTE) }));
    await laptop.approve();
    laptop.now += 121 * MINUTE;
    await laptop.pass();
    await expectSentOnce();
  });

  it('also hold a sealed mail that the server put off before them', async () => {
    await smtp.setFault('rcpt-450');
    await laptop.offer();
    await laptop.approve();
    await laptop.pass();
    await smtp.setFault(undefined);
    laptop.now += HOUR;
    laptop.settings.quiet = around(laptop.now, 10, 60);
    await laptop.pass();
    expect(smtp.mails).toHaveLength(0);
    expect(await laptop.state()).toBe('retry');
    laptop.now += 61 * MINUTE;
    await laptop.pass();
    await expectSentOnce();
  });
});

describe('expires', () => {
  it('passed: the card comes back, is good again from then on, and a new yes sends it', async () => {
    await laptop.offer(card(ID, { expires: local(laptop.now - HOUR) }));
    await laptop.approve();
    await laptop.pass();
    await expectBack('The draft expired on');
    const renewed = text(await laptop.note('Pending_Approval/email'), 'expires') ?? '';
    expect(Date.parse(`${renewed}Z`)).toBeGreaterThan(laptop.now);
    await laptop.approve();
    await laptop.pass();
    await expectSentOnce();
  });
});

describe('reject', () => {
  it('sends nothing and leaves the card where the user put it', async () => {
    await laptop.offer();
    await laptop.drag('Pending_Approval/email', 'Rejected');
    await laptop.pass();
    expect(dialled()).toBe(0);
    expect(await laptop.places()).toEqual([`Rejected/${nameOf(ID)}`]);
    expect(await laptop.state()).toBe('none');
  });
});

describe('words under Feedback', () => {
  it('are never sent over: an approved card with Feedback comes back and says where to move it', async () => {
    const draft = card();
    await laptop.offer({ ...draft, body: withFeedback(draft.body, 'shorter, please') });
    await laptop.approve();
    await laptop.pass();
    await expectBack('move the note to `Needs_Action/email`');
  });
});

describe('PAUSE.md', () => {
  it.each(['PAUSE.md', 'Approved/PAUSE.md'])('as %s holds every mail until it is gone', async (path) => {
    await laptop.offer();
    await laptop.approve();
    await writeFile(vaultPath(path), '');
    await laptop.pass();
    expect(dialled()).toBe(0);
    expect(laptop.lines.join()).toContain('PAUSE.md');
    await rm(vaultPath(path));
    await laptop.pass();
    expect(smtp.mails).toHaveLength(1);
  });

  it('that comes between the seal and the sending holds that one too', async () => {
    await laptop.offer();
    await laptop.approve();
    await expect(laptop.pass('handler:sealed')).rejects.toThrow('handler:sealed');
    await writeFile(vaultPath('PAUSE.md'), '');
    await laptop.pass();
    expect(await laptop.state()).toBe('sealed');
    expect(dialled()).toBe(0);
    await rm(vaultPath('PAUSE.md'));
    await laptop.pass();
    await expectSentOnce();
  });
});

describe('the hourly limit', () => {
  it('lets one mail of two go and the other an hour later, and says when', async () => {
    laptop.settings.sendsPerHour = 1;
    for (const id of [ID, OTHER]) {
      await laptop.offer(card(id), id);
      await laptop.approve(nameOf(id));
    }
    await laptop.pass();
    await laptop.pass();
    expect(smtp.mails).toHaveLength(1);
    expect(laptop.lines.join()).toContain('the hourly limit is reached');
    laptop.now += HOUR + MINUTE;
    await laptop.pass();
    expect(smtp.mails).toHaveLength(2);
    expect(await laptop.places()).toEqual([`Done/${nameOf(ID)}`, `Done/${nameOf(OTHER)}`].sort());
  });
});

describe('a dry run', () => {
  it('keeps the bytes as a file, connects to nobody, and the next yes sends', async () => {
    laptop.settings.dryRun = true;
    await laptop.offer();
    await laptop.approve();
    await laptop.pass();
    expect(dialled()).toBe(0);
    await expectBack('Dry run: nothing was sent');
    const [file] = await readdir(join(laptop.stateDir, 'dry-run'));
    const kept = await readFile(join(laptop.stateDir, 'dry-run', file ?? ''), 'utf8');
    expect(kept).toMatch(/^To: Anna <anna@example\.org>$/m);
    laptop.settings.dryRun = false;
    await laptop.approve();
    await laptop.pass();
    await expectSentOnce();
  });
});

describe('a recipient that the user typed in', () => {
  const addCc = (address: string) =>
    laptop.edit((source) => source.replace(/reply_cc: *\[\]/, `reply_cc:\n  - "${address}"`));
  const approvedWith = async (address: string) => {
    await laptop.offer();
    await addCc(address);
    await laptop.approve();
    await laptop.pass();
  };
  const ccOf = () => smtp.mails[0]?.envelope.to;

  it('and whom nobody knows stops the first yes; the second one sends to exactly them', async () => {
    await approvedWith('carol@example.net');
    await expectBack('You never wrote to `carol@example.net`');
    await laptop.approve();
    await laptop.pass();
    await expectSentOnce();
    expect(ccOf()).toEqual(['anna@example.org', 'carol@example.net']);
  });

  it('is asked about anew when it is another one than was told', async () => {
    await approvedWith('carol@example.net');
    await laptop.edit((source) => source.replace('carol@', 'carla@'));
    await laptop.approve();
    await laptop.pass();
    await expectBack('You never wrote to `carla@example.net`');
  });

  it('is no stranger when it stands in Contacts', async () => {
    await mkdir(vaultPath('Contacts'), { recursive: true });
    await writeFile(vaultPath('Contacts/Carol.md'), '---\nemail: Carol@example.net\n---\n');
    await approvedWith('carol@example.net');
    await expectSentOnce();
  });

  it('is no stranger once a mail went there', async () => {
    await approvedWith('carol@example.net');
    await laptop.approve();
    await laptop.pass();
    await laptop.offer(card(OTHER), OTHER);
    await laptop.edit(
      (source) => source.replace(/reply_cc: *\[\]/, 'reply_cc:\n  - "carol@example.net"'),
      nameOf(OTHER),
    );
    await laptop.approve(nameOf(OTHER));
    await laptop.pass();
    expect(smtp.mails).toHaveLength(2);
  });

  it('is never written to with `refuse`, however often the card is approved, until it stands in Contacts', async () => {
    laptop.settings.firstContact = 'refuse';
    await approvedWith('carol@example.net');
    await expectBack('`FIRST_CONTACT` is `refuse`');
    await laptop.approve();
    await laptop.pass();
    await expectBack('`FIRST_CONTACT` is `refuse`');
    await mkdir(vaultPath('Contacts'), { recursive: true });
    await writeFile(vaultPath('Contacts/Carol.md'), 'carol@example.net\n');
    await laptop.approve();
    await laptop.pass();
    await expectSentOnce();
  });

  it('is written to at once with `allow`', async () => {
    laptop.settings.firstContact = 'allow';
    await approvedWith('carol@example.net');
    await expectSentOnce();
  });

  it('at a domain that only looks like one of the thread stops the first yes, also with `allow`', async () => {
    laptop.settings.firstContact = 'allow';
    await approvedWith('anna@examp1e.org');
    await expectBack(/anna@examp1e\.org is not at example\.org/);
  });

  it('that is the user’s own address stops the first yes in To and passes in Cc', async () => {
    await approvedWith('me@example.com');
    await expectSentOnce();
    smtp.clear();
    await laptop.offer(card(OTHER), OTHER);
    await laptop.edit(
      (source) => source.replace('Anna <anna@example.org>"\nreply_cc', 'me@example.com"\nreply_cc'),
      nameOf(OTHER),
    );
    await laptop.approve(nameOf(OTHER));
    await laptop.pass();
    expect(smtp.mails).toHaveLength(0);
    const read = parseNote(await readFile(vaultPath(`Pending_Approval/email/${nameOf(OTHER)}`), 'utf8'));
    expect(read.ok && read.note.body).toContain('an address of your own');
  });
});

describe('a text that says what nobody said before', () => {
  const IBAN = 'DE89 3704 0044 0532 0130 00';

  it.each([
    ['a hidden character', 'We pay\u200b tomorrow.', /hidden character/],
    ['an account number', `Please pay to ${IBAN}.`, /account/],
    ['a secret', 'The key is AKIAIOSFODNN7EXAMPLE.', /secret/],
  ])('%s stops the first yes with the reason, and the second one sends it', async (_, reply, said) => {
    await laptop.offer(card(ID, {}, reply));
    await laptop.approve();
    await laptop.pass();
    await expectBack(said);
    await laptop.approve();
    await laptop.pass();
    await expectSentOnce();
  });

  it('is told again when something else is added after the first time', async () => {
    await laptop.offer(card(ID, {}, `Please pay to ${IBAN}.`));
    await laptop.approve();
    await laptop.pass();
    await laptop.edit((source) => source.replaceAll(`${IBAN}.`, `${IBAN} or GB82 WEST 1234 5698 7654 32.`));
    await laptop.approve();
    await laptop.pass();
    await expectBack('GB82');
  });

  it('is no news when the account stands in the user’s handbook', async () => {
    await writeFile(vaultPath('Company_Handbook.md'), `# Us\n\nOur account: ${IBAN.replaceAll(' ', '')}\n`);
    await laptop.offer(card(ID, {}, `Please pay to ${IBAN}.`));
    await laptop.approve();
    await laptop.pass();
    await expectSentOnce();
  });
});

describe('a name that the user gave the note', () => {
  it('changes nothing about what is asked', async () => {
    await laptop.offer(withData(card(ID, {}, 'The key is AKIAIOSFODNN7EXAMPLE.'), { title: 'mine' }));
    await laptop.approve();
    await rename(vaultPath(`Approved/${nameOf(ID)}`), vaultPath(`Approved/Something ${ID}.md`));
    await laptop.pass();
    expect(smtp.mails).toHaveLength(0);
    expect(await laptop.places()).toEqual([`Pending_Approval/email/Something ${ID}.md`]);
  });
});
