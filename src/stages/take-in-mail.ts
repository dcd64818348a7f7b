/**
 * Mailbox -> Needs_Action/email, Skipped or Quarantine: one mail becomes exactly one note.
 *
 * The order is attachments, note, the older card of its thread (fold-thread.ts), thread, digest, ledger entry; the caller
 * makes the ledger durable and then its cursor, so that a power cut takes entries only of mail that is fetched again.
 * Killed in between, the mail is fetched again and
 *   no note yet             -> all of it is done again; attachments are written once under the same name
 *   note, no ledger entry   -> the note is found by its name in the state folders; what comes after it is done again
 *   ledger entry            -> nothing to do
 * The same search by name keeps two watchers over one vault from making two notes.
 *
 * A Message-ID is the sender's to choose. Whoever repeats somebody else's must not make that mail vanish:
 * the entry holds a fingerprint, and a mail that differs gets an id from its bytes and a warning.
 */

import { createHash } from 'node:crypto';
import { attachmentWarnings } from '../core/attachment-risk.ts';
import { bounceOf } from '../core/bounce-note.ts';
import type { At } from '../core/crash-points.ts';
import {
  type ListedAttachment,
  mailNote,
  mailNoteName,
  type MailNoteReason,
  mailTitle,
} from '../core/mail-card.ts';
import { attachmentName } from '../core/filename.ts';
import type { IncomingMail } from '../core/mail.ts';
import { type MailRules, NO_RULES } from '../core/mail-rules.ts';
import type { PeopleNotes } from '../core/people/people-notes.ts';
import { doneFolder, STATES, type StateFolder, type TaskFolder } from '../core/states.ts';
import { idInName, type TaskId, taskIdFromBytes, taskIdFromMessage } from '../core/task-id.ts';
import type { ThreadLookup } from '../core/thread-mails.ts';
import { type SkipCode, triage } from '../core/triage/triage.ts';
import type { Vault } from '../vault/vault.ts';
import {
  FOLDED,
  foldInto,
  linkedNames,
  readNote,
  refersToOthers,
  type ThreadLedger,
  threadRoot,
} from './fold-thread.ts';
import { askThread, contextOf, type MailContext, NO_CONTEXT } from './mail-context.ts';
import type { SkippedMail } from './skipped-digest.ts';

/** A mail as the mailbox gave it. */
export interface FetchedMail {
  readonly uid: number;
  /** When the server got it, in milliseconds; null when it did not say. */
  readonly internalDateMs: number | null;
  /** Bytes of the whole mail on the server; `raw` is shorter when only its beginning was fetched. */
  readonly size: number;
  readonly raw: Uint8Array;
}

export type ReadMail =
  | { readonly ok: true; readonly mail: IncomingMail }
  /** `mail` holds what its header says, as far as that can be read. */
  | { readonly ok: false; readonly reason: string; readonly mail: IncomingMail };

/** What was taken in, by id. An entry is never changed; it outlives the process as soon as it is written. */
export interface SeenLedger {
  look(id: TaskId): { readonly fingerprint: string } | null;
  write(id: TaskId, entry: { readonly fingerprint: string }): void;
}

export interface TakeInDeps {
  readonly vault: Pick<
    Vault,
    'create' | 'find' | 'saveAttachment' | 'setAside' | 'list' | 'read' | 'stat' | 'move' | 'update'
  >;
  readonly ledger: SeenLedger & ThreadLedger;
  /** Never throws: what cannot be read is a result. */
  readonly read: (fetched: FetchedMail) => Promise<ReadMail>;
  /** The property `account` of the notes. */
  readonly account: string;
  /** Part of every id, so that the same mail in two accounts is two tasks; default `account`. */
  readonly ids?: string;
  readonly ownAddresses: readonly string[];
  /** The user's rules as they are now; default none. */
  readonly rules?: () => Promise<MailRules>;
  /** What the mailbox knows of threads; null or absent: it is not asked. */
  readonly thread?: ThreadLookup | null;
  readonly people?: PeopleNotes | null;
  /** Told of every mail that was skipped; the same mail twice is one line. */
  readonly skipped?: (mail: SkippedMail) => void;
  readonly timeZone: string;
  readonly now: () => number;
  readonly at: At;
}

