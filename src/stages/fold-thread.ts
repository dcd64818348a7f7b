/**
 * One open card per thread. A newer mail takes the place of the card that still waits:
 *   in Needs_Action/email, not drafted yet   -> `folds`: the watcher moves the older note to Skipped
 *   being drafted, or pending                -> `replaces`: the orchestrator withdraws it (withdraw-stale.ts)
 *
 * The order is the new note, the older note's move, its reason. Killed in between, the mail is fetched again, its note is
 * found, and what its property `folds` names is done to the end; a note that carries `folded_into` is done with, wherever
 * the user moved it since.
 *
 * Which thread a mail belongs to is the sender's to say. So nobody's card goes because of somebody who had no part in it:
 * the newer mail's sender must be among the people of the older one, else both stay.
 */
import { addressKey, parseAddressList } from '../core/address-list.ts';
import { readSections, withVerdict } from '../core/body.ts';
import type { At } from '../core/crash-points.ts';
import { earlierText } from '../core/earlier-mails.ts';
import { parseLocalTime } from '../core/local-time.ts';
import type { IncomingMail } from '../core/mail.ts';
import { noteLink } from '../core/markdown-text.ts';
import { originalText, propertyText } from '../core/neutralise.ts';
import { list, parseNote, renderNote, type TaskNote, text, withData } from '../core/task-file.ts';
import type { EarlierMail } from '../core/thread-mails.ts';
import type { NoteRef, NoteStat, Vault } from '../vault/vault.ts';

export const FOLDED = 'A newer mail of this thread came.';

/** Name of the last card of each thread. Lost, two cards of one thread may wait; nothing worse. */
export interface ThreadLedger {
  lastOfThread(key: string): string | null;
  /** `replace: false`: what is there stays. */
  setLastOfThread(key: string, name: string, replace: boolean): void;
}

export interface FoldDeps {
  readonly vault: Pick<Vault, 'find' | 'read' | 'stat' | 'move' | 'update'>;
  readonly timeZone: string;
  readonly at: At;
}

/** What waits of the thread of a mail that comes. */
export type Prior =
  | { readonly kind: 'none' }
  /** `earlier`: what the older card shows, as mails, oldest first. */
  | { readonly kind: 'fold' | 'replace'; readonly name: string; readonly earlier: readonly EarlierMail[] }
  /** An open card of this thread, of people the sender does not belong to. */
  | { readonly kind: 'stranger'; readonly title: string };

const WAITING = 'Needs_Action/email';
const OPEN = [
  WAITING,
  'In_Progress/cloud-agent',
  'In_Progress/local-agent',
  'Pending_Approval/email',
] as const;

export function refersToOthers(mail: IncomingMail): boolean {
  return mail.inReplyTo !== null || mail.references.length > 0;
}

/** Null for a mail without an id of its own that refers to none. */
export function threadRoot(
  mail: Pick<IncomingMail, 'references' | 'inReplyTo' | 'messageId'>,
): string | null {
  return mail.references[0] ?? mail.inReplyTo ?? mail.messageId;
}

/** Of the card `name` of this thread. Reads nothing when it is not open. */
export async function priorCard(
  deps: FoldDeps & { readonly account: string },
  mail: IncomingMail,
  name: string,
): Promise<Prior> {
  const ref = await deps.vault.find(name, OPEN);
  const read = ref === null ? null : await readNote(deps, ref);
  if (ref === null || read === null) return { kind: 'none' };
  const { note } = read;
  // Brought back by the user from Skipped: no longer ours to fold. An answer to a later mail stands behind it.
  if (text(note, 'kind') !== 'email_reply' || isFolded(note)) return { kind: 'none' };
  if (text(note, 'account') !== propertyText(deps.account)) return { kind: 'none' };
  if (mail.messageId !== null && refersTo(note, mail.messageId)) return { kind: 'none' };
  if (!tookPart(mail.from?.address ?? '', note))
    return { kind: 'stranger', title: text(note, 'title') ?? '' };
  const fresh = ref.folder === WAITING && isUntouched(note);
  return { kind: fresh ? 'fold' : 'replace', name, earlier: mailsOf(note, deps.timeZone) };
}

