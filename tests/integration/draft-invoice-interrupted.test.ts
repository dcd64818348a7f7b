import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { postActionOf } from '../../src/core/odoo/post-action.ts';
import { idInName } from '../../src/core/task-id.ts';
import type { BooksFault } from '../../src/stages/draft-books.ts';
import { draftReplies } from '../../src/stages/draft-reply.ts';
import {
  drafted,
  INBOX,
  MINE,
  OFFERED,
  openInvoicer,
  requestNote,
  withRequest,
} from '../helpers/invoicer.ts';
import { replierDeps } from '../helpers/replier.ts';

/** Kills, faults and other hands on the way from the request to the card. */

const DOWN: BooksFault = { code: 'unreachable', class: 'transient', words: 'no connection' };

describe('killed', () => {
  it.each([
    'replier:claimed',
    'replier:settled',
    'replier:books-claimed',
    'replier:books-asked',
    'replier:books-drafted',
    'replier:draft-written',
    'replier:offer-recorded',
    'replier:offered',
  ] as const)('at %s, ends with one draft and one card', async (point) => {
    const invoicer = await openInvoicer();
    await invoicer.put(`${INBOX}/ACME November.md`, requestNote());
    await invoicer.killAt(point);
    await invoicer.pass();
    await invoicer.pass();
    expect(await invoicer.names(INBOX)).toEqual([]);
    expect(await invoicer.names(MINE)).toEqual([]);
    const { note, name } = await invoicer.card();
    expect(postActionOf(note)).toMatchObject({ ok: true, action: { id: idInName(name), odooId: 107 } });
    expect(invoicer.books.documents.size).toBe(1);
    expect(invoicer.errors).toEqual([]);
  });

  it.each(['replier:claimed', 'replier:books-drafted'] as const)(
    'at %s while revising, the change of the user is not lost',
    async (point) => {
      const invoicer = await drafted();
      await invoicer.giveBack((note) => withRequest(note, (r) => r.replace('| 10 |', '| 12 |')));
      await invoicer.killAt(point);
      await invoicer.pass();
      const { note } = await invoicer.card();
      expect(note.data).toMatchObject({ odoo_id: 107, amount_total: 1428 });
      expect(invoicer.books.documents.size).toBe(1);
    },
  );

  it('before the books are asked, the note says already under which id', async () => {
    const invoicer = await openInvoicer();
    await invoicer.put(`${INBOX}/ACME November.md`, requestNote());
    let asked = '';
    invoicer.books.before = async () => {
      const [name = ''] = await invoicer.names(MINE);
      const read = await invoicer.vault.read({ folder: MINE, name });
      asked ||= read.ok ? read.text : '';
    };
    await invoicer.pass();
    const { name } = await invoicer.card();
    expect(asked).toContain(`id: "${idInName(name)!}"`);
    expect(asked).toContain('claimed_by: "cloud-agent"');
  });
});

describe('books that do not answer', () => {
  it('the request waits, the user is told once, and nothing else is asked until then', async () => {
    const invoicer = await openInvoicer();
    invoicer.books.fault = { of: '*', fault: DOWN };
    await invoicer.put(`${INBOX}/One.md`, requestNote());
    await invoicer.put(`${INBOX}/Two.md`, requestNote({ customer: '#42' }));
    const { lookAgainAt } = await invoicer.pass();
    expect(invoicer.books.calls).toHaveLength(1);
    expect(invoicer.told).toEqual(['Odoo is not reached: no connection']);
    expect(await invoicer.names(MINE)).toHaveLength(1);
    expect(await invoicer.names(INBOX)).toHaveLength(1);
    expect(lookAgainAt).toBeGreaterThan(invoicer.now);
    await invoicer.pass();
    expect(invoicer.books.calls).toHaveLength(1);
    invoicer.books.fault = null;
    invoicer.now = lookAgainAt!;
    await invoicer.pass();
    expect(await invoicer.names(OFFERED)).toHaveLength(2);
    expect(invoicer.told).toEqual(['Odoo is not reached: no connection', null]);
  });

  it('a wrong key pauses the edge, and the words say so', async () => {
    const invoicer = await openInvoicer();
    invoicer.books.fault = {
      of: '*',
      fault: { code: 'authentication', class: 'authentication', words: 'the key is not accepted' },
    };
    await invoicer.put(`${INBOX}/One.md`, requestNote());
    const { lookAgainAt } = await invoicer.pass();
    expect(invoicer.told[0]).toBe(
      'Odoo refuses the key of the cloud, so nothing is drafted: the key is not accepted',
    );
    expect(lookAgainAt! - invoicer.now).toBeGreaterThanOrEqual(30_000);
    expect(await invoicer.names(MINE)).toHaveLength(1);
  });

  it('a draft whose answer was lost is found, not made twice', async () => {
    const invoicer = await openInvoicer();
    const create = invoicer.books.createDraft.bind(invoicer.books);
    let lost = true;
    invoicer.books.createDraft = async (task, draft, signal) => {
      const made = await create(task, draft, signal);
      if (!lost) return made;
      lost = false;
      return { ok: false, fault: { code: 'unknown', class: 'transient', words: 'no answer' } };
    };
    await invoicer.put(`${INBOX}/One.md`, requestNote());
    await invoicer.pass();
    expect(await invoicer.names(MINE)).toHaveLength(1);
    invoicer.now += 60_000;
    await invoicer.pass();
    expect((await invoicer.card()).note.data['odoo_id']).toBe(107);
    expect(invoicer.books.documents.size).toBe(1);
  });

  it('an answer that can never be read is a question in the end, and others are not held up', async () => {
    const invoicer = await openInvoicer();
    invoicer.books.fault = {
      of: 'createDraft',
      fault: { code: 'malformed', class: 'transient', words: 'the answer cannot be read' },
    };
    await invoicer.put(`${INBOX}/One.md`, requestNote());
    for (let round = 0; round < 6; round += 1) {
      await invoicer.pass();
      invoicer.now += 10 * 60_000;
    }
    expect((await invoicer.card()).verdict).toContain('Odoo says: the answer cannot be read');
    expect(invoicer.told).toEqual([]);
  });

  it('what Odoo refuses is a question in its words, made harmless', async () => {
    const invoicer = await openInvoicer();
    invoicer.books.fault = {
      of: 'createDraft',
      fault: { code: 'refused', class: 'logic', words: 'The period is locked %%[[x]]`' },
    };
    await invoicer.put(`${INBOX}/One.md`, requestNote());
    await invoicer.pass();
    expect((await invoicer.card()).verdict).toContain("Odoo says: The period is locked % %[ [x] ]'");
  });
});

