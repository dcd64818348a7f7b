import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pino } from 'pino';
import PostalMime from 'postal-mime';
import { beforeEach, describe, expect, it } from 'vitest';
import { newBody, withReply } from '../../src/core/body.ts';
import { parseNote, renderNote, type TaskNote } from '../../src/core/task-file.ts';
import type { TaskId } from '../../src/core/task-id.ts';
import { openMailJournal } from '../../src/mail/submission/sealed-mail.ts';
import { SealedReplies } from '../../src/mail/submission/sealed-replies.ts';
import { isAlive, ownIdentity } from '../../src/runtime/process-identity.ts';
import { ActiveEffects } from '../../src/stages/active-effects.ts';
import { type ApprovalDeps, scanApprovals } from '../../src/stages/execute-approval.ts';
import type { MailEffects } from '../../src/stages/mail-effects.ts';
import { CardTracker } from '../../src/stages/offered-cards.ts';
import { Offers } from '../../src/stages/offers.ts';
import { Vault } from '../../src/vault/vault.ts';
import { mailOnly } from '../helpers/edges.ts';
import { testDir } from '../helpers/testdir.ts';

/** The whole handler beside a Syncthing whose peer swaps files: vault, journal and records are real, the wire is scripted. */

const ID = 'em-0123456789abcdef' as TaskId;
const NAME = `Anna Berg Visit ${ID}.md`;
const PENDING = `Pending_Approval/email/${NAME}`;
const OFFER = 'Attachments/offer.pdf';

let vault: Vault;
let stateDir: string;
let now: number;
let sent: string[];
let paused: boolean;
let dry: boolean;
let untold: (() => Promise<void>)[];
let tracker: CardTracker;

beforeEach(async () => {
  const base = await testDir();
  stateDir = join(base, 'state');
  await mkdir(join(base, 'vault'));
  await mkdir(stateDir);
  vault = await Vault.open(join(base, 'vault'));
  await vault.ensureFolders();
  now = Date.now() + 60_000;
  sent = [];
  paused = false;
  dry = false;
  untold = [];
  const clock = { now: () => now, sleep: () => Promise.resolve() };
  tracker = new CardTracker({
    vault,
    offers: new Offers({ stateDir, clock }),
    clock,
    log: pino({ level: 'silent' }),
  });
  tracker.follow({
    continuous: true,
    flush: async () => {
      for (const tell of untold.splice(0)) await tell();
    },
  });
  await write(PENDING, renderNote(card('Hello Anna,\n\nyes.')));
  await tracker.sight();
});

function card(reply: string): TaskNote {
  const data = {
    ...{
      id: ID,
      kind: 'email_reply',
      rev: 2,
      from: 'Anna <anna@example.org>',
      message_id: '<q@example.org>',
    },
    ...{ reply_to: ['Anna <anna@example.org>'], reply_cc: [], reply_subject: 'Re: Visit', quote: false },
  };
  return {
    data,
    body: newBody({
      verdict: { kind: 'question', title: 'Draft', lines: [] },
      reply,
      feedback: '',
      original: '',
    }),
  };
}

async function stage(): Promise<ApprovalDeps> {
  const clock = { now: () => now, sleep: () => Promise.resolve() };
  const journal = await openMailJournal({ stateDir, self: ownIdentity(), isAlive, now: () => now });
  const effects: MailEffects = {
    threadStatus: () => Promise.resolve('quiet'),
    lookInSent: () => Promise.resolve('absent'),
    fileInSent: async (id) => {
      await journal.recordFiled(id, { how: 'filed' });
      return 'filed';
    },
    send: async (id) => {
      if (paused) return { kind: 'paused' };
      if (dry) return { kind: 'dry_run', file: 'dry-run/x.eml' };
      const { sealed } = await journal.view(id);
      if (!sealed) throw new Error('nothing is sealed');
      const begun = await journal.beginAttempt(id, sealed.seal);
      if (!begun.ok) return { kind: 'settled' };
      begun.attempt.transmitting();
      sent.push(Buffer.from(await journal.payload(sealed)).toString('latin1'));
      await begun.attempt.finish({ verdict: 'sent', words: '250 ok' }, 'final-reply');
      return { kind: 'settled' };
    },
  };
  const offers = new Offers({ stateDir, clock });
  const replies = new SealedReplies({
    journal,
    from: { name: 'Me', address: 'me@example.com' },
    now: () => now,
  });
  return {
    ...{
      vault,
      clock,
      offers,
      cards: tracker,
      synced: true,
      timeZone: 'UTC',
      undoMs: 10_000,
      expiresMs: 3_600_000,
    },
    edges: mailOnly({ effects, vault, offers, clock, journal: replies }),
    gate: () => Promise.resolve(null),
    drafting: { has: () => Promise.resolve(false) },
    active: new ActiveEffects(stateDir),
    log: pino({ level: 'silent' }),
    at: () => undefined,
    audit: { append: () => Promise.resolve() },
    newClaim: () => '01TEST',
    isSystemFault: () => false,
    wakeAt: () => undefined,
    waiting: () => undefined,
  };
}

