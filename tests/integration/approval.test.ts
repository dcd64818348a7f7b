import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import PostalMime from 'postal-mime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newBody, readSections, withReply } from '../../src/core/body.ts';
import { CRASH_POINTS, type CrashPoint } from '../../src/core/crash-points.ts';
import type { DeliveryVerdict } from '../../src/core/delivery-verdict.ts';
import { originalSection } from '../../src/core/neutralise.ts';
import { attachmentEntry } from '../../src/core/outgoing-attachments.ts';
import { parseNote, renderNote, type TaskNote, text, withData } from '../../src/core/task-file.ts';
import type { TaskId } from '../../src/core/task-id.ts';
import { openMailJournal } from '../../src/mail/submission/sealed-mail.ts';
import { SealedReplies } from '../../src/mail/submission/sealed-replies.ts';
import { isAlive, ownIdentity } from '../../src/runtime/process-identity.ts';
import { ActiveEffects } from '../../src/stages/active-effects.ts';
import { type ApprovalDeps, scanApprovals } from '../../src/stages/execute-approval.ts';
import type { MailEffects } from '../../src/stages/mail-effects.ts';
import { oneMachineCards } from '../../src/stages/offered-cards.ts';
import { Offers } from '../../src/stages/offers.ts';
import { Vault } from '../../src/vault/vault.ts';
import { mailOnly } from '../helpers/edges.ts';

/** The stage on a real vault and the real journal; only the wire (email-mcp) is scripted. */

const ID = 'em-0123456789abcdef' as TaskId;
const NAME = `Anna Berg Visit ${ID}.md`;

class Killed extends Error {}

let base: string;
let vault: Vault;
let stateDir: string;
let now: number;
let wire: {
  sent: string[];
  verdict: DeliveryVerdict;
  inSent: 'found' | 'absent' | 'unknown';
  thread: Awaited<ReturnType<MailEffects['threadStatus']>>;
  dry: boolean;
};
let audited: string[];
let waits: number[];

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'approval-'));
  stateDir = join(base, 'state');
  await mkdir(join(base, 'vault'));
  await mkdir(stateDir);
  vault = await Vault.open(join(base, 'vault'));
  await vault.ensureFolders();
  now = Date.now() + 60_000;
  wire = {
    sent: [],
    verdict: { verdict: 'sent', words: '250 ok' },
    inSent: 'absent',
    thread: 'quiet',
    dry: false,
  };
  audited = [];
  waits = [];
});
afterEach(() => rm(base, { recursive: true, force: true }));

function card(reply = 'Hello Anna,\n\nyes.'): TaskNote {
  const { section } = originalSection({
    from: 'Anna',
    when: '2026-11-20T08:01:02',
    text: 'Can you come?',
    maxBytes: 9999,
  });
  const data = {
    id: ID,
    kind: 'email_reply',
    rev: 2,
    from: 'Anna <anna@example.org>',
    received: '2026-11-20T08:01:02',
    message_id: '<q@example.org>',
    reply_to: ['Anna <anna@example.org>'],
    reply_cc: [],
    reply_subject: 'Re: Visit',
    mine: 'kept',
  };
  return {
    data,
    body: newBody({
      verdict: { kind: 'todo', title: 't', lines: [] },
      reply,
      feedback: '',
      original: section,
    }),
  };
}

async function start(kill?: CrashPoint): Promise<ApprovalDeps> {
  const clock = { now: () => now, sleep: () => Promise.resolve() };
  const journal = await openMailJournal({ stateDir, self: ownIdentity(), isAlive, now: () => now });
  const effects: MailEffects = {
    threadStatus: () => Promise.resolve(wire.thread),
    lookInSent: () => Promise.resolve(wire.inSent),
    fileInSent: async (id) => {
      await journal.recordFiled(id, { how: 'filed' });
      return 'filed';
    },
    send: async (id) => {
      if (wire.dry) return { kind: 'dry_run', file: 'dry-run/x.eml' };
      const { sealed } = await journal.view(id);
      if (!sealed) throw new Error('nothing is sealed');
      const begun = await journal.beginAttempt(id, sealed.seal);
      if (!begun.ok) return { kind: 'settled' };
      begun.attempt.transmitting();
      if (wire.verdict.verdict !== 'failed')
        wire.sent.push(Buffer.from(await journal.payload(sealed)).toString());
      await begun.attempt.finish(wire.verdict, 'final-reply');
      return { kind: 'settled' };
    },
  };
  const at = (point: CrashPoint) => {
    if (point === kill) throw new Killed();
  };
  const offers = new Offers({ stateDir, clock });
  return {
    vault,
    clock,
    offers,
    edges: mailOnly({
      ...{ effects, vault, offers, clock, at },
      journal: new SealedReplies({
        journal,
        from: { name: 'Me', address: 'me@example.com' },
        now: () => now,
      }),
    }),
    cards: oneMachineCards(new Offers({ stateDir, clock })),
    gate: () => Promise.resolve(null),
    drafting: { has: () => Promise.resolve(false) },
    synced: false,
    active: new ActiveEffects(stateDir),
    log: pino({ level: 'silent' }),
    at,
    audit: {
      append: (entry) => {
        audited.push(entry.action);
        return Promise.resolve();
      },
    },
    timeZone: 'UTC',
    undoMs: 10_000,
    expiresMs: 3_600_000,
    newClaim: () => '01TEST',
    isSystemFault: (error) => error instanceof Killed,
    wakeAt: (ms) => waits.push(ms),
    waiting: () => undefined,
  };
}

