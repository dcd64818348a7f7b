import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import PostalMime from 'postal-mime';
import { beforeEach, describe, expect, it } from 'vitest';
import { readSections } from '../../src/core/body.ts';
import { attachmentEntry } from '../../src/core/outgoing-attachments.ts';
import { withData } from '../../src/core/task-file.ts';
import { coveringMailId, taskIdForNote } from '../../src/core/task-id.ts';
import { coveringMailText } from '../../src/drafting/covering-mail.ts';
import { parseTemplate } from '../../src/drafting/template.ts';
import { anInvoice } from '../unit/core/odoo/an-invoice.ts';
import { card, type Desk, ID, Killed, NAME, openDesk, PDF } from './invoice-parts.ts';

/** From the posted invoice to the mail that takes its PDF along. */

const MAIL = coveringMailId(ID);
const MAIL_NAME = `ACME GmbH - INV 2026 00001 ${MAIL}.md`;
const WAITS = `Pending_Approval/email/${MAIL_NAME}`;
const PDF_NAME = `${ID} INV-2026-00001.pdf`;

let desk: Desk;

beforeEach(async () => {
  desk = await openDesk();
});

async function invoiced(note = card(anInvoice(), { covering_mail: true })): Promise<void> {
  await desk.offer(note);
  await desk.approve();
  await desk.pass();
}
const ofMail = async () => (await desk.notes()).filter((path) => path.includes(MAIL));

describe('after a posting', () => {
  it('a covering mail waits as a card of its own, with the PDF as it is', async () => {
    await invoiced();
    expect(await ofMail()).toEqual([WAITS]);
    const mail = await desk.at(WAITS);
    const sha256 = createHash('sha256').update(PDF).digest('hex');
    expect(mail.data).toMatchObject({
      ...{ id: MAIL, kind: 'email_new', invoice: ID, reply_subject: 'Invoice INV/2026/00001', warnings: [] },
      reply_to: ['billing@acme.example'],
      reply_attachments: [attachmentEntry({ name: PDF_NAME, sha256 })],
    });
    expect(readSections(mail.body).reply).toBe(
      'Hello,\n\nplease find attached the invoice INV/2026/00001 of 2026-11-21 over 1,190.00 EUR.\n\nIt is due on 2026-12-21.\n\nKind regards\nMia',
    );
    expect(mail.body).toMatch(/^\s*> \[!question\|handover\] Mail with INV\/2026\/00001 to ACME GmbH/);
    expect(mail.body).toContain(`[[${PDF_NAME}]], as INV-2026-00001.pdf`);
    expect((await desk.at(desk.done())).body).toContain(`**Covering mail** [[${MAIL_NAME.slice(0, -3)}]]`);
  });

  it('it is sent with the PDF after a yes of its own', async () => {
    await invoiced();
    expect(desk.mails).toEqual([]);
    await desk.drag('Pending_Approval/email', 'Approved', MAIL_NAME);
    await desk.pass();
    expect(desk.mails).toHaveLength(1);
    const mail = await PostalMime.parse(desk.mails[0] ?? '');
    expect(mail.subject).toBe('Invoice INV/2026/00001');
    expect(mail.to).toMatchObject([{ address: 'billing@acme.example' }]);
    const [file] = mail.attachments;
    expect(file).toMatchObject({ filename: 'INV-2026-00001.pdf', mimeType: 'application/pdf' });
    expect(Buffer.from(file?.content as ArrayBuffer).equals(PDF)).toBe(true);
    expect(await ofMail()).toEqual([desk.done(MAIL_NAME)]);
  });

  it('none is offered where none was wished, nor for a bill', async () => {
    await invoiced(card());
    expect(await ofMail()).toEqual([]);
    const other = await openDesk();
    desk = other;
    const bill = anInvoice({ type: 'in_invoice' });
    desk.books.invoice = bill;
    await invoiced(withData(card(bill, { covering_mail: true, kind: 'odoo_bill' }), { title: 'Bill' }));
    expect(await ofMail()).toEqual([]);
  });

  it('without an address of the customer the card says so and goes to nobody', async () => {
    desk.books.partnerEmail = 'ask Anna (she knows)';
    await invoiced();
    const mail = await desk.at(WAITS);
    expect(mail.data['reply_to']).toEqual([]);
    expect(mail.body).toContain('Odoo has no e-mail address of this customer');
    await desk.drag('Pending_Approval/email', 'Approved', MAIL_NAME);
    await desk.pass();
    expect(desk.mails).toEqual([]);
  });

  it('without a PDF the card says so', async () => {
    desk.books.pdf = false;
    await invoiced();
    const mail = await desk.at(WAITS);
    expect(mail.data['reply_attachments']).toBeUndefined();
    expect(mail.body).toContain('There is no PDF to attach');
  });

  it.each(['invoice:mail-offered', 'handler:outcome-written'] as const)(
    'killed at %s, it is offered once, wherever the user has moved it by then',
    async (point) => {
      for (const to of ['Rejected', 'Approved', 'Needs_Action/email', 'Quarantine']) {
        desk = await openDesk();
        await desk.offer(card(anInvoice(), { covering_mail: true }));
        await desk.approve();
        await expect(desk.pass(point)).rejects.toThrow(Killed);
        await desk.drag('Pending_Approval/email', to, MAIL_NAME);
        await desk.pass();
        await desk.pass();
        expect(await ofMail()).toHaveLength(1);
        expect(desk.mails).toHaveLength(to === 'Approved' ? 1 : 0);
      }
    },
  );

  it('sent before the invoice’s own note was finished, it is not offered again', async () => {
    await desk.offer(card(anInvoice(), { covering_mail: true }));
    await desk.approve();
    await expect(desk.pass('invoice:mail-offered')).rejects.toThrow(Killed);
    await desk.drag('Pending_Approval/email', 'Approved', MAIL_NAME);
    desk.books.posted = 'unknown';
    await desk.pass();
    expect(desk.mails).toHaveLength(1);
    await rm(join(desk.vault.root, desk.done(MAIL_NAME)));
    desk.books.posted = null;
    await desk.pass();
    expect(await ofMail()).toEqual([]);
    expect(await desk.notes()).toContain(desk.done(NAME));
  });

  it('a PDF that somebody changes afterwards does not leave', async () => {
    await invoiced();
    await desk.edit(`Attachments/${PDF_NAME}`, () => '%PDF another');
    await desk.drag('Pending_Approval/email', 'Approved', MAIL_NAME);
    await desk.pass();
    expect(desk.mails).toEqual([]);
    expect((await desk.at(WAITS)).body).toContain('is not the file that was offered');
  });

  it('has an id that follows from the invoice’s and from nothing else', () => {
    expect(coveringMailId(ID)).toBe(MAIL);
    expect(MAIL).toMatch(/^em-[0-9a-f]{16}$/);
    expect(coveringMailId(taskIdForNote('x', 'y', 0))).not.toBe(MAIL);
  });
});

