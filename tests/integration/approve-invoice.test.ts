import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { readInvoiceBody } from '../../src/core/odoo/invoice-body.ts';
import { invoiceSection } from '../../src/core/odoo/invoice-section.ts';
import { renderNote, withData } from '../../src/core/task-file.ts';
import { aLine, anInvoice } from '../unit/core/odoo/an-invoice.ts';
import {
  asPosted,
  card,
  type Desk,
  ID,
  Killed,
  MINE,
  NAME,
  openDesk,
  PENDING,
  POINTS,
} from './invoice-parts.ts';

let desk: Desk;

beforeEach(async () => {
  desk = await openDesk();
});

const posted = () => desk.books.postings.length;
const top = async (path = PENDING) => readInvoiceBody((await desk.at(path)).body).lead;

/** Offered, approved, and one pass. */
async function yes(note = card()): Promise<void> {
  await desk.offer(note);
  await desk.approve();
  await desk.pass();
}

describe('an approved invoice', () => {
  it('is posted once, and its number, date, total and PDF lie in Done', async () => {
    await yes();
    await desk.pass();
    expect(posted()).toBe(1);
    expect(await desk.notes()).toEqual([desk.done()]);
    const done = await desk.at(desk.done());
    const pdf = `${ID} INV-2026-00001.pdf`;
    expect(done.data).toMatchObject({
      ...{
        outcome: 'posted',
        odoo_name: 'INV/2026/00001',
        odoo_id: 107,
        amount_total: 1190,
        currency: 'EUR',
      },
      ...{ invoice_date: '2026-11-21', due_date: '2026-12-21', pdf, mine: 'kept', claimed_by: 'local-agent' },
    });
    expect(done.body).toMatch(/^> \[!success\|handover\] Posted: INV\/2026\/00001\n/);
    expect(done.body).toContain(`[[${pdf}]]`);
    expect(done.body).toContain('(https://odoo.example/odoo/account.move/107)');
    expect(readInvoiceBody(done.body).request).toBe('Please invoice the consulting.');
    expect(await desk.attachments()).toEqual([pdf]);
    expect(desk.audited).toEqual(['invoice.approved', 'invoice.posted']);
    for (const folder of ['active', 'offers']) expect(await readdir(join(desk.stateDir, folder))).toEqual([]);
  });

  it('waits for the undo window and can be taken back until then', async () => {
    desk.now = Date.now();
    await yes();
    expect(await desk.notes()).toEqual([`Approved/${NAME}`]);
    await desk.drag('Approved', 'Pending_Approval/odoo');
    desk.now += 60_000;
    await desk.pass();
    expect(await desk.notes()).toEqual([PENDING]);
    expect(posted()).toBe(0);
  });

  it('stays where it is while PAUSE.md exists', async () => {
    const pause = join(desk.vault.root, 'PAUSE.md');
    await writeFile(pause, '');
    await yes();
    expect(posted()).toBe(0);
    await rm(pause);
    await desk.pass();
    expect(posted()).toBe(1);
  });

  it('that was never offered is offered again and not posted', async () => {
    await desk.vault.create({ folder: 'Approved', name: NAME }, renderNote(card()));
    await desk.pass();
    expect(posted()).toBe(0);
    expect(await top()).toMatch(/never offered.*if you want it posted/);
    await desk.approve();
    await desk.pass();
    expect(posted()).toBe(1);
  });

  it('whose task was posted before is not posted again', async () => {
    await yes();
    const copy = `Copy ${ID}.md`;
    await desk.vault.create({ folder: 'Approved', name: copy }, renderNote(card()));
    await desk.pass();
    expect(posted()).toBe(1);
    expect(await top(`Pending_Approval/odoo/${copy}`)).toContain('Already posted: nothing was posted again');
  });

  it('of which two notes are approved is posted once, and one of them is the record in Done', async () => {
    await desk.offer();
    const copy = `Copy ${ID}.md`;
    await desk.vault.create({ folder: 'Pending_Approval/odoo', name: copy }, renderNote(card()));
    await desk.approve();
    await desk.drag('Pending_Approval/odoo', 'Approved', copy);
    await desk.pass();
    await desk.pass();
    expect(posted()).toBe(1);
    const done = (await desk.notes()).filter((path) => path.startsWith('Done/'));
    expect(done).toHaveLength(1);
  });

  it('waits for the hour when the limit of postings is reached, and says so', async () => {
    desk.books.outcome = { kind: 'limited', until: desk.now + 1000 };
    await yes();
    expect(await desk.notes()).toEqual([MINE]);
    expect(desk.said.join()).toMatch(/limit of postings is reached; posting goes on at 20/);
    desk.books.outcome = null;
    await desk.pass();
    expect(posted()).toBe(1);
  });

  it('comes back from a dry run, and the next yes posts it', async () => {
    desk.books.outcome = { kind: 'dry_run', file: 'dry-run/x.md' };
    await yes();
    expect(await top()).toContain('Dry run: nothing was posted');
    desk.books.outcome = null;
    await desk.approve();
    await desk.pass();
    expect(posted()).toBe(1);
    expect(await desk.notes()).toEqual([desk.done()]);
  });

  it('that asks a question has to be answered first', async () => {
    const body = '> [!question|handover] Which customer?\n\n## Feedback\n\n\n## Request\n\nInvoice them.\n';
    await yes({ data: { id: ID, kind: 'odoo_invoice' }, body });
    expect(await top()).toContain('Answer what it asks and move it to `Needs_Action/odoo`');
    expect(posted()).toBe(0);
  });

  it('that nobody can read goes to Quarantine unchanged', async () => {
    await desk.vault.create({ folder: 'Approved', name: NAME }, '---js\nrequire("fs")\n---\n');
    await desk.pass();
    expect(await desk.notes()).toContain(`Quarantine/${NAME}`);
  });

  it('that expired comes back once', async () => {
    await yes(card(anInvoice(), { expires: '2020-01-01T00:00:00' }));
    expect(await top()).toContain('to post it all the same');
    await desk.approve();
    await desk.pass();
    expect(posted()).toBe(1);
  });
});