const pass = async (kill?: CrashPoint) => scanApprovals(await start(kill), new AbortController().signal);

async function offer(note = card()): Promise<void> {
  await (await start()).offers.record(ID, NAME, note);
  await vault.create({ folder: 'Pending_Approval/email', name: NAME }, renderNote(note));
}
const drag = (from: string, to: string, name = NAME) =>
  rename(join(vault.root, from, name), join(vault.root, to, name));
const approve = () => drag('Pending_Approval/email', 'Approved');

/** Where the task lies: one line a note, whatever folder. */
async function places(): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(vault.root, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && entry.name.endsWith('.md'))
      found.push(`${entry.parentPath.slice(vault.root.length + 1)}/${entry.name}`);
  }
  return found.sort();
}
const month = () => new Date(now).toISOString().slice(0, 7);
const DONE = () => [`Done/${month()}/${NAME}`];
const PENDING = [`Pending_Approval/email/${NAME}`];

async function noteAt(path: string | undefined): Promise<TaskNote> {
  const read = parseNote(await readFile(join(vault.root, path ?? ''), 'utf8'));
  if (!read.ok) throw new Error(read.fault.message);
  return read.note;
}

describe('an approved card', () => {
  it('is sent once, as it stands, and lands in Done with its outcome', async () => {
    await offer();
    await approve();
    await pass();
    await pass();
    expect(wire.sent).toHaveLength(1);
    expect(wire.sent[0]).toMatch(/^To: Anna <anna@example\.org>$/m);
    expect(await places()).toEqual(DONE());
    const done = await noteAt(DONE()[0]);
    expect(done.data).toMatchObject({ outcome: 'sent', mine: 'kept', claimed_by: 'local-agent' });
    expect(readSections(done.body).reply).toBe('Hello Anna,\n\nyes.');
    expect(done.body).toMatch(/^> \[!success\|handover\] Sent/);
    expect(audited).toEqual(['mail.approved', 'mail.sent']);
    for (const folder of ['active', 'offers']) expect(await readdir(join(stateDir, folder))).toEqual([]);
  });

  it('that is a new mail and no answer is sent in no thread', async () => {
    await offer(withData(card(), { kind: 'email_new', message_id: undefined, quote: false }));
    await approve();
    await pass();
    expect(wire.sent[0]).toMatch(/^To: Anna/m);
    expect(wire.sent[0]).not.toMatch(/^(In-Reply-To|References):/m);
    expect(await places()).toEqual(DONE());
  });

  it('takes the offered files with it, byte for byte, and no others', async () => {
    const pdf = Buffer.from('%PDF-1.4\n\u0000\u00ff binary\r\n', 'latin1');
    const name = await vault.saveAttachment(ID, 'INV-2026-00001.pdf', pdf);
    const entry = attachmentEntry({ name, sha256: createHash('sha256').update(pdf).digest('hex') });
    await offer(withData(card(), { reply_attachments: [entry] }));
    await approve();
    await pass();
    const mail = await PostalMime.parse(wire.sent[0] ?? '');
    expect(mail.attachments.map(({ filename, mimeType }) => [filename, mimeType])).toEqual([
      ['INV-2026-00001.pdf', 'application/pdf'],
    ]);
    expect(Buffer.from(mail.attachments[0]?.content as ArrayBuffer).equals(pdf)).toBe(true);
    expect(await places()).toEqual(DONE());
  });

  it.each([
    ['changed', (path: string) => writeFile(path, 'another')],
    ['deleted', (path: string) => rm(path)],
    ['replaced by a link', async (path: string) => (await rm(path), symlink('/etc/hostname', path))],
  ])('comes back when a file that was offered is %s', async (_, happens) => {
    const name = await vault.saveAttachment(ID, 'plan.pdf', Buffer.from('plan'));
    const entry = attachmentEntry({ name, sha256: createHash('sha256').update('plan').digest('hex') });
    await offer(withData(card(), { reply_attachments: [entry] }));
    await approve();
    await happens(join(vault.root, 'Attachments', name));
    await pass();
    expect(wire.sent).toEqual([]);
    expect(await places()).toEqual(PENDING);
    expect((await noteAt(PENDING[0])).body).toContain('`Attachments/em-0123456789abcdef plan.pdf`');
  });

  it('waits for the undo window and can be taken back until then', async () => {
    now = Date.now();
    await offer();
    await approve();
    await pass();
    expect(await places()).toEqual([`Approved/${NAME}`]);
    expect(waits.length).toBeGreaterThan(0);
    await drag('Approved', 'Pending_Approval/email');
    now += 60_000;
    await pass();
    expect(await places()).toEqual(PENDING);
    expect(wire.sent).toEqual([]);
  });

  it('stays where it is while PAUSE.md exists', async () => {
    await offer();
    await approve();
    await writeFile(join(vault.root, 'PAUSE.md'), '');
    await pass();
    expect(wire.sent).toEqual([]);
    await rm(join(vault.root, 'PAUSE.md'));
    await pass();
    expect(wire.sent).toHaveLength(1);
  });

  it.each([
    ['headings, fences and rules', '# No\n\n---\n```js\nif (a) { }\n```\n## Reply\n***\n~~~'],
    ['what looks like our own sections', 'See\n\n## Feedback\n\nnone\n\n## Original\n\n> quoted'],
    ['emoji, right-to-left text and combining marks', '👩‍👩‍👧 שלום e\u0301'],
    [
      'lines that mail programs like to change',
      'From here\n.\n..\n>From there\n  indented  \ntrailing   \nend',
    ],
    ['a very long line', `${'word '.repeat(700)}end`],
    ['front matter and templates', '---\nid: x\n---\n<% tp.x %> `[[Secrets]]` %%hidden%% = this.file'],
  ])('sends byte for byte what the user wrote: %s', async (_, reply) => {
    await offer();
    const edited = withData(
      { ...card(), body: withReply(card().body, reply) },
      { quote: false, color: 'red', due: '2026-12-01' },
    );
    // As an editor on Windows would save it.
    const text = renderNote(edited).replaceAll('\n', '\r\n');
    await writeFile(join(vault.root, 'Pending_Approval/email', NAME), text);
    await approve();
    await pass();
    const mail = await PostalMime.parse(wire.sent[0] ?? '');
    // A line break in a mail is CRLF (RFC 2046 section 4.1.1); the parser keeps it where the text came as base64.
    expect(mail.text?.replaceAll('\r\n', '\n')).toBe(`${reply}\n`);
    const done = await noteAt(DONE()[0]);
    expect(readSections(done.body).reply).toBe(reply);
    expect(done.data).toMatchObject({ color: 'red', due: '2026-12-01' });
  });

  it('that was never offered is offered again and not sent', async () => {
    await vault.create({ folder: 'Approved', name: NAME }, renderNote(card()));
    await pass();
    expect(wire.sent).toEqual([]);
    expect((await noteAt(PENDING[0])).body).toContain('never offered');
    await approve();
    await pass();
    expect(wire.sent).toHaveLength(1);
  });

  it('whose id was sent before is not sent again', async () => {
    await offer();
    await approve();
    await pass();
    await vault.create({ folder: 'Approved', name: `Copy ${ID}.md` }, renderNote(card('Something else')));
    await pass();
    expect(wire.sent).toHaveLength(1);
    expect((await noteAt(`Pending_Approval/email/Copy ${ID}.md`)).body).toContain('Already sent');
  });

  it('with a line break in its subject comes back with the reason', async () => {
    await offer(withData(card(), { reply_subject: 'Re: x\r\nBcc: evil@example.net' }));
    await approve();
    await pass();
    expect(wire.sent).toEqual([]);
    expect((await noteAt(PENDING[0])).body).toContain('line break');
  });

  it('that nobody can read goes to Quarantine unchanged', async () => {
    await vault.create({ folder: 'Approved', name: NAME }, '---js\nrequire("fs")\n---\n');
    await pass();
    expect(await places()).toContain(`Quarantine/${NAME}`);
  });

  it('goes when the user insists although the thread moved on', async () => {
    wire.thread = 'answered';
    await offer();
    await approve();
    await pass();
    expect((await noteAt(PENDING[0])).body).toContain('already answered');
    await approve();
    await pass();
    expect(wire.sent).toHaveLength(1);
  });

  it('waits while the mailbox does not say whether the thread moved on, then goes', async () => {
    wire.thread = 'unknown';
    now = Date.now() + 11_000;
    await offer();
    await approve();
    await pass();
    expect(wire.sent).toEqual([]);
    now += 10 * 60_000;
    await pass();
    expect(wire.sent).toHaveLength(1);
  });

  it('comes back from a dry run, and the next yes sends', async () => {
    wire.dry = true;
    await offer();
    await approve();
    await pass();
    expect((await noteAt(PENDING[0])).body).toContain('Dry run: nothing was sent');
    wire.dry = false;
    await approve();
    await pass();
    expect(wire.sent).toHaveLength(1);
    expect(await places()).toEqual(DONE());
  });

  it('that the server refuses comes back with the server’s words, and may be mended and sent', async () => {
    wire.verdict = { verdict: 'failed', words: '550 no such user', cause: 'recipients' };
    await offer();
    await approve();
    await pass();
    expect((await noteAt(PENDING[0])).body).toContain('550 no such user');
    wire.verdict = { verdict: 'sent', words: '250 ok' };
    await approve();
    await pass();
    expect(wire.sent).toHaveLength(1);
    expect(await places()).toEqual(DONE());
  });

  it('that the server puts off waits in its folder and is sent later, once', async () => {
    wire.verdict = { verdict: 'retry', words: '450 greylisted', cause: 'server' };
    await offer();
    await approve();
    await pass();
    await pass();
    const held = wire.sent.length;
    expect(await places()).toEqual([`In_Progress/local-agent/${NAME}`]);
    wire.verdict = { verdict: 'sent', words: '250 ok' };
    now += 3_600_000;
    await pass();
    expect(wire.sent).toHaveLength(held + 1);
    expect(await places()).toEqual(DONE());
  });

  it('that the server puts off can still be taken back, and is then in one place and not sent', async () => {
    wire.verdict = { verdict: 'retry', words: '450 greylisted', cause: 'server' };
    await offer();
    await approve();
    await pass();
    const held = wire.sent.length;
    await drag('In_Progress/local-agent', 'Pending_Approval/email');
    wire.verdict = { verdict: 'sent', words: '250 ok' };
    now += 3_600_000;
    await pass();
    await pass();
    expect(wire.sent).toHaveLength(held);
    expect(await places()).toEqual(PENDING);
    await approve();
    await pass();
    expect(wire.sent).toHaveLength(held + 1);
    expect(await places()).toEqual(DONE());
  });
});

