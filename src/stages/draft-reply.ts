/**
 * Needs_Action/email -> In_Progress/<agent> -> Pending_Approval/email; see draft-notes.ts for the claim and the offer.
 *
 * One case cannot be told apart: a note the user gave back without a word, claimed and then interrupted.
 * It comes back with the draft it had; nothing is lost.
 */
import { readSections } from '../core/body.ts';
import { BOUNCE_KIND } from '../core/bounce-note.ts';
import { noteName } from '../core/filename.ts';
import { newMailSubject } from '../core/new-mail.ts';
import type { Agent } from '../core/states.ts';
import { renderNote, type TaskNote, text, withData } from '../core/task-file.ts';
import { idInName, isTaskId, type TaskId } from '../core/task-id.ts';
import type { Drafter, FoundRequest } from '../drafting/drafter.ts';
import type { Signer } from '../drafting/handbook.ts';
import type { NoteRef } from '../vault/vault.ts';
import type { AccountWriter } from './account-writers.ts';
import { draftedNote } from './draft-card.ts';
import {
  type Claimed,
  type DraftingDeps,
  draftNotes,
  type OpenNote,
  type Pass,
  quarantine,
  readClaimed,
  taskIdOf,
  writeUnlessChanged,
} from './draft-notes.ts';
import { type BounceNotes, bounceNotes } from './leave-bounces.ts';
import { addressing, draftRequest, type House, type MailKind, mailKind, ownText } from './draft-request.ts';

export interface DraftReplyDeps extends DraftingDeps {
  readonly drafter: Drafter;
  /** Templates and handbook, as they are now, with the signature of who writes. */
  readonly house: (signer: Signer) => Promise<House>;
  /** Who answers a note; see account-writers.ts. */
  readonly writerFor: (note: TaskNote) => AccountWriter;
  /** Makes a request for the books of what a mail asks for, once per mail; its name. Null or absent: there are no books. */
  readonly requestFound?: ((mail: AskingMail, found: FoundRequest) => Promise<string>) | null;
}

/** A mail as its card will lie in the vault. */
export interface AskingMail {
  readonly note: TaskNote;
  readonly id: TaskId;
  readonly name: string;
}

interface OpenMail extends OpenNote {
  readonly kind: MailKind;
}

/** One pass over what a crash left and what waits. Rejects when a folder cannot be trusted or read. */
export function draftReplies(deps: DraftReplyDeps): (signal: AbortSignal) => Promise<Pass> {
  const bounces = bounceNotes(deps.vault);
  return draftNotes<OpenMail>(deps, {
    inbox: 'Needs_Action/email',
    leaves: (name) => bounces.leaves(name),
    offered: 'Pending_Approval/email',
    takes: (name) => idInName(name)?.startsWith('od-') !== true,
    claimName: (name) => Promise.resolve(name),
    open: (ref) => openMail(deps, bounces, ref),
    isDrafted: (open) => isDrafted(open.note, deps.agent),
    asksFirst: false,
    draft: (claimed, open, signal) => draft(deps, claimed, open, signal),
  });
}

async function openMail(deps: DraftReplyDeps, bounces: BounceNotes, ref: NoteRef): Promise<OpenMail | null> {
  const read = await readClaimed(deps, ref);
  if (read === null) return null;
  const { note, stat } = read;
  const kind = mailKind(note);
  if (text(note, 'kind') === BOUNCE_KIND) {
    const { name } = await deps.vault.moveToFreeName(ref, 'Needs_Action/email');
    if (name !== null) await bounces.remember(name);
    return null;
  }
  if (kind === null) {
    const odoo = text(note, 'kind')?.startsWith('odoo_') === true;
    if (odoo) await deps.vault.moveToFreeName(ref, 'Needs_Action/odoo');
    else await quarantine(deps, ref, 'The property `kind` is neither email_reply nor email_new.');
    return null;
  }
  const newId = () => deps.newId(ref.name, read.text, stat.mtimeMs);
  const id = taskIdOf(newId, ref.name, text(note, 'id'));
  if (id === null) {
    await quarantine(deps, ref, 'The id in the name of the note and its property `id` differ.');
    return null;
  }
  return { note, id, kind, stat };
}

function isDrafted(note: TaskNote, agent: Agent): boolean {
  const { reply, feedback } = readSections(note.body);
  return (
    text(note, 'claimed_by') === agent &&
    text(note, 'drafted_at') !== undefined &&
    isTaskId(text(note, 'id')) &&
    reply !== null &&
    feedback === ''
  );
}

async function draft(
  deps: DraftReplyDeps,
  claimed: Claimed,
  open: OpenMail,
  signal: AbortSignal,
): Promise<TaskNote | 'changed' | 'gone'> {
  const { me, account, stamp, ...writer } = deps.writerFor(open.note);
  const titled = withSubject(open, claimed.ref.name);
  const source = stamp === null ? titled.note : withData(titled.note, { account: stamp });
  const planned = addressing(source, open.kind, me);
  const recipients = {
    ...planned,
    warnings: [...planned.warnings, ...writer.warnings, ...titled.warnings],
  };
  const request = draftRequest(
    source,
    open.kind,
    recipients,
    me,
    await deps.house({ name: me.name, account }),
  );
  const findRequest = deps.requestFound != null && asksOnce(open);
  const result = await deps.drafter.draft({ ...request, findRequest }, signal);
  const found = findRequest ? result.invoiceRequest : undefined;
  const made = found && (await deps.requestFound?.(asking(claimed, open), found));
  if (made !== undefined) deps.at('replier:request-created');
  const note = draftedNote(source, {
    id: open.id,
    kind: open.kind,
    recipients,
    draft: result,
    request: made,
    addressee: request.addressee,
    from: writer.from,
    agent: deps.agent,
    claim: deps.newClaim(),
    claimedAtMs: claimed.atMs,
    nowMs: deps.now(),
    timeZone: deps.timeZone,
    expiresMs: deps.expiresMs,
  });
  const written = await writeUnlessChanged(deps, claimed.ref, open.stat, renderNote(note));
  return written === 'written' ? note : written;
}

/** A mail of the user's own without a subject takes it from the note's name, else from its first line. */
function withSubject(
  { note, kind }: OpenMail,
  name: string,
): { readonly note: TaskNote; readonly warnings: readonly string[] } {
  const made = kind === 'email_new' ? newMailSubject(note, name, ownText(note)) : null;
  if (made === null) return { note, warnings: [] };
  const warnings = made.guessed
    ? ['Draft: the subject is made from your first line; change reply_subject if it should be another.']
    : [];
  return { note: withData(note, { subject: made.subject }), warnings };
}

/** A mail of somebody else that no request was made of yet. */
function asksOnce(open: OpenMail): boolean {
  return open.kind === 'email_reply' && (text(open.note, 'invoice_request') ?? '') === '';
}

function asking({ ref }: Claimed, { note, id }: OpenMail): AskingMail {
  return { note, id, name: idInName(ref.name) === id ? ref.name : noteName(text(note, 'title') ?? '', id) };
}
