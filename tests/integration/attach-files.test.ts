import { createHash } from 'node:crypto';
import { mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import { mailActionOf } from '../../src/core/approval.ts';
import { newBody, readSections } from '../../src/core/body.ts';
import { attachmentEntry } from '../../src/core/outgoing-attachments.ts';
import { list, type TaskNote } from '../../src/core/task-file.ts';
import type { TaskId } from '../../src/core/task-id.ts';
import { type AttachDeps, attachFiles } from '../../src/stages/attach-files.ts';
import { loadAttachments } from '../../src/stages/load-attachments.ts';
import { CardTracker, oneMachineCards } from '../../src/stages/offered-cards.ts';
import { contentOf, Offers } from '../../src/stages/offers.ts';
import { Vault } from '../../src/vault/vault.ts';
import { testDir } from '../helpers/testdir.ts';

/** What a card attaches at the yes, on a real vault: on one machine, and beside a Syncthing whose peer is the attacker. */

const ID = 'em-0123456789abcdef' as TaskId;

let vault: Vault;
let offers: Offers;
let now: number;
let tracker: CardTracker;
let ledger: {
  continuous: boolean;
  broken: boolean;
  untold: (() => Promise<void>)[];
  flush: () => Promise<void>;
};

beforeEach(async () => {
  const base = await testDir();
  await mkdir(join(base, 'vault'));
  vault = await Vault.open(join(base, 'vault'));
  await vault.ensureFolders();
  now = Date.now() + 60_000;
  const clock = { now: () => now, sleep: () => Promise.resolve() };
  offers = new Offers({ stateDir: join(base, 'state'), clock });
  tracker = new CardTracker({ vault, offers, clock, log: pino({ level: 'silent' }) });
  ledger = {
    continuous: true,
    broken: false,
    untold: [],
    flush: async () => {
      if (ledger.broken) throw new Error('Syncthing does not answer');
      for (const tell of ledger.untold.splice(0)) await tell();
    },
  };
  tracker.follow(ledger);
});

const OFFERED = 'Hello Anna,\n\nyes.';

function card(reply: string, over: TaskNote['data'] = {}, above = ''): TaskNote {
  const verdict = { kind: 'question', title: 'Draft', lines: [] } as const;
  const data = {
    id: ID,
    kind: 'email_reply',
    reply_to: ['anna@example.org'],
    reply_subject: 'Re: Visit',
    quote: false,
  };
  return {
    data: { ...data, ...over },
    body: `${above}${newBody({ verdict, reply, feedback: '', original: '' })}`,
  };
}

type Shown = Parameters<typeof attachFiles>[2];
const offered = (note = card(OFFERED), told: readonly string[] = []): Shown => ({
  shown: contentOf(note).shown,
  told: [...told],
});

function machine(synced: boolean): AttachDeps {
  return { vault, cards: synced ? tracker : oneMachineCards(offers), clock: { now: () => now }, synced };
}
const alone = (note: TaskNote, offer: Shown = offered()) => attachFiles(machine(false), note, offer);
const beside = (note: TaskNote, offer: Shown = offered()) => attachFiles(machine(true), note, offer);

async function put(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(vault.root, path)), { recursive: true });
  await writeFile(join(vault.root, path), content);
}
/** The user put it there and Syncthing found it; some time passes. */
async function own(path: string, content: string | Uint8Array): Promise<void> {
  await put(path, content);
  await tracker.changed({ path, action: 'modified', origin: 'local', at: Date.now() });
}
async function remote(path: string, content: string, late = false): Promise<void> {
  await put(`${path}.new`, content);
  await rename(join(vault.root, `${path}.new`), join(vault.root, path));
  const tell = () => tracker.changed({ path, action: 'modified', origin: 'remote', at: Date.now() });
  if (late) ledger.untold.push(tell);
  else await tell();
}
const sha = (content: string) => createHash('sha256').update(content).digest('hex');
const lines = async (result: ReturnType<typeof alone>) => {
  const { is, ...rest } = await result;
  return is === 'back' && 'lines' in rest ? rest.lines.join('\n') : is;
};

describe('a card without files', () => {
  it('is sealed as it stands: the very same note', async () => {
    const note = card('See https://example.org/a.pdf and `[[a.pdf]]`.');
    expect(await beside(note)).toMatchObject({ is: 'attached', note, told: [] });
    const invoice = {
      data: { id: 'od-0123456789abcdef', attach: ['x.pdf'] },
      body: '## Reply\n\n[[a.pdf]]\n',
    };
    expect(await beside(invoice)).toMatchObject({ is: 'attached', note: invoice });
  });
});