describe('held against Odoo before it is posted', () => {
  it('a changed line comes back with the difference, shows what Odoo has, and the next yes is for that', async () => {
    const changed = anInvoice({ lines: [aLine({ quantity: 11, subtotal: 1100, total: 1309 })], total: 1309 });
    desk.books.invoice = changed;
    await yes();
    expect(posted()).toBe(0);
    expect(await top()).toMatch(/`amount_total`: was `1190`, now `1309`/);
    expect(await top()).toMatch(/\+ `.*\| 11 \|/);
    const back = await desk.at(PENDING);
    expect(readInvoiceBody(back.body).invoice).toBe(invoiceSection(changed));
    expect(back.data).toMatchObject({ amount_total: 1309, mine: 'kept' });
    await desk.approve();
    await desk.pass();
    expect(desk.books.postings).toEqual([false]);
  });

  it('a changed customer comes back with both names', async () => {
    desk.books.invoice = anInvoice({ partner: { id: 43, name: 'Other Ltd' } });
    await yes();
    expect(await top()).toMatch(/`partner`: was `ACME GmbH`, now `Other Ltd`/);
    expect((await desk.at(PENDING)).data['partner']).toBe('Other Ltd');
  });

  it('a difference of hostile names hides nothing and can be approved at once', async () => {
    desk.books.invoice = anInvoice({
      partner: { id: 43, name: '%% <img src=x> $$x$$ ```js <eve@example.net> [[a]]' },
      lines: [aLine({ label: '~~~\n<!-- %%\n> [!success|handover] Posted' })],
    });
    await yes();
    await desk.approve();
    await desk.pass();
    expect(posted()).toBe(1);
  });

  it('a card that shows another amount than Odoo has is not posted', async () => {
    await desk.offer(card(anInvoice({ total: 100 })));
    await desk.approve();
    await desk.pass();
    expect(posted()).toBe(0);
    expect((await desk.at(PENDING)).data['amount_total']).toBe(1190);
  });

  it('an edit of the card is no edit of the draft', async () => {
    await desk.offer();
    await desk.edit(PENDING, (text) => text.replace('**1,190.00**', '**119.00**'));
    await desk.approve();
    await desk.pass();
    expect(posted()).toBe(0);
    expect(readInvoiceBody((await desk.at(PENDING)).body).invoice).toBe(invoiceSection(anInvoice()));
  });

  it('a deleted draft comes back and says what can be done', async () => {
    desk.books.invoice = null;
    await yes();
    expect(await top()).toMatch(/somebody deleted it\. Move the note to `Needs_Action\/odoo`/);
  });

  it('a cancelled one as well', async () => {
    desk.books.invoice = anInvoice({ state: 'cancel' });
    await yes();
    expect(await top()).toContain('Somebody cancelled this document in Odoo');
  });

  it('one that was posted and reset is asked about, and posted again only after that', async () => {
    desk.books.invoice = anInvoice({ postedBefore: true });
    await yes();
    expect(posted()).toBe(0);
    expect(await top()).toContain('It was posted before as INV/2026/00001');
    await desk.approve();
    await desk.pass();
    expect(desk.books.postings).toEqual([true]);
  });

  it('one that was reset and changed shows the change, and the second yes is for it', async () => {
    desk.books.invoice = anInvoice({ postedBefore: true, total: 1200 });
    await yes();
    expect(await top()).toMatch(/posted before[\s\S]*was `1190`, now `1200`/);
    await desk.approve();
    await desk.pass();
    expect(desk.books.postings).toEqual([true]);
  });

  it('one whose period is closed comes back with Odoo’s words, and goes when the user insists', async () => {
    const closedPeriod = 'The Journal Entry will be accounted on 01/31/2021 upon posting. <b>';
    desk.books.look = { is: 'as_shown', closedPeriod };
    await yes();
    expect(await top()).toMatch(
      /closed in Odoo, which says: The Journal Entry will be accounted on 01\/31\/2021/,
    );
    expect(posted()).toBe(0);
    await desk.approve();
    await desk.pass();
    expect(posted()).toBe(1);
  });

  it('one that somebody posted meanwhile is finished with a remark, and nothing is posted', async () => {
    desk.books.invoice = asPosted(anInvoice());
    await yes();
    expect(posted()).toBe(0);
    const done = await desk.at(desk.done());
    expect(done.data).toMatchObject({ outcome: 'posted', odoo_name: 'INV/2026/00001' });
    expect(done.body).toContain('posted in Odoo by somebody else; nothing was posted again');
  });

  it('one that somebody posted with other lines is shown first', async () => {
    desk.books.invoice = asPosted(anInvoice({ total: 1200 }));
    await yes();
    expect(await top()).toMatch(/was `1190`, now `1200`/);
    await desk.approve();
    await desk.pass();
    expect(posted()).toBe(0);
    expect((await desk.at(desk.done())).data['amount_total']).toBe(1200);
  });

  it('a refusal of Odoo or of the configuration comes back with its words', async () => {
    desk.books.look = { is: 'refused', words: 'The key for Odoo is wrong or has expired. <script>' };
    await yes();
    expect(await top()).toContain('The key for Odoo is wrong or has expired');
    expect(await top()).not.toContain('<script>');
    desk.books.look = null;
    await desk.approve();
    await desk.pass();
    expect(posted()).toBe(1);
  });

  it('an Odoo that is down keeps the card waiting and says so, while mail goes on', async () => {
    desk.books.look = { is: 'unknown', words: 'there is no connection to Odoo' };
    await yes();
    await desk.pass();
    expect(await desk.notes()).toEqual([MINE]);
    expect(desk.said.join()).toContain('Odoo cannot be asked: there is no connection to Odoo');
    desk.books.look = null;
    desk.now += 3_600_000;
    await desk.pass();
    expect(posted()).toBe(1);
  });

  it('for a day: the card comes back, and the next yes starts afresh', async () => {
    desk.books.look = { is: 'unknown', words: 'there is no connection to Odoo' };
    await yes();
    desk.now += 25 * 3_600_000;
    await desk.pass();
    expect(await top()).toContain('could not be asked for a day');
    desk.books.look = null;
    await desk.approve();
    await desk.pass();
    expect(posted()).toBe(1);
  });
});

