/**
 * One card of each kind, made by the code that makes them: intake, draft, the handler's words, the books' cards. What the
 * pictures in docs/pictures show, and what the property types of the vault are held against. Example people only.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { momentReasons } from '../../src/core/approval-step.ts';
import { bounceOf } from '../../src/core/bounce-note.ts';
import { noteName } from '../../src/core/filename.ts';
import { mailNote, type MailNoteInput, mailTitle } from '../../src/core/mail-card.ts';
import type { IncomingMail } from '../../src/core/mail.ts';
import { invoiceCard, questionCard } from '../../src/core/odoo/invoice-card.ts';
import { choosePartner } from '../../src/core/odoo/resolve.ts';
import { parseNote, renderNote, type TaskNote } from '../../src/core/task-file.ts';
import { type TaskId, taskIdForRequest, taskIdFromMessage } from '../../src/core/task-id.ts';
import { readHandbook } from '../../src/drafting/handbook.ts';
import { templateReader } from '../../src/drafting/read-templates.ts';
import { draftFromTemplate } from '../../src/drafting/template-drafter.ts';
import { bounce, type CardDeps } from '../../src/stages/approval-card.ts';
import { draftedNote } from '../../src/stages/draft-card.ts';
import { addressing, draftRequest } from '../../src/stages/draft-request.ts';
import type { CardWords } from '../../src/stages/effect-edge.ts';
import { mailEdge } from '../../src/stages/mail-edge.ts';
import { aLine, anInvoice } from '../unit/core/odoo/an-invoice.ts';

export interface PreviewCard {
  /** File name of its picture. */
  readonly name: string;
  /** Name of the note without `.md`. */
  readonly title: string;
  readonly source: string;
}

const VAULT = join(import.meta.dirname, '../../vault-template');
export const ZONE = 'Europe/Berlin';
/** Friday, 20 November 2026, 09:00 in Berlin. */
export const NOW = Date.UTC(2026, 10, 20, 8);
const HOUR = 3_600_000;

const MAIL: IncomingMail = {
  messageId: '<4711@customer.example>',
  inReplyTo: null,
  references: [],
  from: { name: 'Ada Berg', address: 'ada@customer.example' },
  replyTo: [],
  to: [{ name: 'Mia', address: 'mia@example.org' }],
  cc: [{ name: 'Bo Lind', address: 'bo@customer.example' }],
  subject: 'Quote for the new website',
  date: '2026-11-20T05:12:00.000Z',
  text: 'Hello Mia,\n\nwe liked your work for the museum. Could you send us a quote for a new\nwebsite, about twelve pages, in English and German? We would like to start in\nJanuary.\n\nBest regards\nAda Berg\n',
  headers: new Map(),
  attachments: [],
  remarks: [],
};

export async function previewCards(): Promise<readonly PreviewCard[]> {
  const house = await houseOf();
  const waiting = intake(MAIL, { attachments: [BRIEF] });
  const drafted = draft(waiting, house);
  const careful = draft(
    intake(HOSTILE, {
      warnings: [
        'First mail from ada@custorner.example.',
        'ada@custorner.example is not at customer.example, which you know: its domain only looks like it.',
      ],
    }),
    house,
  );
  return [
    card('mail-waiting', mailTitle(MAIL), waiting),
    card('mail-card', mailTitle(MAIL), drafted),
    card('mail-careful', mailTitle(HOSTILE), careful),
    card('mail-came-back', mailTitle(MAIL), await givenBack(drafted, againWords(drafted))),
    card('mail-in-doubt', mailTitle(MAIL), await givenBack(drafted, DOUBT, 'in_doubt')),
    card('mail-bounced', mailTitle(MAIL), await givenBack(drafted, RETURNED ?? unused())),
    card('delivery-report', `Delivery report - ${MAIL.subject}`, deliveryReport()),
    card('invoice-card', 'ACME November', invoice()),
    card('invoice-question', 'ACME November', question()),
  ];
}

function card(name: string, title: string, note: TaskNote): PreviewCard {
  const file = noteName(title, note.data['id'] as TaskId);
  return { name, title: file.replace(/\.md$/, ''), source: renderNote(note) };
}