describe('a file that the user linked on one machine', () => {
  it('leaves with the mail, by its digest, and its name stands where the link stood', async () => {
    await put('Attachments/offer.pdf', 'OFFER');
    await put('Projects/Roof/plan.png', 'PLAN');
    await put('Prices 2026.pdf', 'PRICES');
    const reply =
      'See [[offer.pdf|our offer]],\n![[plan.png]]\n[Prices](Prices%202026.pdf) and again [[offer.pdf]].';
    const result = await alone(card(reply, { attach: ['[[Roof/plan.png]]'] }));
    if (result.is !== 'attached') throw new Error(JSON.stringify(result));
    expect(readSections(result.note.body).reply).toBe(
      'See our offer (offer.pdf),\nplan.png\nPrices (Prices 2026.pdf) and again offer.pdf.',
    );
    expect(list(result.note, 'reply_attachments')).toEqual([
      `offer.pdf sha256:${sha('OFFER')}`,
      `Projects/Roof/plan.png sha256:${sha('PLAN')}`,
      `/Prices 2026.pdf sha256:${sha('PRICES')}`,
    ]);
    expect(result.note.data).not.toHaveProperty('attach');
    const read = mailActionOf(result.note);
    if (!read.ok) throw new Error(read.reasons.join());
    const loaded = await loadAttachments(vault, read.action.attachments);
    expect(
      loaded.ok && loaded.files.map((f) => [f.filename, f.contentType, Buffer.from(f.content).toString()]),
    ).toEqual([
      ['offer.pdf', 'application/pdf', 'OFFER'],
      ['plan.png', 'image/png', 'PLAN'],
      ['Prices 2026.pdf', 'application/pdf', 'PRICES'],
    ]);
  });

  it('cannot change between the look and the seal', async () => {
    await put('a.pdf', 'A');
    const result = await alone(card('[[a.pdf]]'));
    if (result.is !== 'attached') throw new Error(JSON.stringify(result));
    await put('a.pdf', 'B');
    const read = mailActionOf(result.note);
    if (!read.ok) throw new Error(read.reasons.join());
    expect(await loadAttachments(vault, read.action.attachments)).toMatchObject({
      ok: false,
      reasons: [expect.stringContaining('changed since')],
    });
  });

  it('is asked about when the link stood in the draft: a mail may have talked it in', async () => {
    await put('payslip.pdf', 'SECRET');
    const draft = card('Our terms: [our terms](Attachments/payslip.pdf) [[payslip.pdf|terms]]');
    await put('Attachments/payslip.pdf', 'ALSO SECRET');
    const first = await alone(draft, offered(draft));
    expect(await lines(Promise.resolve(first))).toMatch(/`payslip.pdf` is the name of 2 files/);
    const one = card('See [[Attachments/payslip.pdf|our terms]].');
    const back = await alone(one, offered(one));
    expect(await lines(Promise.resolve(back))).toMatch(
      /\[\[Attachments\/payslip.pdf\]\], 11 bytes \(sha256 [0-9a-f]{12}\)/,
    );
    if (back.is !== 'back') throw new Error('not back');
    expect(await alone(one, offered(one, back.told))).toMatchObject({ is: 'attached' });
    await put('Attachments/payslip.pdf', 'SWAPPED');
    expect(await lines(alone(one, offered(one, back.told)))).toContain('7 bytes');
    expect(await alone(one, null)).toMatchObject({ is: 'back' });
  });

  it('is not asked about when the user asked for it in a note of their own', async () => {
    await own('a.pdf', 'A');
    const wished = card('Here it is: [[a.pdf]]', {}, 'Send Anna [[a.pdf]].\n\n');
    expect(await alone(wished, offered(wished))).toMatchObject({ is: 'attached' });
    expect(await beside(wished, offered(wished))).toMatchObject({ is: 'back' });
    const listed = card('Here it is.', { attach: 'a.pdf' });
    expect(await alone(listed, offered(listed))).toMatchObject({ is: 'attached' });
    expect(await beside(listed, offered(listed))).toMatchObject({ is: 'back' });
    // Two who ask, and one of them may be anybody.
    const twice = card('Here: [[A.pdf|more]] and [[a.pdf]]');
    expect(await alone(twice, offered(card('Here: [[A.pdf|more]]')))).toMatchObject({ is: 'back' });
    expect(await alone(twice)).toMatchObject({ is: 'attached' });
    // Our own callout holds words of strangers.
    const quoted = card('Here it is: [[a.pdf]]', {}, '> [!warning|handover] [[a.pdf]]\n\n');
    expect(await alone(quoted, offered(quoted))).toMatchObject({ is: 'back' });
  });
});