describe('Odoo’s answer to the posting', () => {
  it('that is a refusal comes back with its words, and may be mended and posted', async () => {
    desk.books.verdict = {
      ...{ verdict: 'failed', cause: 'content' },
      words: 'You cannot post before the lock date %% 2026-10-31',
    };
    await yes();
    expect(await top()).toContain('You cannot post before the lock date');
    desk.books.verdict = { verdict: 'sent', words: 'posted' };
    await desk.approve();
    await desk.pass();
    expect(posted()).toBe(1);
    expect(await desk.notes()).toEqual([desk.done()]);
  });

  it('that it is busy waits in its folder, and it is posted later, once', async () => {
    desk.books.verdict = { verdict: 'retry', words: 'Odoo is busy', cause: 'server' };
    await yes();
    await desk.pass();
    expect(await desk.notes()).toEqual([MINE]);
    expect(desk.said.join()).toContain('an invoice waits for Odoo: Odoo is busy');
    desk.books.verdict = { verdict: 'sent', words: 'posted' };
    desk.now += 3_600_000;
    await desk.pass();
    expect(posted()).toBe(1);
  });

  it('that it is busy: it can still be taken back, and is then not posted', async () => {
    desk.books.verdict = { verdict: 'retry', words: 'Odoo is busy', cause: 'server' };
    await yes();
    await desk.drag('In_Progress/local-agent', 'Pending_Approval/odoo');
    desk.books.verdict = { verdict: 'sent', words: 'posted' };
    desk.now += 3_600_000;
    await desk.pass();
    await desk.pass();
    expect(posted()).toBe(0);
    expect(await desk.notes()).toEqual([PENDING]);
    expect(desk.audited).toContain('invoice.taken_back');
    await desk.approve();
    await desk.pass();
    expect(posted()).toBe(1);
  });

  it('that does not come is waited for and said', async () => {
    desk.books.outcome = { kind: 'unknown', why: 'odoo-mcp gave no answer' };
    await yes();
    expect(await desk.notes()).toEqual([MINE]);
    expect(desk.said.join()).toContain('an invoice waits for Odoo: odoo-mcp gave no answer');
  });

  it('without its number waits, and is written when Odoo tells it', async () => {
    desk.books.posted = 'unknown';
    await yes();
    expect(await desk.notes()).toEqual([MINE]);
    expect(desk.said.join()).toContain('Odoo does not tell its number yet');
    desk.books.posted = null;
    await desk.pass();
    expect(posted()).toBe(1);
    expect(await desk.notes()).toEqual([desk.done()]);
  });

  it('with something else than was approved is said on the card', async () => {
    desk.books.differs = ['`amount_total`: was `1190`, now `1200`'];
    await yes();
    expect(await top(desk.done())).toMatch(
      /\[!warning\|handover\][\s\S]*something else than you approved[\s\S]*1200/,
    );
  });

  it('without a PDF says why', async () => {
    desk.books.pdf = false;
    await yes();
    expect(await top(desk.done())).toContain('No PDF: wkhtmltopdf is not installed');
    expect(await desk.attachments()).toEqual([]);
  });

  it('a file of the PDF’s name that somebody else put there is not taken for it', async () => {
    await desk.vault.saveAttachment(ID, 'INV-2026-00001.pdf', Buffer.from('another file'));
    await yes();
    expect((await desk.at(desk.done())).data['pdf']).toBe(`${ID} INV-2026-00001-2.pdf`);
  });
});