describe('the text of a covering mail', () => {
  const FACTS = {
    ...{ kind: 'odoo_invoice' as const, number: 'INV/1', date: '2026-11-21', dueDate: '2026-12-21' },
    ...{ total: 1190.5, currency: 'EUR', partner: 'ACME GmbH' },
  };
  const GERMAN = {
    text: 'Wir schreiben freundlich und kurz. Die Preise sind ohne Steuer, und wir duzen nicht. Bitte nie mit Rabatt.',
    signature: 'Mit freundlichen Grüßen\nMia',
  };
  const english = { text: 'Friendly and plain, and the answer first for you.', signature: 'Mia' };
  const template = (name: string, source: string) => {
    const read = parseTemplate(name, source);
    if (!read.ok) throw new Error(read.message ?? 'no template');
    return read.template;
  };

  it('is German where the handbook is, with dates and amounts as they are written there', () => {
    const made = coveringMailText(FACTS, { templates: [], handbook: GERMAN });
    expect(made.subject).toBe('Rechnung INV/1');
    expect(made.text).toContain('die Rechnung INV/1 vom 21.11.2026 über 1.190,50 EUR.');
    expect(made.text).toContain('bis zum 21.12.2026');
  });

  it('says nothing of a due date that there is not, and nothing of one for a credit note', () => {
    const without = coveringMailText({ ...FACTS, dueDate: null }, { templates: [], handbook: english });
    expect(without.text).not.toMatch(/due|\n{3}/);
    const credit = coveringMailText(
      { ...FACTS, kind: 'odoo_credit_note' },
      { templates: [], handbook: english },
    );
    expect(credit.subject).toBe('Credit note INV/1');
    expect(credit.text).not.toMatch(/due/);
  });

  it('is the user’s own template in the language of the handbook; blanks that nobody knows stay', () => {
    const templates = [
      template('EN.md', '---\nfor: covering_mail\nlanguage: en\n---\nDear {{name}}, {{number}}: {{iban}}'),
      template('DE.md', '---\nfor: covering_mail\nlanguage: de\n---\nHallo, {{number}} zu {{total}}'),
      template('New.md', '---\nfor: email_new\n---\nno'),
    ];
    expect(coveringMailText(FACTS, { templates, handbook: GERMAN })).toMatchObject({
      text: 'Hallo, INV/1 zu 1.190,50 EUR',
      source: 'template DE',
    });
    expect(coveringMailText(FACTS, { templates, handbook: english }).text).toBe('Dear, INV/1: {{iban}}');
  });
});
