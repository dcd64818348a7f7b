import { mkdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import type { DeliveryVerdict } from '../../src/core/delivery-verdict.ts';
import { newBody, withReply, withVerdict } from '../../src/core/body.ts';
import { parseNote, renderNote, type TaskNote } from '../../src/core/task-file.ts';
import type { TaskId } from '../../src/core/task-id.ts';
import { openMailJournal } from '../../src/mail/submission/sealed-mail.ts';
import { SealedReplies } from '../../src/mail/submission/sealed-replies.ts';
import { isAlive, ownIdentity } from '../../src/runtime/process-identity.ts';
import { ActiveEffects } from '../../src/stages/active-effects.ts';
import { type ApprovalDeps, scanApprovals } from '../../src/stages/execute-approval.ts';
import type { EffectEdge } from '../../src/stages/effect-edge.ts';
import type { MailEffects } from '../../src/stages/mail-effects.ts';
import { mailOnly } from '../helpers/edges.ts';
import { CardTracker } from '../../src/stages/offered-cards.ts';
import { Offers } from '../../src/stages/offers.ts';
import { Vault } from '../../src/vault/vault.ts';
import { testDir } from '../helpers/testdir.ts';

/** The approval stage as it runs beside a Syncthing whose peer is the attacker: vault, journal and records are real. */

const ID = 'em-0123456789abcdef' as TaskId;
const NAME = `Anna Berg Visit ${ID}.md`;
const PENDING = `Pending_Approval/email/${NAME}`;
const MINE = `In_Progress/local-agent/${NAME}`;
const NEW_LINE = /added.*eve@example\.net/;

let vault: Vault;
let stateDir: string;
let now: number;
let sent: string[];
let closed: string | null;
let drafting: string[];
let ledger: {
  continuous: boolean;
  broken: boolean;
  untold: (() => Promise<void>)[];
  flush: () => Promise<void>;
};
let tracker: CardTracker;
let verdict: DeliveryVerdict;

beforeEach(async () => {
  const base = await testDir();
  stateDir = join(base, 'state');
  await mkdir(join(base, 'vault'));
  await mkdir(stateDir);
  vault = await Vault.open(join(base, 'vault'));
  await vault.ensureFolders();
  now = Date.now() + 60_000;
  sent = [];
  closed = null;
  drafting = [];
  verdict = { verdict: 'sent', words: '250 ok' };
  ledger = {
    continuous: true,
    broken: false,
    untold: [],
    flush: async () => {
      if (ledger.broken) throw new Error('Syncthing does not answer');
      for (const tell of ledger.untold.splice(0)) await tell();
    },
  };
  newTracker();
});

/** The handler starts. */
function newTracker(): void {
  const clock = { now: () => now };
  const offers = new Offers({ stateDir, clock: { ...clock, sleep: () => Promise.resolve() } });
  tracker = new CardTracker({ vault, offers, clock, log: pino({ level: 'silent' }) });
  tracker.follow(ledger);
}

function card(over: Record<string, unknown> = {}, reply = 'Hello Anna,\n\nyes.'): TaskNote {
  const verdictNow = { kind: 'todo', title: 'Draft', lines: [] } as const;
  return {
    data: {
      id: ID,
      kind: 'email_reply',
      rev: 2,
      from: 'Anna <anna@example.org>',
      message_id: '<q@example.org>',
      reply_to: ['Anna <anna@example.org>'],
      reply_cc: [],
      reply_subject: 'Re: Visit',
      quote: false,
      ...(over as TaskNote['data']),
    },
    body: newBody({ verdict: verdictNow, reply, feedback: '', original: '' }),
  };
}
const EVIL = () => card({ reply_to: ['Eve <eve@example.net>'] });

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
      const { sealed } = await journal.view(id);
      if (!sealed) throw new Error('nothing is sealed');
      const begun = await journal.beginAttempt(id, sealed.seal);
      if (!begun.ok) return { kind: 'settled' };
      begun.attempt.transmitting();
      if (verdict.verdict === 'sent') sent.push(Buffer.from(await journal.payload(sealed)).toString());
      await begun.attempt.finish(verdict, 'final-reply');
      return { kind: 'settled' };
    },
  };
  const offers = new Offers({ stateDir, clock });
  return {
    vault,
    clock,
    offers,
    edges: mailOnly({
      ...{ effects, vault, offers, clock },
      journal: new SealedReplies({
        journal,
        from: { name: 'Me', address: 'me@example.com' },
        now: () => now,
      }),
    }),
    cards: tracker,
    gate: () => Promise.resolve(closed),
    drafting: { has: (name) => Promise.resolve(drafting.includes(name)) },
    synced: true,
    active: new ActiveEffects(stateDir),
    log: pino({ level: 'silent' }),
    at: () => undefined,
    audit: { append: () => Promise.resolve() },
    timeZone: 'UTC',
    undoMs: 10_000,
    expiresMs: 3_600_000,
    newClaim: () => '01TEST',
    isSystemFault: () => false,
    wakeAt: () => undefined,
    waiting: () => undefined,
  };
}

