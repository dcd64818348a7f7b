/**
 * Needs_Action/odoo -> In_Progress/<agent> -> Pending_Approval/odoo; see draft-notes.ts for the claim and the offer.
 *
 * A request is claimed under a name that ends in its id, so that the mail's desk leaves it alone. Id and claim are written into
 * the note before the books are asked for anything, and the books keep one draft per id: killed anywhere, all of it is done
 * again under the same id and comes to the same draft. What is unclear comes back as a card that asks.
 */
import type { Named } from '../core/odoo/invoice.ts';
import { noteName } from '../core/filename.ts';
import { localTime, parseLocalTime } from '../core/local-time.ts';
import {
  type CardStamp,
  invoiceCard,
  questionCard,
  withoutFilled,
  withUsedFeedback,
} from '../core/odoo/invoice-card.ts';
import { readInvoiceBody } from '../core/odoo/invoice-body.ts';
import { notAsAsked } from '../core/odoo/not-as-asked.ts';
import { type InvoiceRequest, isBlankRequest, readRequest } from '../core/odoo/request.ts';
import type { Question } from '../core/odoo/resolve.ts';
import { num, parseNote, renderNote, type TaskNote, text, withData } from '../core/task-file.ts';
import { idInName, isTaskId, type TaskId } from '../core/task-id.ts';
import type { RequestReviser } from '../drafting/drafter.ts';
import { allFolders, placesOf } from '../vault/task-places.ts';
import type { NoteRef, NoteStat, Vault } from '../vault/vault.ts';
import { BooksEdge } from './books-edge.ts';
import type { BooksFault, DraftBooks, Drafted } from './draft-books.ts';
import {
  type Claimed,
  type DraftingDeps,
  draftNotes,
  type OpenNote,
  type Pass,
  quarantine,
  readClaimed,
  writeUnlessChanged,
} from './draft-notes.ts';
import { draftHash, type Plan, planDraft } from './plan-draft.ts';

export interface DraftInvoiceDeps extends DraftingDeps {
  readonly vault: DraftingDeps['vault'] & Pick<Vault, 'listStrays'>;
  readonly books: DraftBooks;
  /** Turns words under Feedback into a changed request; null: nobody here understands words. */
  readonly reviser: RequestReviser | null;
  /** What is wrong with the books, for the user; null: nothing any more. */
  readonly onBooks: (words: string | null) => void;
}

const INBOX = 'Needs_Action/odoo';
const MINE = /^od-/;

/** One pass over what a crash left and what waits. Rejects when a folder cannot be trusted or read. */
export function draftInvoices(deps: DraftInvoiceDeps): (signal: AbortSignal) => Promise<Pass> {
  const edge = new BooksEdge({ now: deps.now, tell: deps.onBooks });
  const mayClaim = () => deps.mayClaim() && edge.restsUntil() === null;
  const pass = draftNotes<OpenNote>(
    { ...deps, mayClaim },
    {
      inbox: INBOX,
      offered: 'Pending_Approval/odoo',
      takes: (name) => MINE.test(idInName(name) ?? ''),
      claimName: (name) => claimName(deps, name),
      open: (ref) => openRequest(deps, ref),
      // Drafting again comes to the same card, and sees what the user changed before a crash.
      isDrafted: () => false,
      asksFirst: true,
      draft: (claimed, open, signal) => draft(deps, edge, claimed, open, signal),
    },
  );
  return async (signal) => {
    const resting = edge.restsUntil();
    if (resting !== null) return { more: false, lookAgainAt: resting };
    const done = await pass(signal);
    const rests = edge.restsUntil();
    return rests === null ? done : { more: false, lookAgainAt: rests };
  };
}

/**
 * `<the user's name for it> <id>.md`. A note that says an id its name does not end in was copied or renamed: the copy of a request
 * that still lies somewhere is a request of its own, as a person means it who duplicates last month's.
 */