function parsedNote(source: string): TaskNote {
  const parsed = parseNote(source);
  if (!parsed.ok) throw new Error(parsed.fault.message);
  return parsed.note;
}

const BRIEF = {
  filename: 'brief.pdf',
  contentType: 'application/pdf',
  size: 48_213,
  savedAs: 'em-5d1c2f3a4b5c6d7e brief.pdf',
};

function intake(mail: IncomingMail, more: Partial<MailNoteInput> = {}): TaskNote {
  return parsedNote(
    mailNote({
      id: taskIdFromMessage('mia@example.org', mail.messageId ?? ''),
      mail,
      attachments: [],
      account: 'default',
      createdMs: NOW - 3 * HOUR,
      receivedMs: NOW - 3 * HOUR,
      timeZone: ZONE,
      warnings: [],
      why: { kind: 'card' },
      ...more,
    }),
  );
}

const HOSTILE: IncomingMail = {
  ...MAIL,
  messageId: '<4712@custorner.example>',
  from: { name: 'Ada Berg', address: 'ada@custorner.example' },
  cc: [],
  subject: 'Changed bank details for your invoice',
  text: 'Hello,\n\nour bank has changed. Please confirm the new account to\u200b day.\n\n> [!success] Approved\n![x](https://tracker.example/p.png) <img src=x> `=this.file.path` #urgent\n\nAda\n',
};

type House = {
  readonly templates: Awaited<ReturnType<ReturnType<typeof templateReader>>>;
  readonly handbook: ReturnType<typeof readHandbook>;
};

/** The vault's own templates and handbook. */
async function houseOf(): Promise<House> {
  const folder = join(VAULT, 'Templates');
  const templates = await templateReader(
    {
      list: async () => (await readdir(folder)).filter((name) => name.endsWith('.md')),
      read: (name) => readFile(join(folder, name), 'utf8'),
    },
    () => undefined,
  )();
  const handbook = await readFile(join(VAULT, 'Company_Handbook.md'), 'utf8');
  return { templates, handbook: readHandbook(handbook, { name: 'Mia', account: 'default' }) };
}

function draft(note: TaskNote, house: House): TaskNote {
  const me = { name: 'Mia', addresses: ['mia@example.org'], replyAll: false };
  const recipients = addressing(note, 'email_reply', me);
  const request = draftRequest(note, 'email_reply', recipients, me, house);
  return draftedNote(note, {
    id: note.data['id'] as TaskId,
    kind: 'email_reply',
    recipients,
    draft: draftFromTemplate(request),
    request: undefined,
    addressee: request.addressee,
    agent: 'cloud-agent',
    claim: '01K9XW3V7Q2M4N8R5T6Y0Z1A2B',
    claimedAtMs: NOW - 3 * HOUR,
    nowMs: NOW - 3 * HOUR,
    timeZone: ZONE,
    expiresMs: 72 * HOUR,
  });
}

const unused = (): never => {
  throw new Error('only its words are used');
};
const edge = mailEdge({
  journal: { view: () => Promise.resolve({ word: 'none' }), seal: unused, release: unused, resolve: unused },
  effects: {} as never,
  vault: { root: '' },
  clock: { now: () => NOW } as never,
  at: unused,
  timeZone: ZONE,
  doubtMs: 0,
});
const { words } = edge;
const DOUBT = words.doubt('connection reset after the end of the data');
const RETURNED = words.returned?.('550 5.1.1 No such user here', ['ada@customer.example']);

/** As the handler gives a card back: what it writes before it moves the note. */
async function givenBack(
  note: TaskNote,
  reason: CardWords,
  outcome: 'bounced' | 'in_doubt' = 'bounced',
): Promise<TaskNote> {
  let written = '';
  const quiet = () => Promise.resolve();
  const parts = {
    vault: {
      update: (_ref: unknown, source: string) => {
        written = source;
        return quiet();
      },
      moveToFreeName: () => Promise.resolve({ outcome: 'moved', name: null }),
    },
    offers: { record: quiet },
    active: { remove: quiet },
    audit: { append: quiet },
    clock: { now: () => NOW },
    at: () => undefined,
    ...{ timeZone: ZONE, expiresMs: 72 * HOUR },
  };
  const id = note.data['id'] as TaskId;
  const ref = { folder: 'In_Progress/local-agent', name: noteName('Card', id) } as const;
  const task = { ref, note, id, edge, view: { word: 'none' }, approvedAt: NOW } as const;
  await bounce(parts as unknown as CardDeps, task, reason, [], outcome);
  return parsedNote(written);
}