describe('a link that names nothing that can be attached', () => {
  it.each([
    ['[[Anna Berg]]', /`Anna Berg` is a note.*backticks/],
    ['[[Anna Berg.md]]', /is a note/],
    ['![[board.canvas]]', /is a note/],
    ['[[#Prices]]', /leads into this note/],
    ['[[none.pdf]]', /There is no file `none.pdf` in the vault/],
    ['[x](Attachments/none.pdf)', /There is no file/],
    ['[[two.pdf]]', /is the name of 2 files: `a\/two.pdf`, `b\/TWO.pdf`/],
    ['[[../../etc/passwd.txt]]', /There is no file/],
    ['[[a/../../x.pdf]]', /cannot be attached/],
    ['[[.obsidian/app.json]]', /cannot be attached/],
    ['[[fdp\u202etxt.exe]]', /cannot be attached/],
    ['[[link.pdf]]', /There is no file/],
    ['[[big.bin]]', /larger than 10 MB/],
    ['[[none.pdf]] [[big.bin]]', /There is no file `none.pdf`/],
  ])('brings the card back with the reason: %s', async (reply, words) => {
    await put('a/two.pdf', '1');
    await put('b/TWO.pdf', '2');
    await put('big.bin', Buffer.alloc(10_000_001));
    await symlink('/etc/passwd', join(vault.root, 'link.pdf'));
    expect(await lines(alone(card(reply)))).toMatch(words);
  });

  it('is told from a file of that name by its folder', async () => {
    await put('a/two.pdf', '1');
    await put('b/two.pdf', '2');
    await put('c/b/two.pdf', '3');
    const entry = async (reply: string) => {
      const result = await alone(card(reply));
      return result.is === 'attached' ? list(result.note, 'reply_attachments') : result;
    };
    expect(await entry('[[a/two.pdf]]')).toEqual([`a/two.pdf sha256:${sha('1')}`]);
    // A path from the root means that file; else the end of a path does.
    expect(await entry('[[b/two.pdf]]')).toEqual([`b/two.pdf sha256:${sha('2')}`]);
    expect(await entry('[[C/B/two.pdf]]')).toEqual([`c/b/two.pdf sha256:${sha('3')}`]);
  });

  it('brings too many files and too many bytes back', async () => {
    for (let n = 0; n < 11; n++) await put(`f${n}.bin`, Buffer.alloc(2_000_000, n));
    const all = (count: number) => card(Array.from({ length: count }, (_, n) => `[[f${n}.bin]]`).join(' '));
    expect(await lines(alone(all(11)))).toContain('More than 10 files');
    expect(await lines(alone(all(8)))).toContain('larger than 15 MB together');
    expect(await alone(all(7))).toMatchObject({ is: 'attached' });
    expect(await lines(alone(card('[[f1.bin]] '.repeat(21))))).toContain('more than 20 links');
  });
});