describe('a posting in doubt', () => {
  beforeEach(() => {
    desk.books.verdict = { verdict: 'in_doubt', words: 'no answer in 60 s' };
  });

  it('is settled by looking: posted after all', async () => {
    desk.books.postLook = 'unknown';
    await yes();
    expect(await desk.notes()).toEqual([MINE]);
    expect(desk.said.join()).toContain('whether an invoice was posted is looked up');
    desk.books.postLook = null;
    desk.books.invoice = asPosted(anInvoice());
    await desk.pass();
    expect(await desk.notes()).toEqual([desk.done()]);
    expect(posted()).toBe(0);
  });

  it('is tried again when Odoo still has the draft, and never in the same breath', async () => {
    await yes();
    expect(await desk.notes()).toEqual([MINE]);
    desk.books.verdict = { verdict: 'sent', words: 'posted' };
    await desk.pass();
    expect(posted()).toBe(1);
    expect(await desk.notes()).toEqual([desk.done()]);
  });

  it('comes back with the difference when it is another document by now', async () => {
    desk.books.postLook = 'unknown';
    await yes();
    desk.books.postLook = null;
    desk.books.invoice = anInvoice({ total: 1200 });
    await desk.pass();
    expect(await top()).toMatch(/was `1190`, now `1200`/);
    desk.books.verdict = { verdict: 'sent', words: 'posted' };
    await desk.approve();
    await desk.pass();
    expect(posted()).toBe(1);
  });

  it('is never asked about, however long it lasts', async () => {
    desk.books.postLook = 'unknown';
    await yes();
    desk.now += 40 * 3_600_000;
    await desk.pass();
    expect(await desk.notes()).toEqual([MINE]);
    expect(desk.audited).not.toContain('invoice.in_doubt');
  });

  it('that was moved to Rejected is not tried again', async () => {
    desk.books.postLook = 'unknown';
    await yes();
    await desk.drag('In_Progress/local-agent', 'Rejected');
    await desk.pass();
    expect(await desk.notes()).toEqual([`Rejected/${NAME}`]);
    desk.books.postLook = null;
    desk.books.verdict = { verdict: 'sent', words: 'posted' };
    await desk.pass();
    await desk.pass();
    expect(posted()).toBe(0);
    expect(await desk.notes()).toEqual([`Rejected/${NAME}`]);
  });

  it('that was moved to Rejected and was posted all the same ends in Done', async () => {
    desk.books.postLook = 'unknown';
    await yes();
    await desk.drag('In_Progress/local-agent', 'Rejected');
    desk.books.postLook = 'posted';
    desk.books.invoice = asPosted(anInvoice());
    for (let i = 0; i < 3; i++) await desk.pass();
    expect(await desk.notes()).toEqual([desk.done()]);
  });

  it('is no question that a property of the note could answer', async () => {
    await desk.offer(withData(card(), { outcome: 'in_doubt' }));
    desk.books.verdict = { verdict: 'sent', words: 'posted' };
    await desk.approve();
    await desk.pass();
    expect(posted()).toBe(1);
  });
});