/** One look of the handler, then time passes. */
async function pass(ms = 20_000): Promise<void> {
  await tracker.sight();
  await scanApprovals(await stage(), new AbortController().signal);
  now += ms;
}
async function passes(): Promise<void> {
  for (let n = 0; n < 4; n++) await pass();
}

async function write(path: string, content: string): Promise<void> {
  await mkdir(dirname(join(vault.root, path)), { recursive: true });
  await writeFile(join(vault.root, path), content);
}
async function own(path: string, content: string): Promise<void> {
  await write(path, content);
  await tracker.changed({ path, action: 'modified', origin: 'local', at: Date.now() });
}
/** As Syncthing pulls: beside it, then renamed over it; `late`: told when somebody asks. */
async function pulled(path: string, content: string, late = false): Promise<void> {
  await write(`${path}.tmp`, content);
  await rename(join(vault.root, `${path}.tmp`), join(vault.root, path));
  const tell = () => tracker.changed({ path, action: 'modified', origin: 'remote', at: Date.now() });
  if (late) untold.push(tell);
  else await tell();
}
async function pending(): Promise<TaskNote> {
  const read = await vault.readOther(PENDING, 1_000_000);
  const parsed = read.ok ? parseNote(read.text) : null;
  if (!parsed?.ok) throw new Error('no card is pending');
  return parsed.note;
}
/** The user edits the card in Obsidian on this machine. */
async function link(reply: string): Promise<void> {
  const note = await pending();
  await own(PENDING, renderNote({ data: note.data, body: withReply(note.body, reply) }));
}
const approve = () => rename(join(vault.root, PENDING), join(vault.root, 'Approved', NAME));
const files = async () =>
  Promise.all(
    sent.map(async (raw) => {
      const { attachments } = await PostalMime.parse(Buffer.from(raw, 'latin1'));
      return attachments.map(({ content }) => Buffer.from(content as ArrayBuffer).toString());
    }),
  );

describe('a file that the user links', () => {
  it('leaves at the first yes when file and link are surely the user’s', async () => {
    await own(OFFER, 'MINE');
    await link('See [[offer.pdf]].');
    await approve();
    await passes();
    expect(await files()).toEqual([['MINE']]);
  });

  it('is shown once when it came from elsewhere, and leaves at the second yes', async () => {
    await pulled(OFFER, 'FROM THE CLOUD');
    await link('See [[offer.pdf]].');
    await approve();
    await passes();
    expect(sent).toEqual([]);
    expect((await pending()).body).toContain('[[Attachments/offer.pdf]], 14 bytes');
    await approve();
    await passes();
    expect(await files()).toEqual([['FROM THE CLOUD']]);
  });

  it.each([false, true])(
    'never leaves as what was swapped in between look and yes (told late: %s)',
    async (late) => {
      await own(OFFER, 'MINE');
      await link('See [[offer.pdf]].');
      await pulled(OFFER, 'SWAPPED IN', late);
      await approve();
      await passes();
      expect(sent).toEqual([]);
      expect((await pending()).body).toContain('10 bytes');
      // The user looks, and it is swapped once more before the second yes.
      await pulled(OFFER, 'SWAPPED AGAIN', late);
      await approve();
      await passes();
      expect(sent).toEqual([]);
      expect((await pending()).body).toContain('13 bytes');
      await approve();
      await passes();
      expect(await files()).toEqual([['SWAPPED AGAIN']]);
    },
  );

  it('leaves as it was sealed, whatever is swapped in after that', async () => {
    await own(OFFER, 'MINE');
    await link('See [[offer.pdf]].');
    await approve();
    paused = true;
    await passes();
    expect(sent).toEqual([]);
    await pulled(OFFER, 'SWAPPED IN');
    paused = false;
    await passes();
    expect(await files()).toEqual([['MINE']]);
  });

  it('is not asked about again when the card came back for something else', async () => {
    await own(OFFER, 'MINE');
    await link('See [[offer.pdf]].');
    const note = await pending();
    await own(
      PENDING,
      renderNote({ data: { ...note.data, expires: '2020-01-01T00:00:00' }, body: note.body }),
    );
    await approve();
    await passes();
    expect(sent).toEqual([]);
    expect((await pending()).body).not.toContain('**Attached**');
    await approve();
    await passes();
    expect(await files()).toEqual([['MINE']]);
  });
});