/** Was the owner of this address a sender or recipient of the mail this note is about? */
export function tookPart(address: string, note: TaskNote): boolean {
  if (address === '') return false;
  const key = addressKey(address);
  return ['from', 'to', 'cc'].some((property) => {
    const people = parseAddressList(list(note, property));
    return people.ok && people.addresses.some((a) => addressKey(a.address) === key);
  });
}

export function isFolded(note: TaskNote): boolean {
  return text(note, 'folded_into') !== undefined;
}

/** As the intake wrote it: nobody drafted it, and no word of the user stands in it. */
function isUntouched(note: TaskNote): boolean {
  const { reply, feedback } = readSections(note.body);
  return text(note, 'drafted_at') === undefined && (reply ?? '') === '' && feedback === '';
}

function refersTo(note: TaskNote, messageId: string): boolean {
  return text(note, 'in_reply_to') === messageId || list(note, 'references').includes(messageId);
}

/** Its text is neutralised already; doing so again changes nothing that matters. */
function mailsOf(note: TaskNote, timeZone: string): EarlierMail[] {
  const original = readSections(note.body).original ?? '';
  const before = earlierText(original).map((one) => ({ ...one, messageId: null, receivedMs: null }));
  return [
    ...before,
    {
      messageId: text(note, 'message_id') ?? null,
      from: text(note, 'from') ?? '',
      own: false,
      receivedMs: parseLocalTime(text(note, 'received') ?? '', timeZone),
      text: originalText(original),
    },
  ];
}

/** Moves the older notes that the note `into` names aside, as far as that has not happened; gives those that went. */
export async function foldInto(
  deps: FoldDeps,
  into: string,
  older: readonly string[],
): Promise<{ readonly name: string; readonly title: string }[]> {
  const gone: { name: string; title: string }[] = [];
  for (const name of older) {
    const waiting = await readNote(deps, { folder: WAITING, name });
    if (waiting !== null && !isFolded(waiting.note)) {
      const outcome = await deps.vault.move({ folder: WAITING, name }, 'Skipped');
      // Claimed in this moment: the orchestrator withdraws it when it is offered.
      if (outcome !== 'moved') continue;
      deps.at('watcher:folded');
    }
    const marked = await markFolded(deps, name, into, FOLDED);
    if (marked !== null) gone.push({ name, title: text(marked, 'title') ?? '' });
  }
  return gone;
}

/** Says in a note that lies in Skipped why it does; null when it says so already, or is not there. */
export async function markFolded(
  deps: { readonly vault: Pick<Vault, 'read' | 'stat' | 'update'> },
  name: string,
  into: string,
  reason: string,
): Promise<TaskNote | null> {
  const ref = { folder: 'Skipped', name } as const;
  const read = await readNote(deps, ref);
  if (read === null || isFolded(read.note)) return null;
  const body = withVerdict(read.note.body, {
    kind: 'info',
    title: `Skipped: ${reason}`,
    lines: [
      `The newer one: ${noteLink(into)}`,
      'Move this note to `Needs_Action/email` to have an answer to it drafted all the same.',
    ],
  });
  const marked = withData({ data: read.note.data, body }, { reason, folded_into: noteLink(into) });
  const now = await deps.vault.stat(ref);
  // Moved or edited by the user this very moment: theirs.
  if (now === null || now.ctimeMs !== read.stat.ctimeMs || now.size !== read.stat.size) return null;
  await deps.vault.update(ref, renderNote(marked));
  return marked;
}

/** Names behind the links of a property, as `noteLink` writes them. */
export function linkedNames(note: TaskNote, property: string): string[] {
  return list(note, property).flatMap((link) => {
    const stem = /^\[\[([^[\]|#^/\\]{1,200})\]\]$/.exec(link)?.[1];
    return stem === undefined ? [] : [`${stem}.md`];
  });
}

export async function readNote(
  deps: { readonly vault: Pick<Vault, 'read'> },
  ref: NoteRef,
): Promise<{ readonly note: TaskNote; readonly stat: NoteStat } | null> {
  const read = await deps.vault.read(ref);
  const parsed = read.ok ? parseNote(read.text) : null;
  return read.ok && parsed?.ok === true ? { note: parsed.note, stat: read.stat } : null;
}