describe('a server that never takes it', () => {
  it('for a day: the card comes back with its words, and the next yes starts afresh', async () => {
    wire.verdict = { verdict: 'retry', words: '450 greylisted', cause: 'server' };
    await offer();
    await approve();
    for (let hour = 0; hour <= 26; hour++) {
      await pass();
      now += 3_600_000;
    }
    expect((await noteAt(PENDING[0])).body).toContain('put it off for a day');
    const before = wire.sent.length;
    wire.verdict = { verdict: 'sent', words: '250 ok' };
    await approve();
    await pass();
    expect(wire.sent).toHaveLength(before + 1);
    expect(await places()).toEqual(DONE());
  });
});

describe('a card given back while the next attempt is still ahead', () => {
  it('leaves no seal that anybody could send', async () => {
    wire.verdict = { verdict: 'retry', words: '450 greylisted', cause: 'server' };
    await offer();
    await approve();
    await pass();
    now += 23 * 3_600_000;
    await pass();
    // The second attempt was put off just now, and the day is over a moment later.
    const read = await vault.stat({ folder: 'In_Progress/local-agent', name: NAME });
    now = (read?.ctimeMs ?? 0) + 24 * 3_600_000 - 1000;
    await pass();
    now += 2000;
    expect((await (await start()).edges.mail.journal.view(ID)).word).toBe('waiting');
    await pass();
    expect(await places()).toEqual(PENDING);
    expect((await (await start()).edges.mail.journal.view(ID)).word).toBe('none');
  });
});

