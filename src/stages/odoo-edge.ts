/** Approved invoices, bills and credit notes: held against Odoo before, posted by odoo-mcp, looked at after any doubt. */
import { POSTING, type Reason } from '../core/approval-step.ts';
import { inertLine, inertWords } from '../core/odoo/card-words.ts';
import { withInvoiceSection } from '../core/odoo/invoice-body.ts';
import { type PostAction, postActionOf } from '../core/odoo/post-action.ts';
import { type TaskNote, withData } from '../core/task-file.ts';
import type { TaskId } from '../core/task-id.ts';
import type { CardLook, DoubtVerdict, EdgeCard, EdgeWords, EffectEdge, LookedAt } from './effect-edge.ts';
import { type PostedDeps, postedOutcome } from './posted-outcome.ts';
import type { ChangedDraft, DraftLook, PostEffects, SealedPosts } from './post-effects.ts';

export interface OdooEdgeDeps extends PostedDeps {
  readonly journal: SealedPosts;
  readonly effects: PostEffects;
}

const RECHECK_MS = 15_000;
const MAX_LINES = 24;
/** A yes that Odoo did not let us carry out for a day is asked again. */
const GIVE_UP_MS = 24 * 3_600_000;

export function odooEdge(deps: OdooEdgeDeps): EffectEdge {
  return {
    folder: 'Pending_Approval/odoo',
    audit: 'invoice',
    quiet: false,
    act: POSTING,
    asks: false,
    words: WORDS,
    journal: deps.journal,
    read: (note) => {
      const read = postActionOf(note);
      return read.ok ? { ok: true, card: odooCard(deps, note, read.action) } : read;
    },
    send: (id) => deps.effects.post(id),
    doubt: ({ id }) => lookAtPost(deps, id),
    outcome: (task) => postedOutcome(deps, task),
  };
}

function odooCard(deps: OdooEdgeDeps, note: TaskNote, action: PostAction): EdgeCard {
  const { odooId, properties } = action;
  return {
    action: { edge: 'odoo', action },
    parameters: {
      odoo_id: odooId,
      amount_total: properties['amount_total'] ?? null,
      currency: properties['currency'] ?? null,
    },
    look: async ({ now, approvedAt }) => {
      const draft = await deps.effects.lookAtDraft(action.id);
      return cardLook(note, draft, now - approvedAt >= GIVE_UP_MS);
    },
    // A draft that was reset comes here only when the user was told of it before.
    prepare: ({ reasons }) => {
      const again = reasons.some(({ code }) => code === 'reset');
      return Promise.resolve({ ok: true, seal: (card) => deps.journal.seal({ ...card, action, again }) });
    },
  };
}

/** What Odoo has now, in words for the card; `late`: it is not waited for any more. */
function cardLook(note: TaskNote, draft: DraftLook, late: boolean): CardLook {
  switch (draft.is) {
    case 'as_shown':
      return draft.closedPeriod === undefined
        ? LOOKED
        : { ...LOOKED, reasons: [{ code: 'closed-period', words: closedWords(draft.closedPeriod) }] };
    case 'posted':
      return { ...LOOKED, stamp: { posted_elsewhere: true } };
    case 'changed':
      return { ...LOOKED, ...changedLook(note, draft) };
    case 'reset':
      return {
        ...LOOKED,
        ...(draft.changed === null ? {} : changedLook(note, draft.changed)),
        reasons: [{ code: 'reset', words: resetWords(draft.number) }],
      };
    case 'deleted':
    case 'cancelled':
      return { ...LOOKED, reasons: [GONE[draft.is]] };
    case 'refused':
      return { ...LOOKED, reasons: [{ code: 'refused', words: inertWords(draft.words) }] };
    case 'unknown':
      if (!late) return { is: 'wait', words: `Odoo cannot be asked: ${draft.words.slice(0, 160)}` };
      return { ...LOOKED, reasons: [{ code: 'refused', words: lateWords(draft.words) }] };
  }
}

const LOOKED: LookedAt = { is: 'looked', thread: 'quiet', reasons: [], changed: [], note: null, stamp: {} };

/** The card shows from now on what Odoo has: the next yes is for that. */
function changedLook(note: TaskNote, now: ChangedDraft): Pick<LookedAt, 'changed' | 'note'> {
  const lines = now.lines.slice(0, MAX_LINES).map(inertLine);
  const more = now.lines.length - lines.length;
  return {
    changed: [
      'In Odoo it is not as it stood on this card. Below stands what Odoo has now:',
      ...lines,
      ...(more > 0 ? [`(and ${more} more)`] : []),
      WORDS.rightNow,
    ],
    note: withData({ data: note.data, body: withInvoiceSection(note.body, now.section) }, now.properties),
  };
}