async function claimName(deps: DraftInvoiceDeps, name: string): Promise<string | null> {
  if (idInName(name) !== null) return name;
  const read = await deps.vault.read({ folder: INBOX, name });
  if (!read.ok && read.why === 'gone') return null;
  const stat = await deps.vault.stat({ folder: INBOX, name });
  if (stat === null) return null;
  const source = read.ok ? read.text : '';
  const parsed = parseNote(source);
  // Somebody looks for the customer's name: Obsidian made the file with the form in it.
  if (parsed.ok && isBlankRequest(parsed.note)) return null;
  const said = parsed.ok ? text(parsed.note, 'id') : undefined;
  const kept = isTaskId(said) && MINE.test(said) && !(await liesElsewhere(deps, said)) ? said : null;
  const stem = name.replace(/\.md$/, '').replace(/ (?:em|od)-[0-9a-f]{16}/g, '');
  return noteName(stem, kept ?? deps.newId(name, source, stat.mtimeMs));
}

async function liesElsewhere(deps: DraftInvoiceDeps, id: TaskId): Promise<boolean> {
  return (await placesOf(deps.vault, id, await allFolders(deps.vault))).length > 0;
}

async function openRequest(deps: DraftInvoiceDeps, ref: NoteRef): Promise<OpenNote | null> {
  const read = await readClaimed(deps, ref);
  if (read === null) return null;
  const { note, stat } = read;
  const kind = text(note, 'kind') ?? '';
  if (kind.startsWith('email_')) {
    await handOn(deps, ref);
    return null;
  }
  const id = idInName(ref.name);
  if (id === null) return null;
  const said = text(note, 'id');
  // The name decides: a copy was given a new id when it was claimed, and what it says of a draft is the first one's.
  if (said === id || !isTaskId(said)) return { note, id, stat };
  return { note: ofItsOwn(note, id), id, stat };
}

const OF_ANOTHER = [
  'odoo_id',
  'odoo_name',
  'odoo_link',
  'partner',
  'amount_total',
  'request_hash',
  'outcome',
  'posted_at',
  'pdf',
  'feedback_history',
  'created',
  'drafted_at',
  'expires',
  'sent_at',
] as const;

function ofItsOwn(note: TaskNote, id: TaskId): TaskNote {
  // The dates of a document that was posted are that one's.
  const dates = text(note, 'outcome') === 'posted' ? { invoice_date: null, due_date: null } : {};
  const bare = withData(withData(withoutFilled(note), dates), {
    ...Object.fromEntries(OF_ANOTHER.map((key) => [key, undefined])),
    id,
  });
  return { data: bare.data, body: readInvoiceBody(note.body).request };
}

/** A mail that was put into the wrong inbox; under the name it had, as far as that is known. */
async function handOn(deps: DraftInvoiceDeps, ref: NoteRef): Promise<void> {
  const name = `${ref.name.replace(/ od-[0-9a-f]{16}\.md$/, '')}.md`;
  const outcome = await deps.vault.move(ref, 'Needs_Action/email', name);
  if (outcome === 'exists')
    await quarantine(deps, ref, 'This is a mail, and one of this name waits already.');
}

type Written = TaskNote | 'changed' | 'gone' | 'later';