describe('a note that appears in In_Progress/local-agent', () => {
  it('without a claim of ours has no effect and goes back with the reason', async () => {
    await offer();
    await drag('Pending_Approval/email', 'In_Progress/local-agent');
    await pass();
    expect(wire.sent).toEqual([]);
    expect((await noteAt(PENDING[0])).body).toContain('you did not approve this');
  });

  it('and was changed after our claim is not sent', async () => {
    await offer();
    await approve();
    await expect(pass('handler:claimed')).rejects.toThrow(Killed);
    const path = join(vault.root, 'In_Progress/local-agent', NAME);
    await writeFile(
      path,
      (await readFile(path, 'utf8'))
        .replace('anna@example.org>"\nreply_cc', 'evil@example.net>"\nreply_cc')
        .replace('yes.', 'no.'),
    );
    await pass();
    expect(wire.sent).toEqual([]);
  });

  it('and is deleted after the seal is sent all the same, as it was sealed', async () => {
    await offer();
    await approve();
    await expect(pass('handler:sealed')).rejects.toThrow(Killed);
    await rm(join(vault.root, 'In_Progress/local-agent', NAME));
    await pass();
    expect(wire.sent).toHaveLength(1);
    expect(await places()).toEqual(DONE());
  });
});

describe('a mail in doubt', () => {
  beforeEach(async () => {
    wire.verdict = { verdict: 'in_doubt', words: 'connection lost' };
    await offer();
    await approve();
  });

  it('is settled without the user when it lies in Sent', async () => {
    wire.inSent = 'found';
    await pass();
    expect(await places()).toEqual(DONE());
    expect(wire.sent).toHaveLength(1);
  });

  it('is asked about after a while, never sent again by itself', async () => {
    await pass();
    expect(await places()).toEqual([`In_Progress/local-agent/${NAME}`]);
    now += 61_000;
    await pass();
    await pass();
    expect(wire.sent).toHaveLength(1);
    const asked = await noteAt(PENDING[0]);
    expect(text(asked, 'outcome')).toBe('in_doubt');
    expect(asked.body).toContain('Was this sent?');
  });

  it('is sent again as the user edited it, although the answer was followed by a kill', async () => {
    await pass();
    now += 61_000;
    await pass();
    const path = join(vault.root, PENDING[0] ?? '');
    await writeFile(path, (await readFile(path, 'utf8')).replace('yes.', 'yes, at noon.'));
    wire.verdict = { verdict: 'sent', words: '250 ok' };
    await approve();
    await expect(pass('handler:doubt-answered')).rejects.toThrow(Killed);
    await pass();
    expect(wire.sent).toHaveLength(2);
    expect(wire.sent[1]).toContain('yes, at noon.');
    expect(await places()).toEqual(DONE());
  });

  it('is sent again when the user moves the question to Approved', async () => {
    now += 61_000;
    await pass();
    now += 61_000;
    await pass();
    wire.verdict = { verdict: 'sent', words: '250 ok' };
    await approve();
    await pass();
    expect(wire.sent).toHaveLength(2);
    expect(await places()).toEqual(DONE());
  });

  it('is closed when the user moves the question to Rejected', async () => {
    await pass();
    now += 61_000;
    await pass();
    await drag('Pending_Approval/email', 'Rejected');
    await pass();
    expect(await places()).toEqual([`Rejected/${NAME}`]);
    expect(await readdir(join(stateDir, 'active'))).toEqual([]);
    await drag('Rejected', 'Approved');
    await pass();
    expect(wire.sent).toHaveLength(1);
  });

  it('is finished when the operator resolves it as sent', async () => {
    await pass();
    now += 61_000;
    await pass();
    await (await start()).edges.mail.journal.resolve(ID, 'user_sent', 'handover resolve');
    await pass();
    await pass();
    expect(wire.sent).toHaveLength(1);
    expect(await places()).toEqual(DONE());
  });
});

describe('killed at', () => {
  const points = CRASH_POINTS.filter((p) => p.startsWith('handler:') && !/^handler:(bounce|doubt)/.test(p));
  it.each(points)('%s, it sends once and the note ends in Done', async (point) => {
    await offer();
    await approve();
    await expect(pass(point)).rejects.toThrow(Killed);
    await pass();
    await pass();
    expect(wire.sent).toHaveLength(1);
    expect(await places()).toEqual(DONE());
    expect(await readdir(join(stateDir, 'active'))).toEqual([]);
  });

  it.each(['handler:bounce-written', 'handler:bounced'] as const)(
    '%s, a refused card ends in Pending, unsent',
    async (point) => {
      wire.dry = true;
      await offer();
      await approve();
      await expect(pass(point)).rejects.toThrow(Killed);
      await pass();
      await pass();
      expect(await places()).toEqual(PENDING);
      wire.dry = false;
      await approve();
      await pass();
      expect(wire.sent).toHaveLength(1);
    },
  );
});