describe('a card that comes back after it was sealed', () => {
  it('names its files by their digests, and does not ask about them again', async () => {
    await own(OFFER, 'MINE');
    await link('See [[offer.pdf]].');
    dry = true;
    await approve();
    await passes();
    const back = await pending();
    expect(back.body).toContain('Dry run');
    expect(back.data['reply_attachments']).toEqual([expect.stringMatching(/^offer\.pdf sha256:/)]);
    dry = false;
    await approve();
    await passes();
    expect(await files()).toEqual([['MINE']]);
  });

  it('is not sent with another file in the meantime, and says how it can be', async () => {
    await own(OFFER, 'MINE');
    await link('See [[offer.pdf]].');
    dry = true;
    await approve();
    await passes();
    dry = false;
    await pulled(OFFER, 'SWAPPED IN');
    await approve();
    await passes();
    expect(sent).toEqual([]);
    expect((await pending()).body).toMatch(/changed since.*delete the property `reply_attachments`/);
  });
});

describe('a link that the peer writes', () => {
  it('attaches nothing before the user saw it', async () => {
    await own('Private/payslip.pdf', 'SECRET');
    await pulled(PENDING, renderNote(card('Hello Anna, our [terms](Attachments/none.pdf).')));
    await pulled(PENDING, renderNote(card('Hello Anna, see our [[Private/payslip.pdf|terms]].')));
    await approve();
    await passes();
    expect(sent).toEqual([]);
    const { body } = await pending();
    expect(body).toContain('**Attached** [[Private/payslip.pdf]], 6 bytes');
    expect(body).toContain('changed');
  });

  it('nor does a list of files', async () => {
    await own('Private/payslip.pdf', 'SECRET');
    const listed = card('Hello Anna,\n\nyes.');
    await pulled(
      PENDING,
      renderNote({ data: { ...listed.data, attach: ['payslip.pdf'] }, body: listed.body }),
    );
    await approve();
    await passes();
    expect(sent).toEqual([]);
    const { body } = await pending();
    expect(body).toContain('`attach`: **added** `payslip.pdf`');
    expect(body).toContain('**Attached** [[Private/payslip.pdf]], 6 bytes');
  });

  it('nor does either in a card that could not be sent as it stood', async () => {
    await own('Private/payslip.pdf', 'SECRET');
    const linked = card('Hello Anna, see our [[Private/payslip.pdf|terms]].');
    await pulled(PENDING, renderNote({ data: { ...linked.data, reply_to: [] }, body: linked.body }));
    await approve();
    await passes();
    expect((await pending()).body).toContain('Nobody stands in');
    // The user mends what the card complains of, and does not look at the rest.
    const note = await pending();
    await own(
      PENDING,
      renderNote({ data: { ...note.data, reply_to: ['anna@example.org'] }, body: note.body }),
    );
    expect(note.body).toContain('**Attached** [[Private/payslip.pdf]], 6 bytes');
    expect(sent).toEqual([]);
  });
});