describe('other hands', () => {
  it('a request that two agents reach for at once has one owner, one draft and one card', async () => {
    const invoicer = await openInvoicer();
    for (let at = 0; at < 8; at += 1) await invoicer.put(`${INBOX}/R${at}.md`, requestNote());
    await Promise.all([invoicer.pass(), invoicer.pass({}), invoicer.pass({})]);
    expect(await invoicer.names(OFFERED)).toHaveLength(8);
    expect(await invoicer.names('Conflicts')).toEqual([]);
    expect(invoicer.books.documents.size).toBe(8);
    expect(invoicer.moves.filter((move) => move.from === INBOX)).toHaveLength(8);
  });

  it('a request that the user changes while it is drafted is drafted as changed', async () => {
    const invoicer = await openInvoicer();
    await invoicer.put(`${INBOX}/One.md`, requestNote());
    let edited = false;
    invoicer.books.before = async (call) => {
      if (call !== 'createDraft' || edited) return;
      edited = true;
      const [name = ''] = await invoicer.names(MINE);
      const read = await invoicer.vault.read({ folder: MINE, name });
      if (read.ok) await writeFile(join(invoicer.root, MINE, name), read.text.replace('| 10 |', '| 12 |'));
    };
    await invoicer.pass();
    expect((await invoicer.card()).note.data['amount_total']).toBe(1428);
    expect(invoicer.books.documents.size).toBe(1);
  });

  it('the shadow of a request that was claimed elsewhere under its own name is not claimed again', async () => {
    const invoicer = await openInvoicer();
    const source = requestNote();
    const when = new Date(invoicer.now - 60_000);
    const arrives = async () => {
      await invoicer.put(`${INBOX}/One.md`, source);
      await utimes(join(invoicer.root, INBOX, 'One.md'), when, when);
    };
    await arrives();
    await invoicer.pass({ replicas: true });
    const { name } = await invoicer.card();
    await arrives();
    const calls = invoicer.books.calls.length;
    const { lookAgainAt } = await invoicer.pass({ replicas: true });
    expect(lookAgainAt).toBeGreaterThan(invoicer.now);
    expect(await invoicer.names(INBOX)).toEqual(['One.md']);
    expect(await invoicer.names(OFFERED)).toEqual([name]);
    expect(invoicer.books.calls).toHaveLength(calls);
  });

  it('the desk of mails leaves a claimed request alone', async () => {
    const invoicer = await openInvoicer();
    await invoicer.put(`${INBOX}/One.md`, requestNote());
    await invoicer.killAt('replier:claimed');
    const claimed = await invoicer.names(MINE);
    expect(claimed).toHaveLength(1);
    await draftReplies(replierDeps(invoicer.vault, 'cloud-agent'))(new AbortController().signal);
    expect(await invoicer.names(MINE)).toEqual(claimed);
    expect(await invoicer.names('Quarantine')).toEqual([]);
  });
});