/** Passes until nothing can move any more: long enough for every window that is waited for. */
async function passes(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    await tracker.sight();
    await scanApprovals(await stage(), new AbortController().signal);
    now += 20_000;
  }
}
const write = (path: string, note: TaskNote | string) =>
  writeFile(join(vault.root, path), typeof note === 'string' ? note : renderNote(note));

/** The peer's Syncthing brought this version; `late`: it is told of only when somebody asks. */
async function remote(path: string, note: TaskNote | string | null, late = false): Promise<void> {
  if (note === null) await rm(join(vault.root, path));
  else await write(path, note);
  const action = note === null ? 'deleted' : 'modified';
  const tell = () => tracker.changed({ path, action, origin: 'remote' });
  if (late) ledger.untold.push(tell);
  else await tell();
}
async function local(from: string, to: string): Promise<void> {
  await rename(join(vault.root, from), join(vault.root, to));
  await tracker.changed({ path: to, action: 'modified', origin: 'local' });
  await tracker.changed({ path: from, action: 'deleted', origin: 'local' });
}
const approve = (path = PENDING) =>
  rename(join(vault.root, path), join(vault.root, 'Approved', path.split('/').at(-1) ?? ''));
const at = async (path: string): Promise<TaskNote> => {
  const parsed = parseNote(await readFile(join(vault.root, path), 'utf8'));
  if (!parsed.ok) throw new Error(parsed.fault.message);
  return parsed.note;
};
const exists = (path: string) =>
  readFile(join(vault.root, path)).then(
    () => true,
    () => false,
  );

/** It came back with the difference on top and nothing left; a second yes then sends what stands there. */
async function cameBack(words: RegExp, path = PENDING): Promise<void> {
  expect(sent).toEqual([]);
  const { body } = await at(path);
  expect(body.split('\n')[0]).toMatch(/^> \[!warning\|handover\] Not sent/);
  expect(body).toMatch(words);
  await approve(path);
  await passes();
  expect(sent).toHaveLength(1);
}

