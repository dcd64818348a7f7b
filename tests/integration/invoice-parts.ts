import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { CRASH_POINTS, type CrashPoint } from '../../src/core/crash-points.ts';
import type { DeliveryVerdict } from '../../src/core/delivery-verdict.ts';
import { withVerdict } from '../../src/core/body.ts';
import { invoiceHeadline } from '../../src/core/odoo/headline.ts';
import type { Invoice } from '../../src/core/odoo/invoice.ts';
import { renderInvoiceBody } from '../../src/core/odoo/invoice-body.ts';
import { invoiceProperties, invoiceSection } from '../../src/core/odoo/invoice-section.ts';
import { postActionOf } from '../../src/core/odoo/post-action.ts';
import { parseNote, renderNote, type TaskNote, text } from '../../src/core/task-file.ts';
import type { TaskId } from '../../src/core/task-id.ts';
import { coveringMailText } from '../../src/drafting/covering-mail.ts';
import type { Template } from '../../src/drafting/template.ts';
import { openMailJournal } from '../../src/mail/submission/sealed-mail.ts';
import { SealedReplies } from '../../src/mail/submission/sealed-replies.ts';
import { heldAgainst, heldAgainstPosted } from '../../src/odoo/posting/held-against.ts';
import { openPostJournal, readTarget } from '../../src/odoo/posting/sealed-post.ts';
import { SealedPosts } from '../../src/odoo/posting/sealed-posts.ts';
import { isAlive, ownIdentity } from '../../src/runtime/process-identity.ts';
import { ActiveEffects } from '../../src/stages/active-effects.ts';
import { type ApprovalDeps, scanApprovals } from '../../src/stages/execute-approval.ts';
import { mailEdge } from '../../src/stages/mail-edge.ts';
import type { MailEffects, SendOutcome } from '../../src/stages/mail-effects.ts';
import { oneMachineCards, type OfferedCards } from '../../src/stages/offered-cards.ts';
import { odooEdge } from '../../src/stages/odoo-edge.ts';
import { Offers } from '../../src/stages/offers.ts';
import type { DraftLook, PostEffects, PostLook, PostedInvoice } from '../../src/stages/post-effects.ts';
import { Vault } from '../../src/vault/vault.ts';
import { testDir } from '../helpers/testdir.ts';
import { anInvoice } from '../unit/core/odoo/an-invoice.ts';

/** The stage on a real vault and the real journals; the books, that is odoo-mcp and the Odoo behind it, are a record in memory. */

export const ID = 'od-0123456789abcdef' as TaskId;
export const NAME = `ACME GmbH Consulting ${ID}.md`;
export const PENDING = `Pending_Approval/odoo/${NAME}`;
export const MINE = `In_Progress/local-agent/${NAME}`;
export const PDF = Buffer.from('%PDF-1.7 an invoice\n');

export class Killed extends Error {}

/** What the handler may pass: all of its own points but those that only a mail has, or only a way back. */
export const POINTS = CRASH_POINTS.filter(
  (point) => /^(handler|invoice):/.test(point) && !/^handler:(filed|bounce|doubt)|doubt-settled/.test(point),
);

export interface Books {
  /** Null: somebody deleted it. */
  invoice: Invoice | null;
  /** Answers instead of the books. */
  look: DraftLook | null;
  postLook: PostLook | null;
  outcome: SendOutcome | null;
  verdict: DeliveryVerdict;
  posted: 'unknown' | null;
  pdf: boolean;
  partnerEmail: string;
  differs: readonly string[];
  /** How often it was posted, and whether each seal said that once more is meant. */
  readonly postings: boolean[];
}

export interface Desk {
  readonly vault: Vault;
  readonly stateDir: string;
  now: number;
  readonly books: Books;
  /** The mails that left. */
  readonly mails: string[];
  readonly audited: string[];
  readonly said: string[];
  templates: readonly Template[];
  handbook: string;
  cards: OfferedCards | null;
  synced: boolean;
  /** Instead of the books: an odoo-mcp, and the Odoo that cards are sealed for. */
  odoo: { readonly effects: PostEffects; readonly url: string; readonly db: string } | null;
  deps(kill?: CrashPoint): Promise<ApprovalDeps>;
  pass(kill?: CrashPoint): Promise<void>;
  offer(note?: TaskNote, name?: string): Promise<void>;
  drag(from: string, to: string, name?: string): Promise<void>;
  approve(): Promise<void>;
  at(path: string): Promise<TaskNote>;
  edit(path: string, change: (text: string) => string): Promise<void>;
  /** Every note, relative to the vault, sorted. */
  notes(): Promise<string[]>;
  attachments(): Promise<string[]>;
  done(name?: string): string;
}