export interface TakenIn {
  readonly uid: number;
  readonly id: TaskId;
  readonly outcome: 'card' | 'skipped' | 'quarantined' | 'bounce' | 'already';
  /** Where the note is, or was found. */
  readonly folder: TaskFolder | null;
  readonly name: string;
  readonly reason?: string;
  readonly code?: SkipCode;
}

const FOLDER_OF = {
  card: 'Needs_Action/email',
  bounce: 'Needs_Action/email',
  skipped: 'Skipped',
  quarantined: 'Quarantine',
} as const satisfies Record<MailNoteReason['kind'], StateFolder>;

/** Rejects when the vault or the ledger cannot be used; never because of the mail. */
export function mailTaker(deps: TakeInDeps): (fetched: FetchedMail) => Promise<TakenIn> {
  const oneAtATime = byKey();
  const ids = deps.ids ?? deps.account;
  let before: Promise<unknown> = Promise.resolve();
  return async (fetched) => {
    const reading = deps.read(fetched);
    // Mails of one thread are worked on in the order they came, however long each takes to read.
    const turn = before.then(() => reading);
    before = turn.catch(() => undefined);
    const result = await turn;
    const { mail } = result;
    const id =
      mail.messageId === null ? taskIdFromBytes(ids, fetched.raw) : taskIdFromMessage(ids, mail.messageId);
    const thread = `${ids}\0${threadRoot(mail) ?? id}`;
    return oneAtATime(`thread ${thread}`, () =>
      oneAtATime(id, () =>
        takeIn(deps, fetched, result, { id, thread }).catch((error: unknown) => {
          if (isOfTheHost(error)) throw error;
          return takeIn(deps, fetched, wordless(mail, error), { id, thread });
        }),
      ),
    );
  };
}

/** ENOSPC, EIO, a missing vault: every mail would fail. What a name or a text can cause is the mail's own. */
function isOfTheHost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return (
    error.name === 'VaultFault' || (/^E[A-Z]+$/.test(code) && !['ENAMETOOLONG', 'EILSEQ'].includes(code))
  );
}

/** A mail that trips a fault of ours must not stop the ones behind it: its note says only that it is there. */
function wordless(mail: IncomingMail, error: unknown): ReadMail {
  const name = error instanceof Error ? error.name : 'unknown error';
  const { messageId, date } = mail;
  const empty = { inReplyTo: null, from: null, subject: '', text: '', headers: new Map<string, string[]>() };
  const lists = { references: [], replyTo: [], to: [], cc: [], attachments: [], remarks: [] };
  const reason = `No card could be made of this mail (${name}); read it in your mailbox.`;
  return { ok: false, reason, mail: { ...empty, ...lists, messageId, date } };
}

interface Keys {
  readonly id: TaskId;
  /** Names the thread in the ledger, this account's only. */
  readonly thread: string;
}