describe('a card that was seen pending', () => {
  beforeEach(async () => {
    await remote(PENDING, card());
    await passes();
  });

  it('is sent when it is moved unchanged', async () => {
    await approve();
    await passes();
    expect(sent).toHaveLength(1);
  });

  it('is sent as the user edited it, without being asked', async () => {
    await write(PENDING, { ...card(), body: withReply(card().body, 'Hello Anna,\n\nno.') });
    await approve();
    await passes();
    expect(sent[0]).toContain('no.');
  });

  it('waits until it is known who changed it', async () => {
    await write(PENDING, EVIL());
    ledger.broken = true;
    await approve();
    await passes();
    expect(sent).toEqual([]);
    expect(await exists(MINE)).toBe(true);
    ledger.broken = false;
    await passes();
    expect(sent).toHaveLength(1);
  });

  it.each([
    ['recipients', EVIL(), NEW_LINE],
    ['copies', card({ reply_cc: ['eve@example.net'] }), NEW_LINE],
    ['subject', card({ reply_subject: 'Invoice' }), /Subject: was .*Re: Visit.*now .*Invoice/],
    ['text', card({}, 'Hello Anna,\n\nsend money.'), /\+ `send money\.`/],
  ])('and then changed by the peer (%s) comes back with the difference', async (_what, changed, words) => {
    await remote(PENDING, changed);
    await approve();
    await passes();
    await cameBack(words);
  });

  it('and changed in the very moment of the move, told late, comes back', async () => {
    await remote(PENDING, EVIL(), true);
    await approve();
    await passes();
    await cameBack(NEW_LINE);
  });

  it('and changed, changed back and changed again comes back', async () => {
    await remote(PENDING, EVIL(), true);
    await remote(PENDING, card(), true);
    await ledger.flush();
    await remote(PENDING, EVIL(), true);
    await approve();
    await passes();
    await cameBack(NEW_LINE);
  });

  it('and changed back for good is sent as it was shown', async () => {
    await remote(PENDING, EVIL());
    await remote(PENDING, card());
    await approve();
    await passes();
    expect(sent[0]).toMatch(/^To: Anna <anna@example\.org>$/m);
  });

  it.each(['under the same name elsewhere', 'under another name'])(
    'comes back when a second one lies %s',
    async (where) => {
      const other =
        where === 'under another name' ? 'Pending_Approval/email/Copy.md' : `Needs_Action/email/${NAME}`;
      await remote(other, EVIL(), true);
      await approve(other);
      await passes();
      const second = NAME.replace('.md', ' (2).md');
      await cameBack(NEW_LINE, where === 'under another name' ? other : `Pending_Approval/email/${second}`);
    },
  );

  it("stays the user's while it waits to be looked up, under a name without its id as well", async () => {
    const renamed = 'Pending_Approval/email/My visit.md';
    await rename(join(vault.root, PENDING), join(vault.root, renamed));
    await write(renamed, EVIL());
    ledger.broken = true;
    await approve(renamed);
    await passes();
    expect(await exists('In_Progress/local-agent/My visit.md')).toBe(true);
    ledger.broken = false;
    await passes();
    await cameBack(/changed after it was offered[^]*added.*eve@example\.net/, renamed);
  });

  it('deleted and offered again with another content comes back', async () => {
    await remote(PENDING, null);
    await passes();
    await remote(PENDING, EVIL());
    await passes();
    await approve();
    await passes();
    await cameBack(NEW_LINE);
  });

  it('changed while nobody listened comes back; unchanged then, it goes on as before', async () => {
    await tracker.gap();
    await write(PENDING, { ...card(), body: withReply(card().body, 'mine') });
    await approve();
    await passes();
    expect(sent).toHaveLength(1);
  });

  it('changed before a gap comes back', async () => {
    await write(PENDING, EVIL());
    await tracker.gap();
    await approve();
    await passes();
    await cameBack(NEW_LINE);
  });

  it("recorded while Syncthing did not answer is taken as the user's edit by nobody", async () => {
    ledger.continuous = false;
    newTracker();
    const id = 'em-1111111111111111' as TaskId;
    const path = `Pending_Approval/email/Second ${id}.md`;
    await remote(path, card({ id }));
    await passes();
    await write(path, card({ id, reply_to: ['eve@example.net'] }));
    ledger.continuous = true;
    await approve(path);
    await passes();
    await cameBack(NEW_LINE, path);
  });

  it('taken back here and drafted again is a new offer', async () => {
    await local(PENDING, `Needs_Action/email/${NAME}`);
    await passes();
    await remote(`Needs_Action/email/${NAME}`, null);
    await remote(PENDING, card({}, 'Hello Anna,\n\na new draft.'));
    await passes();
    await approve();
    await passes();
    expect(sent[0]).toContain('a new draft.');
  });

  it('taken back and moved on to Approved from elsewhere, changed, comes back', async () => {
    await local(PENDING, `Needs_Action/email/${NAME}`);
    await remote(`Needs_Action/email/${NAME}`, EVIL());
    await approve(`Needs_Action/email/${NAME}`);
    await passes();
    await cameBack(NEW_LINE);
  });

  it('that lies in Rejected too is not sent, however often it is approved, until one is gone', async () => {
    await write(`Rejected/${NAME}`, card());
    await approve();
    await passes();
    await approve();
    await passes();
    expect(sent).toEqual([]);
    expect((await at(PENDING)).body).toMatch(/lies in `Rejected` as well/);
    await rm(join(vault.root, 'Rejected', NAME));
    await approve();
    await passes();
    expect(sent).toHaveLength(1);
  });
});

