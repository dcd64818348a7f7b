import type { ImapFlow } from 'imapflow';
import { formatAddress } from '../../core/address-list.ts';
import { ownWords } from '../../core/own-words.ts';
import type { EarlierMail, ThreadLookup, ThreadRefs } from '../../core/thread-mails.ts';
import { readMessage } from '../message/read-message.ts';
import { FolderSearch, mailsCalled, mailsReferringTo, reach, searchable } from './folder-search.ts';
import { type ImapSession, NoAnswer } from './imap-session.ts';
import { mailFolders } from './mail-folders.ts';
import { idsOf, isCalled, isSearchableId, type MailHead, markOf } from './mail-head.ts';

export interface ThreadLookupOptions {
  /** A connection of its own: the one that watches the inbox must not be switched to another folder. */
  readonly session: ImapSession;
  /** Where mail comes in. */
  readonly mailbox: string;
  /** How many earlier mails are read at most. */
  readonly maxMails: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** How many of a folder's newest mails are looked at besides the search. */
  readonly recentMails?: number | undefined;
}

/** Of one mail: what is fetched, and what of its text is kept. */
const MAX_BYTES = 64 * 1024;
const MAX_CHARS = 4000;
const MAX_IDS = 12;
/** So long a silent server is not asked again: each mail of a long night would wait for its time-out. */
const REST_MS = 60_000;

/** A mail of the thread and where it lies. */
interface Place {
  readonly path: string;
  readonly own: boolean;
  readonly head: MailHead;
}

/**
 * Reads the threads of one mailbox, and only reads: every folder is opened with EXAMINE and every body
 * fetched with BODY.PEEK, so no flag changes and nobody's phone shows a mail as read.
 */
export function mailboxThreads(options: ThreadLookupOptions): ThreadLookup {
  const search = new FolderSearch(options.recentMails);
  let restUntil = 0;
  const ask = async <T>(question: (client: ImapFlow) => Promise<T>): Promise<T | 'unknown'> => {
    if (options.now() < restUntil) return 'unknown';
    try {
      return await options.session.ask(question);
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      restUntil = options.now() + REST_MS;
      return 'unknown';
    }
  };
  return {
    answered: async (messageId, receivedMs = null) =>
      isSearchableId(messageId)
        ? ask((client) => answered(client, search, messageId, receivedMs))
        : 'unknown',
    earlier: async (refs) => {
      const ids = searchable(
        [...refs.references, ...(refs.inReplyTo === null ? [] : [refs.inReplyTo])].filter(
          (id) => id !== refs.messageId,
        ),
        MAX_IDS,
      );
      if (ids.length === 0 || options.maxMails < 1) return [];
      return ask(async (client) => {
        const places = await placesOf(client, search, options.mailbox, refs, ids);
        return readMails(client, places.slice(-options.maxMails));
      });
    },
  };
}

async function answered(
  client: ImapFlow,
  search: FolderSearch,
  messageId: string,
  receivedMs: number | null,
): Promise<boolean | 'unknown'> {
  const { sent } = await mailFolders(client);
  // An account that never sent has no Sent folder.
  if (sent === null) return false;
  const is = (head: MailHead) => head.refersTo.includes(messageId);
  const looked = await search.look(client, sent, () => mailsReferringTo([messageId], receivedMs), is);
  if (looked.heads.length > 0) return true;
  return looked.searched || looked.whole ? false : 'unknown';
}