async function takeIn(
  deps: TakeInDeps,
  fetched: FetchedMail,
  result: ReadMail,
  keys: Keys,
): Promise<TakenIn> {
  const { mail } = result;
  const fingerprint = fingerprintOf(mail);
  const warnings: string[] = [];
  let { id } = keys;
  let entry = deps.ledger.look(id);
  if (entry && entry.fingerprint !== fingerprint) {
    id = taskIdFromBytes(deps.ids ?? deps.account, fetched.raw);
    entry = deps.ledger.look(id);
    warnings.push('This mail has the Message-ID of another one that came before.');
  }
  const name = mailNoteName(mail, id);
  const already = { uid: fetched.uid, id, outcome: 'already', name } as const;
  if (entry) return { ...already, folder: null };

  const receivedMs = fetched.internalDateMs ?? dateOf(mail) ?? deps.now();
  const received = { ms: receivedMs, serverMs: fetched.internalDateMs };
  const after = { mail, id, name, fingerprint, thread: keys.thread };
  const found = await deps.vault.find(name, placesAt(deps));
  if (found) {
    const note = await readNote(deps, found);
    const { folder } = found;
    await finish(deps, {
      ...after,
      why: await whyOf(deps, result, received),
      folds: note && linkedNames(note.note, 'folds'),
    });
    return { ...already, folder };
  }
  const why = await whyOf(deps, result, received);
  const context = await contextFor(deps, mail, keys.thread, why);
  const { prior } = context;
  const folds = prior.kind === 'fold' ? prior.name : null;
  const attachments = await saveAttachments(deps, id, mail, why);
  const saved = attachments.flatMap((one) => (one.savedAs === null ? [] : [one.filename]));
  const text = mailNote({
    ...{ id, mail, attachments, why, receivedMs },
    account: deps.account,
    createdMs: deps.now(),
    timeZone: deps.timeZone,
    warnings: [...warnings, ...context.warnings, ...attachmentWarnings(saved)],
    thread: { ...context, folds, replaces: prior.kind === 'replace' ? prior.name : null },
  });
  const folder = FOLDER_OF[why.kind];
  const created = await deps.vault.create({ folder, name }, text);
  deps.at('watcher:note-created');
  // A second watcher's note may have been claimed between our look and our note; that one stands.
  const rival = await deps.vault.find(name, NEXT_PLACES);
  if (rival && created === 'created') await deps.vault.setAside({ folder, name });
  const stands = !rival && created === 'created';
  await finish(deps, {
    ...after,
    why,
    folds: stands && folds !== null ? [folds] : [],
    outside: context.outside,
  });
  if (!stands) return { ...already, folder: rival?.folder ?? folder };
  const taken = { uid: fetched.uid, id, outcome: why.kind, folder, name };
  return 'reason' in why ? { ...taken, reason: why.reason, ...codeOf(why) } : taken;
}

type Why = MailNoteReason & { readonly code?: SkipCode };

function codeOf({ code }: Why): { code?: SkipCode } {
  return code === undefined ? {} : { code };
}

/** Everything behind the note; done again when a crash came before the ledger entry. */
async function finish(
  deps: TakeInDeps,
  taken: {
    readonly mail: IncomingMail;
    readonly id: TaskId;
    readonly name: string;
    readonly fingerprint: string;
    readonly thread: string;
    readonly why: Why;
    readonly folds: readonly string[] | null;
    readonly outside?: boolean;
  },
): Promise<void> {
  const { mail, id, name, why } = taken;
  const atMs = deps.now();
  for (const older of await foldInto(deps, name, taken.folds ?? [])) {
    deps.skipped?.({ ...older, id: idInName(older.name) ?? id, reason: FOLDED, atMs });
  }
  if (why.kind === 'card') {
    if (threadRoot(mail) !== null && taken.outside !== true)
      deps.ledger.setLastOfThread(taken.thread, name, refersToOthers(mail));
    await deps.people?.remember(mail);
  }
  if (why.kind === 'skipped') deps.skipped?.({ id, name, title: mailTitle(mail), reason: why.reason, atMs });
  deps.ledger.write(id, { fingerprint: taken.fingerprint });
  deps.at('watcher:ledger-written');
}

async function contextFor(deps: TakeInDeps, mail: IncomingMail, key: string, why: Why): Promise<MailContext> {
  const { thread = null, people = null, ledger: threads } = deps;
  if (why.kind === 'card') return contextOf({ ...deps, threads, thread, people }, mail, key);
  // The user may move it to Needs_Action/email yet.
  const warnings = why.kind === 'skipped' ? await people?.warningsFor(mail) : undefined;
  return { ...NO_CONTEXT, warnings: warnings ?? [] };
}

/** A mail that waited: the user may have answered it before we ever looked. */
const BACKLOG_MS = 10 * 60_000;