describe('a file that the user linked, beside another machine', () => {
  const note = card('See [[offer.pdf]].');

  it('leaves at once when it surely came from here', async () => {
    await own('Attachments/offer.pdf', 'OFFER');
    expect(await beside(note)).toMatchObject({ is: 'attached' });
  });

  it('is listed once when nobody can tell, and a second yes sends these bytes and no others', async () => {
    await put('Attachments/offer.pdf', 'FROM BEFORE');
    const back = await beside(note);
    expect(await lines(Promise.resolve(back))).toMatch(/\[\[Attachments\/offer.pdf\]\], 11 bytes/);
    if (back.is !== 'back') throw new Error('not back');
    expect(await beside(note, offered(note, back.told))).toMatchObject({ is: 'attached' });
    await remote('Attachments/offer.pdf', 'FROM EVE');
    expect(await lines(beside(note, offered(note, back.told)))).toContain('8 bytes');
  });

  it('is listed when the other machine replaced it, although the user had put it there', async () => {
    await own('Attachments/offer.pdf', 'OFFER');
    await remote('Attachments/offer.pdf', 'FROM EVE');
    expect(await beside(note)).toMatchObject({ is: 'back' });
  });

  it('is listed when its bytes are not those that were put there, whoever says what', async () => {
    await own('Attachments/offer.pdf', 'OFFER');
    await put('Attachments/offer.pdf', 'SOMETHING ELSE');
    expect(await beside(note)).toMatchObject({ is: 'back' });
  });

  it('is not taken before it is known what was replaced in the last moment', async () => {
    await own('Attachments/offer.pdf', 'OFFER');
    await remote('Attachments/offer.pdf', 'OFFER', true);
    now = Date.now() + 1_000;
    expect(await beside(note)).toMatchObject({ is: 'wait' });
    now += 60_000;
    // Brought by the other machine, if with the same bytes: told by now, and not surely the user's any more.
    expect(await beside(note)).toMatchObject({ is: 'back' });
  });

  it('waits while Syncthing does not answer, and is listed after a gap', async () => {
    await own('Attachments/offer.pdf', 'OFFER');
    ledger.broken = true;
    expect(await beside(note)).toMatchObject({ is: 'wait' });
    ledger.broken = false;
    await tracker.gap();
    expect(await beside(note)).toMatchObject({ is: 'back' });
    await own('Attachments/offer.pdf', 'OFFER');
    ledger.continuous = false;
    expect(await beside(note)).toMatchObject({ is: 'back' });
  });

  it('does not become the user’s by a touch', async () => {
    await remote('Attachments/offer.pdf', 'FROM EVE');
    await tracker.changed({
      path: 'Attachments/offer.pdf',
      action: 'modified',
      origin: 'local',
      at: Date.now(),
    });
    expect(await beside(note)).toMatchObject({ is: 'back' });
    // The handler was not there when it came, and it has lain there for hours: rights or dates were changed.
    await put('Attachments/old.pdf', 'FROM EVE');
    await utimes(join(vault.root, 'Attachments/old.pdf'), new Date(), new Date());
    await tracker.changed({
      path: 'Attachments/old.pdf',
      action: 'modified',
      origin: 'local',
      at: Date.now() + 2 * 3_600_000,
    });
    expect(await beside(card('[[old.pdf]]'))).toMatchObject({ is: 'back' });
    // What the user made of it since is theirs.
    await own('Attachments/offer.pdf', 'MINE AFTER ALL');
    expect(await beside(note)).toMatchObject({ is: 'attached' });
  });

  it('is forgotten when it was deleted, and never is a log', async () => {
    await own('Attachments/offer.pdf', 'OFFER');
    await rm(join(vault.root, 'Attachments/offer.pdf'));
    await tracker.changed({ path: 'Attachments/offer.pdf', action: 'deleted', origin: 'remote' });
    await put('Attachments/offer.pdf', 'OFFER');
    expect(await beside(note)).toMatchObject({ is: 'back' });
    await own('Logs/local-agent/2026-11-20.x.jsonl', '{}');
    expect(
      await tracker.judgeFile({ path: 'Logs/local-agent/2026-11-20.x.jsonl', sha256: sha('{}'), ctimeMs: 0 }),
    ).toBe('unsure');
  });

  it('is listed when the other machine wrote the link or the list', async () => {
    await own('Attachments/payslip.pdf', 'SECRET');
    const linked = card('Our terms: [[payslip.pdf]].');
    expect(await beside(linked, offered(linked))).toMatchObject({ is: 'back' });
    expect(await beside(linked, null)).toMatchObject({ is: 'back' });
    const entry = attachmentEntry({ name: 'payslip.pdf', sha256: sha('SECRET') });
    const listed = card('Hello', { reply_attachments: [entry] });
    const back = await beside(listed, offered(listed));
    expect(await lines(Promise.resolve(back))).toContain('payslip.pdf');
    if (back.is !== 'back') throw new Error('not back');
    expect(await beside(listed, offered(listed, back.told))).toMatchObject({ is: 'attached', note: listed });
    // A link of the user's own does not vouch for what stood there before.
    const both = card('[[payslip.pdf]]', { reply_attachments: [entry] });
    expect(await beside(both, offered(listed))).toMatchObject({ is: 'back' });
  });

  it('is refused when it is not what was offered', async () => {
    await own('Attachments/offer.pdf', 'OFFER');
    const listed = card('Hello', {
      reply_attachments: [attachmentEntry({ name: 'offer.pdf', sha256: sha('OTHER') })],
    });
    expect(await lines(beside(listed, offered(listed)))).toContain('changed since');
  });
});