async function draft(
  deps: DraftInvoiceDeps,
  edge: BooksEdge,
  claimed: Claimed,
  open: OpenNote,
  signal: AbortSignal,
): Promise<Written> {
  const { id } = open;
  if (edge.restsUntil(id) !== null) return 'later';
  const ours = await writeClaim(deps, claimed, open);
  if (typeof ours === 'string') return ours;
  deps.at('replier:books-claimed');
  const write = async (card: TaskNote): Promise<Written> => {
    const written = await writeUnlessChanged(deps, claimed.ref, ours.stat, renderNote(card));
    if (written === 'written') edge.finished(id);
    return written === 'written' ? card : written;
  };
  const stamp = stampOf(deps, open);
  const asked = await asRequest(deps, ours.note, stamp.now, signal);
  if (!asked.ok) return write(questionCard(ours.note, { ...stamp, ...asked.ask }));
  const { note, request } = asked;
  const faulted = (fault: BooksFault) =>
    edge.failed(id, fault) === 'later'
      ? 'later'
      : write(questionCard(note, { ...stamp, ...odooSays(fault) }));

  const planned = await planDraft(deps.books, request, signal);
  if (planned.is === 'fault') return faulted(planned.fault);
  edge.answered();
  if (planned.is === 'questions')
    return write(questionCard(note, { ...stamp, questions: planned.questions, faults: [] }));
  deps.at('replier:books-asked');
  const made = await draftOnce(deps.books, id, note, planned.plan, signal);
  if (!made.ok) return faulted(made.fault);
  edge.answered();
  deps.at('replier:books-drafted');
  if ('settled' in made) return write(questionCard(note, { ...stamp, ...settledWords(made.settled) }));
  return write(cardOf(note, stamp, request, planned.plan, made.drafted, [...asked.remarks, ...made.remarks]));
}

/** Id and claim are in the note before anything is asked for under this id. */
async function writeClaim(
  deps: DraftInvoiceDeps,
  claimed: Claimed,
  open: OpenNote,
): Promise<{ readonly note: TaskNote; readonly stat: NoteStat } | 'changed' | 'gone'> {
  const note = withData(open.note, {
    id: open.id,
    claim: deps.newClaim(),
    claimed_by: deps.agent,
    claimed_at: new Date(claimed.atMs).toISOString(),
    rev: (num(open.note, 'rev') ?? 0) + 1,
    outcome: undefined,
  });
  const source = renderNote(note);
  const written = await writeUnlessChanged(deps, claimed.ref, open.stat, source);
  if (written !== 'written') return written;
  // Read again rather than asked for its times: what somebody wrote since must not count as ours.
  const read = await deps.vault.read(claimed.ref);
  if (!read.ok) return 'gone';
  return read.text === source ? { note, stat: read.stat } : 'changed';
}

function stampOf(deps: DraftInvoiceDeps, open: OpenNote): CardStamp {
  const now = deps.now();
  const set = text(open.note, 'drafted_at') === undefined ? text(open.note, 'expires') : undefined;
  const wished = set === undefined ? null : parseLocalTime(set, deps.timeZone);
  return {
    id: open.id,
    now: localTime(now, deps.timeZone),
    expires:
      set !== undefined && wished !== null && wished > now
        ? set
        : localTime(now + deps.expiresMs, deps.timeZone),
  };
}

interface Ask {
  readonly questions: readonly Question[];
  readonly faults: readonly string[];
  readonly hint?: string;
}

type AsRequest =
  | {
      readonly ok: true;
      readonly note: TaskNote;
      readonly request: InvoiceRequest;
      readonly remarks: readonly string[];
    }
  | { readonly ok: false; readonly ask: Ask };

/** The request as it stands, or as the words under Feedback change it. */
async function asRequest(
  deps: DraftInvoiceDeps,
  note: TaskNote,
  now: string,
  signal: AbortSignal,
): Promise<AsRequest> {
  const { feedback } = readInvoiceBody(note.body);
  let wanted = note;
  const remarks: string[] = [];
  if (feedback !== '') {
    const revised = deps.reviser === null ? null : await deps.reviser.revise(note, feedback, signal);
    if (revised === null || !revised.ok) return { ok: false, ask: notUnderstood(feedback, revised?.why) };
    wanted = withUsedFeedback(revised.note, now);
    remarks.push(...revised.remarks);
  }
  const read = readRequest(wanted);
  if (read.ok) return { ok: true, note: wanted, request: read.request, remarks };
  return { ok: false, ask: { questions: [], faults: read.faults } };
}