const GONE: Readonly<Record<'deleted' | 'cancelled', Reason>> = {
  deleted: {
    code: 'deleted',
    words:
      'The draft of this task is not in Odoo any more: somebody deleted it. Move the note to `Needs_Action/odoo` to have a new draft made, or to `Rejected` to drop it.',
  },
  cancelled: {
    code: 'cancelled',
    words:
      'Somebody cancelled this document in Odoo. If it shall be posted, set it back to draft there and move the card to `Approved` again; else move the card to `Rejected`.',
  },
};

function resetWords(number: string | null): string {
  const as = number === null || number === '' ? '' : ` as ${inertWords(number, 60)}`;
  return `It was posted before${as}, and somebody set it back to draft in Odoo. Move the card to \`Approved\` again to post it once more, or to \`Rejected\` to leave it as it is.`;
}

function closedWords(said: string): string {
  return `Its date lies in a period that is closed in Odoo, which says: ${inertWords(said)} Move the card to \`Approved\` again to have it booked like that; or have the date changed: write it under Feedback and move the card to \`Needs_Action/odoo\`.`;
}

function lateWords(said: string): string {
  return `Odoo could not be asked for a day (${inertWords(said)}). Move the card to \`Approved\` again to try once more.`;
}

/** Odoo itself says whether it is posted: nobody is asked. */
async function lookAtPost(deps: OdooEdgeDeps, id: TaskId): Promise<DoubtVerdict> {
  switch (await deps.effects.lookAtPost(id)) {
    case 'posted':
      return { is: 'happened', how: 'found_posted', evidence: 'it is posted in Odoo as it was approved' };
    case 'not_posted':
      return {
        is: 'not_happened',
        how: 'found_not_posted',
        evidence: 'it is a draft in Odoo',
        asSealed: true,
      };
    case 'changed':
      return {
        is: 'not_happened',
        how: 'found_not_posted',
        evidence: 'it is another document in Odoo now',
        asSealed: false,
      };
    case 'unknown':
      return {
        is: 'wait',
        at: deps.clock.now() + RECHECK_MS,
        words: 'Odoo does not answer: whether an invoice was posted is looked up as soon as it does',
      };
  }
}

const WORDS: EdgeWords = {
  server: 'odoo-mcp',
  waits: (said) => `an invoice waits for Odoo: ${said.slice(0, 120)}`,
  limited: (until) =>
    `the hourly limit of postings is reached; posting goes on at ${new Date(until).toISOString()}`,
  silent: (why) => `an invoice waits for Odoo: ${why.slice(0, 160)}`,
  changedTitle: 'Not posted: this was changed after it was offered',
  againTitle: 'Not posted: please look at this again',
  rightNow: '**Is it right as it stands now?** Move it to `Approved` again and it is posted.',
  sameAction:
    'What would be posted is as it was; but the explanation that stood on top was changed by another device.',
  putOff: (said) => ({
    title: 'Not posted: Odoo could not be reached for a day',
    lines: [`The last word was: ${inertWords(said ?? 'nothing')}`, 'Move it to `Approved` to try again.'],
  }),
  failed: (said) => ({
    title: 'Not posted: please look at this again',
    lines: [
      `**Reason** ${inertWords(said ?? 'Odoo gave none', 600)}`,
      'Mend it in Odoo and move the card to `Approved` again; or write under Feedback what to change and move it to `Needs_Action/odoo`.',
    ],
  }),
  dryRun: (file) => ({
    title: 'Dry run: nothing was posted',
    lines: [
      `\`DRY_RUN\` is on. What would have been posted is in the state folder: \`${file}\`.`,
      'Set `DRY_RUN=false`, restart, and move the card to `Approved` again.',
    ],
  }),
  happenedBefore: {
    title: 'Already posted: nothing was posted again',
    lines: ['The document of this very task was posted before. If this is a copy, delete it.'],
  },
  unclaimed: {
    title: 'Not posted: you did not approve this',
    lines: [
      'This note was put into `In_Progress/local-agent`, or changed there, by something other than your approval. Read it; move it to `Approved` if you want it posted.',
    ],
  },
  unreadable: {
    title: 'Not posted: the record of this task cannot be read',
    lines: [
      'The journal of this task is damaged, so nobody can say whether it was posted. Look at the document in Odoo.',
    ],
  },
  doubt: (said) => ({
    title: 'Whether this was posted is not known yet',
    lines: [inertWords(said ?? 'no answer')],
  }),
};