export function card(invoice: Invoice = anInvoice(), over: Record<string, unknown> = {}): TaskNote {
  const body = renderInvoiceBody({
    lead: '',
    invoice: invoiceSection(invoice),
    feedback: '',
    request: 'Please invoice the consulting.',
  });
  return {
    data: {
      id: ID,
      kind: 'odoo_invoice',
      rev: 3,
      ...invoiceProperties(invoice),
      covering_mail: false,
      mine: 'kept',
      ...(over as TaskNote['data']),
    },
    body: withVerdict(body, { kind: 'question', title: headline(invoice), lines: ['x'] }),
  };
}

function headline(invoice: Invoice): string {
  const { partner, amount_total: total, currency } = invoiceProperties(invoice);
  return invoiceHeadline({ kind: 'odoo_invoice', partner, total, currency });
}

export async function openDesk(): Promise<Desk> {
  const base = await testDir();
  const stateDir = join(base, 'state');
  await mkdir(join(base, 'vault'));
  await mkdir(stateDir);
  const vault = await Vault.open(join(base, 'vault'));
  await vault.ensureFolders();
  const books: Books = {
    ...{ invoice: anInvoice(), look: null, postLook: null, outcome: null, posted: null },
    verdict: { verdict: 'sent', words: 'posted as INV/2026/00001' },
    ...{ pdf: true, partnerEmail: 'billing@acme.example', differs: [], postings: [] },
  };
  const desk: Desk = {
    ...{ vault, stateDir, books, mails: [], audited: [], said: [], templates: [], handbook: '' },
    now: Date.now() + 60_000,
    cards: null,
    synced: false,
    odoo: null,
    deps: (kill) => depsOf(desk, kill),
    pass: async (kill) => scanApprovals(await depsOf(desk, kill), new AbortController().signal),
    offer: async (note = card(), name = NAME) => {
      await new Offers({ stateDir, clock: { now: () => desk.now, sleep } }).record(
        (text(note, 'id') ?? '') as TaskId,
        name,
        note,
      );
      await vault.create({ folder: 'Pending_Approval/odoo', name }, renderNote(note));
    },
    drag: (from, to, name = NAME) => rename(join(vault.root, from, name), join(vault.root, to, name)),
    approve: () => desk.drag('Pending_Approval/odoo', 'Approved'),
    at: async (path) => {
      const read = parseNote(await readFile(join(vault.root, path), 'utf8'));
      if (!read.ok) throw new Error(read.fault.message);
      return read.note;
    },
    edit: async (path, change) => {
      const file = join(vault.root, path);
      await writeFile(file, change(await readFile(file, 'utf8')));
    },
    notes: async () => {
      const entries = await readdir(vault.root, { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
        .map((entry) => `${entry.parentPath.slice(vault.root.length + 1)}/${entry.name}`)
        .sort();
    },
    attachments: async () =>
      (await readdir(join(vault.root, 'Attachments'))).filter((name) => !name.startsWith('.')),
    done: (name = NAME) => `Done/${new Date(desk.now).toISOString().slice(0, 7)}/${name}`,
  };
  return desk;
}

const sleep = () => Promise.resolve();

async function depsOf(desk: Desk, kill?: CrashPoint): Promise<ApprovalDeps> {
  const { vault, stateDir } = desk;
  const now = () => desk.now;
  const clock = { now, sleep };
  const offers = new Offers({ stateDir, clock });
  const at = (point: CrashPoint) => {
    if (point === kill) throw new Killed();
  };
  const journals = { stateDir, self: ownIdentity(), isAlive, now };
  const mailJournal = await openMailJournal(journals);
  const postJournal = await openPostJournal(journals);
  const mails = new SealedReplies({
    journal: mailJournal,
    from: { name: 'Me', address: 'me@example.com' },
    now,
  });
  const cards = desk.cards ?? oneMachineCards(offers);
  const shared = { vault, offers, cards, clock, at, timeZone: 'UTC', expiresMs: 3_600_000 };
  return {
    ...shared,
    edges: {
      mail: mailEdge({ ...shared, doubtMs: 60_000, journal: mails, effects: mailWire(desk, mailJournal) }),
      odoo: odooEdge({
        ...{ ...shared, stateDir, mails },
        journal: new SealedPosts({
          ...{ journal: postJournal, account: 'me', now },
          ...{ url: desk.odoo?.url ?? 'https://odoo.example', db: desk.odoo?.db ?? 'books' },
        }),
        effects: desk.odoo?.effects ?? booksEffects(desk, postJournal),
        coveringText: (facts) =>
          Promise.resolve(
            coveringMailText(facts, {
              templates: desk.templates,
              handbook: { text: desk.handbook, signature: 'Kind regards\nMia' },
            }),
          ),
      }),
    },
    gate: () => Promise.resolve(null),
    drafting: { has: () => Promise.resolve(false) },
    synced: desk.synced,
    active: new ActiveEffects(stateDir),
    log: pino({ level: 'silent' }),
    audit: {
      append: (entry) => {
        desk.audited.push(entry.action);
        return Promise.resolve();
      },
    },
    undoMs: 10_000,
    newClaim: () => '01TEST',
    isSystemFault: (error) => error instanceof Killed,
    wakeAt: () => undefined,
    waiting: (line) => {
      if (line !== null) desk.said.push(line);
    },
  };
}

function mailWire(desk: Desk, journal: Awaited<ReturnType<typeof openMailJournal>>): MailEffects {
  return {
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
      desk.mails.push(Buffer.from(await journal.payload(sealed)).toString());
      await begun.attempt.finish({ verdict: 'sent', words: '250 ok' }, 'final-reply');
      return { kind: 'settled' };
    },
  };
}

function booksEffects(desk: Desk, journal: Awaited<ReturnType<typeof openPostJournal>>): PostEffects {
  const { books } = desk;
  return {
    lookAtDraft: (id) => (books.look === null ? lookAtCard(desk, id) : Promise.resolve(books.look)),
    lookAtPost: async (id) => {
      if (books.postLook !== null) return books.postLook;
      const { sealed } = await journal.view(id);
      if (!sealed || books.invoice === null) return 'changed';
      const target = readTarget(await journal.payload(sealed));
      const held = (books.invoice.state === 'posted' ? heldAgainstPosted : heldAgainst)(
        target,
        books.invoice,
      );
      if (held !== null) return 'changed';
      return books.invoice.state === 'posted' ? 'posted' : 'not_posted';
    },
    post: async (id) => {
      if (books.outcome !== null) return books.outcome;
      const { sealed } = await journal.view(id);
      if (!sealed) throw new Error('nothing is sealed');
      const target = readTarget(await journal.payload(sealed));
      const begun = await journal.beginAttempt(id, sealed.seal);
      if (!begun.ok) return { kind: 'settled' };
      const { verdict } = books.verdict;
      if (books.invoice?.state === 'posted') {
        await begun.attempt.finish({ verdict: 'sent', words: 'posted as INV/2026/00001' }, 'look');
        return { kind: 'settled' };
      }
      begun.attempt.transmitting();
      if (verdict === 'sent' && books.invoice !== null) {
        books.postings.push(target.again);
        books.invoice = asPosted(books.invoice);
      }
      await begun.attempt.finish(books.verdict, 'post');
      return { kind: 'settled' };
    },
    posted: async () => books.posted ?? (await postedInvoice(desk)),
  };
}

/** As Odoo fills it in at posting. */
export function asPosted(invoice: Invoice): Invoice {
  return {
    ...invoice,
    state: 'posted',
    postedBefore: true,
    number: 'INV/2026/00001',
    invoiceDate: invoice.invoiceDate ?? '2026-11-21',
    dueDate: '2026-12-21',
  };
}

async function lookAtCard(desk: Desk, id: TaskId): Promise<DraftLook> {
  const { invoice } = desk.books;
  const name = (await desk.vault.list('In_Progress/local-agent')).find((other) => other.includes(id));
  const read = postActionOf(await desk.at(`In_Progress/local-agent/${name ?? ''}`));
  if (!read.ok) throw new Error(read.reasons.join(' '));
  if (invoice === null) return { is: 'deleted' };
  if (invoice.state === 'cancel') return { is: 'cancelled' };
  if (invoice.state === 'posted') {
    const changed = heldAgainstPosted(read.action, invoice);
    return changed === null ? { is: 'posted', number: invoice.number ?? '' } : { is: 'changed', ...changed };
  }
  const changed = heldAgainst(read.action, invoice);
  if (invoice.postedBefore) return { is: 'reset', number: 'INV/2026/00001', changed };
  return changed === null ? { is: 'as_shown' } : { is: 'changed', ...changed };
}

async function postedInvoice({ books, stateDir }: Desk): Promise<PostedInvoice> {
  const { invoice } = books;
  if (invoice === null) throw new Error('it is not there');
  const file = 'invoices/x.pdf';
  await mkdir(join(stateDir, 'invoices'), { recursive: true });
  await writeFile(join(stateDir, file), PDF);
  return {
    odooId: invoice.id,
    number: invoice.number ?? '',
    date: invoice.invoiceDate ?? '',
    dueDate: invoice.dueDate,
    total: invoice.total,
    currency: invoice.currency.name,
    partner: invoice.partner?.name ?? '',
    partnerEmail: books.partnerEmail,
    link: 'https://odoo.example/odoo/account.move/107',
    pdf: books.pdf ? { file, name: 'INV.pdf', sha256: createHash('sha256').update(PDF).digest('hex') } : null,
    pdfWords: books.pdf ? '' : 'wkhtmltopdf is not installed',
    differs: books.differs,
  };
}