describe('what came back', () => {
  beforeEach(async () => {
    await remote(PENDING, card());
    await passes();
    await remote(PENDING, EVIL());
    await approve();
    await passes();
  });

  it('and had its explanation removed by the peer comes back again', async () => {
    const now_ = await at(PENDING);
    await remote(PENDING, {
      ...now_,
      body: withVerdict(now_.body, { kind: 'todo', title: 'Draft', lines: [] }),
    });
    await approve();
    await passes();
    expect(sent).toEqual([]);
    expect((await at(PENDING)).body).toMatch(/explanation that stood on top was changed/);
  });

  it("and was replaced while it came back is not taken for the user's edit", async () => {
    // Between the record and the move: the peer puts its own note under the name first.
    await approve();
    const move = vault.moveToFreeName.bind(vault);
    let raced = false;
    vault.moveToFreeName = async (ref, to) => {
      if (to === 'Pending_Approval/email' && !raced) {
        raced = true;
        await remote(PENDING, card({ reply_to: ['mallory@example.net'] }));
      }
      return move(ref, to);
    };
    await write(`Rejected/${NAME}`, card());
    await passes();
    await rm(join(vault.root, 'Rejected', NAME));
    await approve();
    await passes();
    expect(sent).toEqual([]);
    expect((await at(PENDING)).body).toMatch(/added.*mallory@example\.net/);
  });
});

it('a card that came to life while another was checked is not taken for the one that came back', async () => {
  await remote(PENDING, card());
  await passes();
  await approve();
  await remote(PENDING, EVIL());
  await write(`Rejected/${NAME}`, card());
  await passes();
  await rm(join(vault.root, 'Rejected', NAME));
  await approve();
  await passes();
  await cameBack(NEW_LINE);
});

describe('a forged note in our own folder', () => {
  it.each([
    ['bare', {}],
    ['with a claim', { claim: '01X', claimed_by: 'local-agent', outcome: undefined }],
    ['as if it had come back', { outcome: 'bounced' }],
    ['as if it was in doubt', { outcome: 'in_doubt' }],
    ['as if it was sent', { outcome: 'sent', sent_at: '2026-11-20T08:00:00' }],
  ])('(%s) is no yes and replaces no offer', async (_what, data) => {
    await remote(PENDING, card());
    await passes();
    await remote(PENDING, null);
    await remote(MINE, card({ reply_to: ['Eve <eve@example.net>'], ...data }));
    await passes();
    expect(sent).toEqual([]);
    // The warning is taken away again, and the user, who read the first card, moves it.
    await remote(PENDING, EVIL());
    await approve();
    await passes();
    await cameBack(NEW_LINE);
  });

  it('changes nothing of a mail that the server refused: what was approved comes back', async () => {
    verdict = { verdict: 'failed', words: '550 no', cause: 'content' };
    await remote(PENDING, card());
    await passes();
    await approve();
    await tracker.sight();
    const deps = await stage();
    const halfway: EffectEdge = {
      ...deps.edges.mail,
      send: async (id) => {
        await deps.edges.mail.send(id);
        await remote(MINE, EVIL());
        return { kind: 'unknown', why: 'killed' };
      },
    };
    await scanApprovals({ ...deps, edges: { ...deps.edges, mail: halfway } }, new AbortController().signal);
    now += 20_000;
    await passes();
    const back = await at(PENDING);
    expect(back.data['reply_to']).toEqual(['Anna <anna@example.org>']);
    expect(back.body).toMatch(/the mail server refused it/);
  });

  it('answers no doubt: the question is asked again', async () => {
    verdict = { verdict: 'in_doubt', words: 'silence' };
    await remote(PENDING, card());
    await passes();
    await approve();
    for (let i = 0; i < 4; i++) await passes();
    const asked = await at(PENDING);
    expect(asked.body).toMatch(/Was this sent/);
    // The peer hides the question; the user takes it for a card that waits.
    verdict = { verdict: 'sent', words: '250 ok' };
    await remote(PENDING, {
      ...asked,
      body: withVerdict(asked.body, { kind: 'todo', title: 'x', lines: [] }),
    });
    await approve();
    await passes();
    expect(sent).toEqual([]);
    expect((await at(PENDING)).body).toMatch(/Was this sent/);
  });

  it('that is being drafted by the take-over is left alone', async () => {
    drafting = [NAME];
    await write(MINE, card());
    await passes();
    expect(await exists(MINE)).toBe(true);
  });
});