/** The thread's mails before the one in question, oldest first. */
async function placesOf(
  client: ImapFlow,
  search: FolderSearch,
  mailbox: string,
  refs: ThreadRefs,
  ids: readonly string[],
): Promise<Place[]> {
  const { sent, all } = await mailFolders(client);
  const inThread = (names: readonly string[]) => (head: MailHead) =>
    names.some((id) => head.refersTo.includes(id) || isCalled(head, id));
  const own =
    sent === null
      ? []
      : (
          await search.look(
            client,
            sent,
            (newestMs) => [...mailsCalled(ids), ...mailsReferringTo(ids, reach(newestMs))],
            inThread(ids),
          )
        ).heads;
  // Where the provider renamed a mail of ours, one reader answered the new name and another the old one.
  const names = [
    ...new Set([...ids, ...own.filter((head) => ids.some((id) => isCalled(head, id))).flatMap(idsOf)]),
  ];
  const itself = refs.messageId !== null && isSearchableId(refs.messageId) ? [refs.messageId] : [];
  const path = all ?? mailbox;
  const came = await search.look(
    client,
    path,
    (newestMs) => [...mailsCalled([...itself, ...names]), ...mailsReferringTo(names, reach(newestMs))],
    inThread([...names, ...itself]),
  );
  const asked = came.heads.find((head) => head.messageId !== null && head.messageId === refs.messageId);
  // All Mail shows what lies in Sent a second time, and a From alone proves nothing.
  const ownIds = new Set(own.flatMap(idsOf));
  const others = came.heads.filter((head) => head.messageId === null || !ownIds.has(head.messageId));
  return [
    ...own.map((head) => ({ path: sent ?? '', own: true, head })),
    ...others.map((head) => ({ path, own: false, head })),
  ]
    .filter(({ head }) => isBefore(head, asked, refs.messageId))
    .sort((a, b) => (a.head.receivedMs ?? 0) - (b.head.receivedMs ?? 0));
}

function isBefore(head: MailHead, asked: MailHead | undefined, askedId: string | null): boolean {
  if (askedId !== null && (head.messageId === askedId || head.refersTo.includes(askedId))) return false;
  if (asked?.receivedMs == null || head.receivedMs === null) return true;
  return head.receivedMs <= asked.receivedMs;
}

async function readMails(client: ImapFlow, places: readonly Place[]): Promise<EarlierMail[]> {
  const read = new Map<MailHead, EarlierMail>();
  for (const path of new Set(places.map((place) => place.path))) {
    const here = places.filter((place) => place.path === path);
    await client.mailboxOpen(path, { readOnly: true });
    const mails = await client.fetchAll(
      here.map(({ head }) => head.uid).join(','),
      { uid: true, size: true, source: { start: 0, maxLength: MAX_BYTES } },
      { uid: true },
    );
    if (!client.usable) throw new NoAnswer('fetch was not answered');
    for (const { head, own } of here) {
      const { source, size } = mails.find(({ uid }) => uid === head.uid) ?? {};
      // One that was deleted meanwhile is left out.
      if (source) read.set(head, await earlierMail(head, own, source, size ?? source.length));
    }
  }
  return places.flatMap(({ head }) => read.get(head) ?? []);
}

async function earlierMail(
  head: MailHead,
  own: boolean,
  source: Uint8Array,
  size: number,
): Promise<EarlierMail> {
  const { mail } = await readMessage(source, size);
  const from = mail.from === null ? '' : formatAddress(mail.from);
  return {
    messageId: own ? givenId(head, mail.from?.address ?? '') : head.messageId,
    from,
    own,
    people: [mail.from, ...mail.to, ...mail.cc].flatMap((a) => (a === null ? [] : [a.address])).slice(0, 100),
    receivedMs: head.receivedMs,
    text: cut(ownWords(mail.text)),
  };
}

/** The Message-ID that we gave a mail of ours, also where the provider changed it. */
function givenId(head: MailHead, from: string): string | null {
  const { messageId, mark } = head;
  if (mark === null || (messageId !== null && markOf(messageId) === mark)) return messageId;
  const former = head.formerIds.find((id) => markOf(id) === mark);
  const at = from.lastIndexOf('@');
  return former ?? (at < 0 ? messageId : `<${mark}${from.slice(at)}>`);
}

function cut(text: string): string {
  // A character of two halves stays whole.
  return text.length <= MAX_CHARS
    ? text
    : `${text.slice(0, MAX_CHARS).replace(/[\ud800-\udbff]$/, '')} [...]`;
}
