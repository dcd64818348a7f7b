/**
 * Mailbox -> Needs_Action/email, Skipped or Quarantine: one mail becomes exactly one note.
 *
 * The order is attachments, note, ledger entry; the caller makes the ledger durable and then its cursor, so
 * that a power cut takes entries only of mail that is fetched again. Killed in between,
 * the mail is fetched again and
 *   no note yet             -> all of it is done again; attachments are written once under the same name
 *   note, no ledger entry   -> the note is found by its name in the state folders, the entry is written
 *   ledger entry            -> nothing to do
 * The same search by name keeps two watchers over one vault from making two notes.
 *
 * A Message-ID is the sender's to choose. Whoever repeats somebody else's must not make that mail vanish:
 * the entry holds a fingerprint, and a mail that differs gets an id from its bytes and a warning.
 */

import { createHash } from 'node:crypto';
import type { At } from '../core/crash-points.ts';
import { type ListedAttachment, mailNote, mailNoteName, type MailNoteReason } from '../core/mail-card.ts';
import type { IncomingMail } from '../core/mail.ts';
import { doneFolder, STATES, type StateFolder, type TaskFolder } from '../core/states.ts';
import { type TaskId, taskIdFromBytes, taskIdFromMessage } from '../core/task-id.ts';
import { triage } from '../core/triage.ts';
import type { Vault } from '../vault/vault.ts';

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
  readonly vault: Pick<Vault, 'create' | 'find' | 'saveAttachment' | 'setAside'>;
  readonly ledger: SeenLedger;
  /** Never throws: what cannot be read is a result. */
  readonly read: (fetched: FetchedMail) => Promise<ReadMail>;
  /** Name of the mailbox' owner, part of every id: the same mail in two accounts is two tasks. */
  readonly account: string;
  readonly ownAddresses: readonly string[];
  readonly timeZone: string;
  readonly now: () => number;
  readonly at: At;
}

export interface TakenIn {
  readonly uid: number;
  readonly id: TaskId;
  readonly outcome: 'card' | 'skipped' | 'quarantined' | 'already';
  /** Where the note is, or was found. */
  readonly folder: TaskFolder | null;
  readonly name: string;
  readonly reason?: string;
}

const FOLDER_OF = {
  card: 'Needs_Action/email',
  skipped: 'Skipped',
  quarantined: 'Quarantine',
} as const satisfies Record<MailNoteReason['kind'], StateFolder>;

/** Rejects when the vault or the ledger cannot be used; never because of the mail. */
export function mailTaker(deps: TakeInDeps): (fetched: FetchedMail) => Promise<TakenIn> {
  const oneAtATime = byKey();
  return async (fetched) => {
    const result = await deps.read(fetched);
    const { messageId } = result.mail;
    const id =
      messageId === null
        ? taskIdFromBytes(deps.account, fetched.raw)
        : taskIdFromMessage(deps.account, messageId);
    return oneAtATime(id, () =>
      takeIn(deps, fetched, result, id).catch((error: unknown) => {
        if (isOfTheHost(error)) throw error;
        return takeIn(deps, fetched, wordless(result.mail, error), id);
      }),
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

async function takeIn(
  deps: TakeInDeps,
  fetched: FetchedMail,
  result: ReadMail,
  messageTask: TaskId,
): Promise<TakenIn> {
  const { mail } = result;
  const fingerprint = fingerprintOf(mail);
  const warnings: string[] = [];
  let id = messageTask;
  let entry = deps.ledger.look(id);
  if (entry && entry.fingerprint !== fingerprint) {
    id = taskIdFromBytes(deps.account, fetched.raw);
    entry = deps.ledger.look(id);
    warnings.push('This mail has the Message-ID of another one that came before.');
  }
  const name = mailNoteName(mail, id);
  const already = { uid: fetched.uid, id, outcome: 'already', name } as const;
  if (entry) return { ...already, folder: null };

  const places = placesAt(deps);
  const found = await deps.vault.find(name, places);
  if (found) {
    record(deps, id, fingerprint);
    return { ...already, folder: found.folder };
  }
  const why = whyOf(deps, result);
  const attachments = await saveAttachments(deps, id, mail, why);
  const text = mailNote({
    id,
    mail,
    attachments,
    account: deps.account,
    createdMs: deps.now(),
    receivedMs: fetched.internalDateMs ?? dateOf(mail) ?? deps.now(),
    timeZone: deps.timeZone,
    warnings,
    why,
  });
  const folder = FOLDER_OF[why.kind];
  const created = await deps.vault.create({ folder, name }, text);
  deps.at('watcher:note-created');
  // A second watcher's note may have been claimed between our look and our note; that one stands.
  const rival = await deps.vault.find(name, NEXT_PLACES);
  if (rival && created === 'created') await deps.vault.setAside({ folder, name });
  record(deps, id, fingerprint);
  if (rival || created === 'exists') return { ...already, folder: rival?.folder ?? folder };
  return {
    uid: fetched.uid,
    id,
    outcome: why.kind,
    folder,
    name,
    ...(why.kind === 'card' ? {} : { reason: why.reason }),
  };
}

function whyOf(deps: TakeInDeps, result: ReadMail): MailNoteReason {
  if (!result.ok) return { kind: 'quarantined', reason: result.reason };
  const decision = triage(result.mail, { addresses: deps.ownAddresses });
  return decision.verdict === 'card' ? { kind: 'card' } : { kind: 'skipped', reason: decision.reason };
}

function record(deps: TakeInDeps, id: TaskId, fingerprint: string): void {
  deps.ledger.write(id, { fingerprint });
  deps.at('watcher:ledger-written');
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
      const key = filename.normalize('NFKC').toLowerCase();
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