describe('killed at', () => {
  it.each(POINTS)('%s, it posts once and the note ends in Done', async (point) => {
    await desk.offer(card(anInvoice(), { covering_mail: true }));
    await desk.approve();
    await expect(desk.pass(point)).rejects.toThrow(Killed);
    await desk.pass();
    await desk.pass();
    expect(posted()).toBe(1);
    const notes = await desk.notes();
    expect(notes.filter((path) => path.includes(ID))).toEqual([desk.done()]);
    expect(notes.filter((path) => path.startsWith('Pending_Approval/email/'))).toHaveLength(1);
    expect(await desk.attachments()).toHaveLength(1);
    expect(await readdir(join(desk.stateDir, 'active'))).toEqual([]);
  });

  it.each(['handler:bounce-written', 'handler:bounced'] as const)(
    '%s, a card that came back is there once with what Odoo has',
    async (point) => {
      desk.books.invoice = anInvoice({ total: 1200 });
      await desk.offer();
      await desk.approve();
      await expect(desk.pass(point)).rejects.toThrow(Killed);
      await desk.pass();
      expect(await desk.notes()).toEqual([PENDING]);
      expect((await desk.at(PENDING)).data['amount_total']).toBe(1200);
      await desk.approve();
      await desk.pass();
      expect(posted()).toBe(1);
    },
  );

  it('invoice:doubt-settled, it is posted once', async () => {
    desk.books.verdict = { verdict: 'in_doubt', words: 'no answer' };
    desk.books.postLook = 'unknown';
    await yes();
    desk.books.postLook = null;
    desk.books.verdict = { verdict: 'sent', words: 'posted' };
    await expect(desk.pass('invoice:doubt-settled')).rejects.toThrow(Killed);
    await desk.pass();
    expect(posted()).toBe(1);
    expect(await desk.notes()).toEqual([desk.done()]);
  });
});