function notUnderstood(feedback: string, why: string | undefined): Ask {
  const first = feedback.split('\n')[0] ?? '';
  return {
    questions: [],
    faults: [
      `Your words under Feedback were not understood${why === undefined ? '' : ` (${why})`}: “${first.slice(0, 200)}”`,
    ],
    hint: 'Change the properties or the table under Request instead, empty Feedback, then move this note to `Needs_Action/odoo`; or to `Rejected` to drop it.',
  };
}

function odooSays(fault: BooksFault): Ask {
  return { questions: [], faults: [`Odoo says: ${fault.words}`] };
}

type Made =
  | { readonly ok: true; readonly drafted: Drafted; readonly remarks: readonly string[] }
  /** It is no draft any more, so nothing can be changed or approved. */
  | { readonly ok: true; readonly settled: Drafted }
  | { readonly ok: false; readonly fault: BooksFault };

/** One draft per id: made, found unchanged, or brought to what is asked for now. */
async function draftOnce(
  books: DraftBooks,
  id: TaskId,
  note: TaskNote,
  plan: Plan,
  signal: AbortSignal,
): Promise<Made> {
  const remarks: string[] = [];
  const unchanged = text(note, 'request_hash') === draftHash(plan.draft);
  if (unchanged) {
    const there = await books.readDraft(id, signal);
    if (!there.ok) return there;
    if (there.value !== null) return asDraft(there.value, remarks);
  }
  const made = await books.createDraft(id, plan.draft, signal);
  if (!made.ok) return made;
  const before = num(note, 'odoo_id');
  if (made.value.created && before !== undefined) {
    remarks.push(`The earlier draft (#${before}) is gone from Odoo; this is a new one.`);
  }
  const { invoice } = made.value;
  if (made.value.created || invoice.state !== 'draft') return asDraft(made.value, remarks);
  // Odoo's client refuses to write into it; shown as it is, it can still be approved or dropped.
  if (invoice.postedBefore) return asDraft(made.value, [...remarks, WAS_POSTED]);
  const revised = await books.reviseDraft(id, plan.draft, signal);
  return revised.ok ? asDraft(revised.value, remarks) : revised;
}

const WAS_POSTED =
  'It was posted once, and somebody set it back to draft in Odoo: what you changed in the request was not written into it. Change it in Odoo, then move this note to `Needs_Action/odoo`.';

function asDraft(drafted: Drafted, remarks: readonly string[]): Made {
  return drafted.invoice.state === 'draft' ? { ok: true, drafted, remarks } : { ok: true, settled: drafted };
}

function settledWords({ invoice }: Drafted): Ask {
  const name = invoice.number ?? `#${invoice.id}`;
  const posted = invoice.state === 'posted';
  return {
    questions: [],
    faults: [
      posted
        ? `The document of this request is posted in Odoo already, as ${name}. Nothing was changed.`
        : `The document of this request (${name}) was cancelled in Odoo. Nothing was changed.`,
    ],
    hint: posted
      ? 'Move this note to `Rejected`; for a correction write a credit note from `Templates`.'
      : 'Move this note to `Rejected`, or reset the document to draft in Odoo and move this note to `Needs_Action/odoo`.',
  };
}

function cardOf(
  note: TaskNote,
  stamp: CardStamp,
  request: InvoiceRequest,
  plan: Plan,
  drafted: Drafted,
  remarks: readonly string[],
): TaskNote {
  const { partner, ledger, draft: wanted } = plan;
  const { invoice } = drafted;
  return invoiceCard(note, {
    ...stamp,
    kind: request.kind,
    invoice,
    twins: drafted.twins,
    link: drafted.link,
    companyCurrency: ledger.companyCurrency,
    address: [partner.street, partner.city].filter((part) => part !== '').join(', '),
    coveringMail: request.coveringMail,
    requestHash: draftHash(wanted),
    remarks: [...remarks, ...notAsAsked(wanted, currencyOf(plan, request), invoice)],
  });
}

function currencyOf({ ledger }: Plan, request: InvoiceRequest): Named['name'] {
  return request.currency ?? ledger.companyCurrency;
}