async function whyOf(deps: TakeInDeps, result: ReadMail, received: Received): Promise<Why> {
  if (!result.ok) return { kind: 'quarantined', reason: result.reason };
  const { mail } = result;
  const bounce = bounceOf(mail.report);
  if (bounce !== null) return { kind: 'bounce', bounce };
  const facts = { addresses: deps.ownAddresses, rules: (await deps.rules?.()) ?? NO_RULES };
  let decision = triage(mail, { ...facts, answered: false });
  if (decision.verdict === 'card' && (await wasAnswered(deps, mail, received)))
    decision = triage(mail, { ...facts, answered: true });
  return decision.verdict === 'card'
    ? { kind: 'card', important: decision.important }
    : { kind: 'skipped', reason: decision.reason, code: decision.code };
}

interface Received {
  readonly ms: number;
  /** What the server says; null when it says nothing. */
  readonly serverMs: number | null;
}

async function wasAnswered(deps: TakeInDeps, mail: IncomingMail, received: Received): Promise<boolean> {
  const { messageId } = mail;
  if (!deps.thread || messageId === null || deps.now() - received.ms < BACKLOG_MS) return false;
  const answer = await askThread(deps.thread, (thread) => thread.answered(messageId, received.serverMs));
  return answer === true;
}

/** Only a card's attachments are worth the user's disk; a skipped mail lists them. */
async function saveAttachments(
  deps: TakeInDeps,
  id: TaskId,
  mail: IncomingMail,
  why: MailNoteReason,
): Promise<ListedAttachment[]> {
  const listed: ListedAttachment[] = [];
  const taken = new Set<string>();
  for (const [index, attachment] of mail.attachments.entries()) {
    const { filename, contentType, size, content } = attachment;
    let savedAs: string | null = null;
    if (content && why.kind === 'card') {
      // Two of one name, also where a file system ignores case: the second would silently be the first.
      const key = attachmentName(filename).toLowerCase();
      savedAs = await deps.vault.saveAttachment(
        id,
        taken.has(key) ? `${index + 1} ${filename}` : filename,
        content,
      );
      taken.add(key);
      deps.at('watcher:attachment-saved');
    }
    listed.push({ filename, contentType, size, savedAs });
  }
  return listed;
}

/** Headers that no server on the way changes, so that a copy of the mail has the same. */
function fingerprintOf(mail: IncomingMail): string {
  const hash = createHash('sha256');
  for (const part of [mail.from?.address ?? '', mail.headers.get('date')?.[0] ?? '', mail.subject]) {
    hash.update(part).update('\0');
  }
  return hash.digest('hex').slice(0, 32);
}

function dateOf(mail: IncomingMail): number | null {
  return mail.date === null ? null : Date.parse(mail.date);
}

/** Where a note goes within the time of one look. */
const NEXT_PLACES = ['In_Progress/cloud-agent', 'Pending_Approval/email'] as const;

const MONTHS_BACK = 3;

/** Where the note of a mail that came a while ago may lie by now. */
function placesAt(deps: TakeInDeps): TaskFolder[] {
  const places: TaskFolder[] = STATES.map((state) => state.folder).filter((folder) => folder !== 'Done');
  const now = new Date(deps.now());
  for (let back = 0; back < MONTHS_BACK; back++) {
    const month = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back, 1));
    places.push(doneFolder(month.toISOString()));
  }
  // A note that comes back while we look (taken back, bounced) passes us in the other direction.
  places.push('In_Progress/local-agent', 'Pending_Approval/email', 'Needs_Action/email');
  return places;
}

/** Runs tasks of one key one after the other: two copies of a mail may be fetched in one breath. */
function byKey(): <T>(key: string, task: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return (key, task) => {
    const run = (last.get(key) ?? Promise.resolve()).then(task, task);
    last.set(key, run);
    const forget = () => {
      if (last.get(key) === run) last.delete(key);
    };
    run.then(forget, forget);
    return run;
  };
}