describe('a card never seen pending', () => {
  it('was approved by a device of the user: it is sent', async () => {
    await write(`Approved/${NAME}`, card());
    await passes();
    expect(sent).toHaveLength(1);
  });

  it('but has not the name of its id, or was unreadable when it was seen: it is offered', async () => {
    await write('Approved/Some card.md', card());
    await passes();
    expect(sent).toEqual([]);
    const id = 'em-2222222222222222' as TaskId;
    const path = `Pending_Approval/email/Odd ${id}.md`;
    await remote(path, '---js\nmodule.exports = {}\n---\n');
    await passes();
    await remote(path, card({ id }));
    await approve(path);
    await passes();
    expect(sent).toEqual([]);
    expect((await at(path)).body).toMatch(/could not be sent, or not be read/);
  });

  it('and unreadable when the first change was told, while a pass was busy: it is offered', async () => {
    await remote(PENDING, 'nothing yet');
    await remote(PENDING, EVIL());
    await approve();
    await passes();
    await cameBack(/could not be sent, or not be read/);
  });

  it('is recorded by the first change that is told, also while a pass is busy', async () => {
    await remote(PENDING, card());
    await write(PENDING, EVIL());
    await remote(PENDING, EVIL());
    await approve();
    await passes();
    await cameBack(NEW_LINE);
  });
});

describe('while effects are refused', () => {
  it('nothing is claimed and nothing leaves; what is no effect goes on', async () => {
    await remote(PENDING, card());
    await passes();
    closed = 'the cloud could write into Approved';
    await approve();
    await write(`In_Progress/local-agent/Forged em-3333333333333333.md`, card({ id: 'em-3333333333333333' }));
    await passes();
    expect(sent).toEqual([]);
    expect(await exists(`Approved/${NAME}`)).toBe(true);
    expect(await exists('Pending_Approval/email/Forged em-3333333333333333.md')).toBe(true);
    closed = null;
    await passes();
    expect(sent).toHaveLength(1);
  });

  it('a yes is taken when every link that it could have come through is known, and by what is known then', async () => {
    await remote(PENDING, card());
    await tracker.sight();
    await approve();
    const { ctimeMs } = await stat(join(vault.root, 'Approved', NAME));
    const asked: number[] = [];
    const gate = (notBefore = 0) => {
      asked.push(notBefore);
      return Promise.resolve(null);
    };
    const deps = { ...(await stage()), undoMs: 0, gate };
    now = Math.ceil(ctimeMs) + 2_900;
    await scanApprovals(deps, new AbortController().signal);
    expect(sent).toEqual([]);
    now += 200;
    await scanApprovals(deps, new AbortController().signal);
    expect(sent).toHaveLength(1);
    expect(Math.max(...asked)).toBe(ctimeMs + 3_000);
  });

  it('a mail that was sealed before waits as well', async () => {
    await remote(PENDING, card());
    await passes();
    await approve();
    const deps = await stage();
    const dead: EffectEdge = {
      ...deps.edges.mail,
      send: () => Promise.resolve({ kind: 'unknown', why: 'killed' }),
    };
    await scanApprovals({ ...deps, edges: { ...deps.edges, mail: dead } }, new AbortController().signal);
    closed = 'refused';
    await passes();
    expect(sent).toEqual([]);
    closed = null;
    await passes();
    expect(sent).toHaveLength(1);
  });
});

it('a link in the place of a card is no card and leads nowhere', async () => {
  await remote(PENDING, card());
  await passes();
  const outside = join(vault.root, '..', 'outside.md');
  await writeFile(outside, renderNote(EVIL()));
  await rm(join(vault.root, PENDING));
  await symlink(outside, join(vault.root, PENDING));
  await tracker.changed({ path: PENDING, action: 'modified', origin: 'remote' });
  await approve();
  await passes();
  expect(sent).toEqual([]);
  expect(await readFile(outside, 'utf8')).toBe(renderNote(EVIL()));
});