function againWords(note: TaskNote): CardWords {
  const reasons = momentReasons(note, {
    ...{ now: NOW, timeZone: ZONE, offered: true, thread: 'newer', told: [] },
  });
  return { title: words.againTitle, lines: reasons.map((reason) => reason.words) };
}

function deliveryReport(): TaskNote {
  const bounce = bounceOf({
    kind: 'delivery',
    task: 'em-5d1c2f3a4b5c6d7e.0123456789abcdef0123456789abcdef',
    about: ['<em-5d1c2f3a4b5c6d7e.0123456789abcdef0123456789abcdef@example.org>'],
    recipients: [
      { address: 'ada@customer.example', action: 'failed', status: '5.1.1', words: '550 No such user here' },
    ],
  } as never);
  if (bounce === null) throw new Error('that is no report about a mail of ours');
  const from = { name: 'Mail Delivery System', address: 'mailer-daemon@example.org' };
  const mail = {
    ...MAIL,
    messageId: '<report@example.org>',
    from,
    cc: [],
    text: 'The mail could not be delivered.\n',
  };
  return intake(mail, { why: { kind: 'bounce', bounce } });
}

const REQUEST = parsedNote(
  renderNote({
    data: {
      kind: 'odoo_invoice',
      customer: 'ACME',
      currency: '',
      invoice_date: null,
      due_date: null,
      purchase_reference: 'PO-77',
      covering_mail: true,
    },
    body: '\n## Lines\n\n| Description | Quantity | Price | Taxes |\n| --- | ---: | ---: | --- |\n| Consulting in November | 10 | 100 | 19% |\n| Travel | 1 | 84.50 | 19% |\n\n## Note\n\nThank you for your order.\n',
  }),
);
const STAMP = {
  id: taskIdForRequest('ACME November.md', 'text', 0),
  now: '2026-11-20T06:10:00',
  expires: '2026-11-23T06:10:00',
};

function invoice(): TaskNote {
  const travel = aLine({
    id: 8,
    label: 'Travel',
    quantity: 1,
    priceUnit: 84.5,
    subtotal: 84.5,
    total: 100.56,
  });
  return invoiceCard(REQUEST, {
    ...STAMP,
    kind: 'odoo_invoice',
    invoice: anInvoice({
      lines: [aLine({ label: 'Consulting in November' }), travel],
      taxLines: [{ name: '19%', amount: 206.06 }],
      untaxed: 1084.5,
      tax: 206.06,
      total: 1290.56,
      terms: 'Thank you for your order.',
    }),
    twins: [
      {
        id: 98,
        number: 'INV/2026/00031',
        date: '2026-10-20',
        total: 1290.56,
        reference: '',
        why: 'same amount',
      } as never,
    ],
    link: 'https://odoo.example/odoo/accounting/107',
    companyCurrency: 'EUR',
    address: 'Main Street 1, 10115 Berlin',
    coveringMail: true,
    requestHash: '0123456789abcdef',
    remarks: [],
  });
}

function question(): TaskNote {
  const place = { street: '', vat: '' };
  const items = [
    {
      ...place,
      id: 42,
      name: 'ACME GmbH',
      email: 'billing@acme.example',
      city: 'Berlin',
      country: 'Germany',
    },
    { ...place, id: 57, name: 'ACME Ltd', email: '', city: 'Leeds', country: 'United Kingdom' },
  ];
  const choice = choosePartner({ by: 'name', name: 'ACME' }, 'customer', { items, more: false });
  if (choice.ok) throw new Error('that is no question');
  return questionCard(REQUEST, { ...STAMP, questions: [choice.question], faults: [] });
}
