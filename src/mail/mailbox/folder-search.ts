/**
 * Looking for mails of a thread in one folder, on servers as they are:
 * - Gmail and Outlook find nothing by `HEADER References`, only by In-Reply-To (mscdex/node-imap issues
 *   735 and 831); Yahoo answers NO to both (jstedfast/MailKit issue 1055) and finds no Message-ID either
 *   (MailCore2 issue 823); some match whole words instead of a part (ikvk/imap_tools issue 170).
 * So a search may miss and may hit too much: every hit is held against its own header, and the newest mails
 * of the folder are looked at besides, without asking the server for a search.
 */
import type { ImapFlow, SearchObject } from 'imapflow';
import { NoAnswer } from './imap-session.ts';
import { isSearchableId, MAX_HEAD_BYTES, type MailHead, readHead } from './mail-head.ts';

/** The newest of a folder that are looked at, unless told otherwise. */
const RECENT_MAILS = 100;
const MAX_HITS = 50;
/** Servers limit a command line; RFC 7162 section 4 recommends at least 8192. */
const MAX_QUERY_CHARS = 4000;

interface Window {
  readonly uidValidity: bigint;
  readonly uidNext: number;
  readonly exists: number;
  /** Oldest first, as they came. */
  readonly heads: readonly MailHead[];
}

export interface Looked {
  readonly heads: readonly MailHead[];
  /** False when the server refused the search: what is older than its newest mails is not known. */
  readonly searched: boolean;
  /** The newest mails of the folder, all of it when `whole`. */
  readonly recent: readonly MailHead[];
  readonly whole: boolean;
}

/** What was seen of the newest mails; asked again, only newer ones are fetched. */
export class FolderSearch {
  readonly #windows = new Map<string, Window>();
  readonly #recent: number;

  constructor(recent = RECENT_MAILS) {
    this.#recent = recent;
  }

  /**
   * The mails of `path` that `is` accepts, oldest first, no more than some 150. `queries` help to find those
   * that are not among the newest; they are told when the newest one came.
   * @throws NoAnswer when the connection is lost: imapflow then answers false or nothing (measured on 2.1.2).
   */
  async look(
    client: ImapFlow,
    path: string,
    queries: (newestMs: number | null) => readonly SearchObject[],
    is: (head: MailHead) => boolean,
  ): Promise<Looked> {
    const window = await this.#newest(client, path);
    const found = new Map(window.heads.filter(is).map((head) => [head.uid, head]));
    const whole = window.heads.length >= window.exists;
    let searched = true;
    // The newest mails are the whole folder: nothing is left to be searched for.
    for (const query of whole ? [] : queries(window.heads.at(-1)?.receivedMs ?? null)) {
      const uids = await search(client, query);
      searched &&= uids !== null;
      const known = new Set(window.heads.map((head) => head.uid));
      const others = (uids ?? []).filter((uid) => !known.has(uid) && !found.has(uid));
      const heads = await headsOf(client, others.sort((a, b) => b - a).slice(0, MAX_HITS));
      for (const head of heads.filter(is)) found.set(head.uid, head);
    }
    const heads = [...found.values()].sort((a, b) => a.uid - b.uid);
    return { heads, searched, recent: window.heads, whole };
  }

  async #newest(client: ImapFlow, path: string): Promise<Window> {
    const box = await client.mailboxOpen(path, { readOnly: true });
    const { uidValidity, uidNext, exists } = box;
    const seen = this.#windows.get(path);
    const same = seen?.uidValidity === uidValidity ? seen : null;
    if (same?.uidNext === uidNext && same.exists === exists) return same;
    const newer = same ? await fetchHeads(client, `${same.uidNext}:*`, true) : [];
    const fresh = newer.filter((head) => head.uid >= (same?.uidNext ?? 0));
    // Anything but "some came": a mail was taken out, so what was seen is no longer what is there.
    const grown = same !== null && same.exists + fresh.length === exists;
    const heads = grown
      ? [...same.heads, ...fresh].slice(-this.#recent)
      : exists === 0
        ? []
        : await fetchHeads(client, `${Math.max(1, exists - this.#recent + 1)}:*`, false);
    if (exists > 0 && heads.length === 0) throw new NoAnswer('the newest mails were not shown');
    // What came meanwhile is for the next look, or it would be counted twice.
    const window = { uidValidity, uidNext, exists, heads: heads.filter((head) => head.uid < uidNext) };
    this.#windows.set(path, window);
    return window;
  }
}

const DAY_MS = 86_400_000;
/** What is older is no backlog, and no part of a conversation that goes on. */
const REACH_MS = 90 * DAY_MS;

/** Queries for the mails with one of these ids. Servers keep Message-IDs at hand, so these reach back for ever. */
export function mailsCalled(ids: readonly string[]): SearchObject[] {
  return packed(ids.map((id) => ({ chars: id.length + 24, keys: [{ header: { 'message-id': id } }] })));
}

/**
 * Queries for those that refer to one of them and came since. Dovecot opens every mail of a folder whose
 * References were never asked for, which can take longer than anybody waits: hence a date.
 */
export function mailsReferringTo(ids: readonly string[], sinceMs: number | null): SearchObject[] {
  const queries = packed(
    ids.map((id) => ({
      chars: 2 * (id.length + 24),
      keys: [{ header: { 'in-reply-to': id } }, { header: { references: id } }],
    })),
  );
  return queries.map((query) => since(query, sinceMs));
}

/** Finds a mail of ours whose Message-ID the provider changed; X- headers come through (chatmail/core issue 1006). */
export function mailMarked(mark: string, newestMs: number | null): SearchObject {
  return since({ header: { 'x-handover-task': mark } }, reach(newestMs));
}

/** How far back a search goes that has no date of its own, from the newest mail on. */
export function reach(newestMs: number | null): number | null {
  return newestMs === null ? null : newestMs - REACH_MS;
}

/**
 * SINCE knows days, in the server's zone: a day earlier, and the caller looks closer. Never in the future:
 * imapflow makes `YOUNGER 0` of it where it can, and Dovecot answers BAD (measured on 2.1.2 and 2.3.19).
 */
function since(query: SearchObject, ms: number | null): SearchObject {
  return ms === null ? query : { since: new Date(Math.max(Math.min(ms, Date.now()) - DAY_MS, 0)), ...query };
}

/** As few commands as the length of a line allows. */
function packed(parts: readonly { chars: number; keys: readonly SearchObject[] }[]): SearchObject[] {
  const groups: { chars: number; keys: SearchObject[] }[] = [];
  for (const { chars, keys } of parts) {
    const last = groups.at(-1);
    if (last && last.chars + chars <= MAX_QUERY_CHARS) {
      last.chars += chars;
      last.keys.push(...keys);
    } else groups.push({ chars, keys: [...keys] });
  }
  return groups.map(({ keys: [first = {}, ...more] }) =>
    more.length === 0 ? first : { or: [first, ...more] },
  );
}

/** UIDs; null when the server refuses such a search. */
async function search(client: ImapFlow, query: SearchObject): Promise<number[] | null> {
  const uids = await client.search(query, { uid: true });
  if (Array.isArray(uids)) return uids;
  // imapflow answers false to a refusal and to a lost connection alike (measured on 2.1.2).
  if (!client.usable) throw new NoAnswer('search was not answered');
  return null;
}

async function headsOf(client: ImapFlow, uids: readonly number[]): Promise<MailHead[]> {
  return uids.length === 0 ? [] : fetchHeads(client, uids.join(','), true);
}

async function fetchHeads(client: ImapFlow, set: string, byUid: boolean): Promise<MailHead[]> {
  const query = {
    uid: true,
    internalDate: true,
    bodyParts: [{ key: 'HEADER', start: 0, maxLength: MAX_HEAD_BYTES }],
  };
  const mails = await client.fetchAll(set, query, { uid: byUid });
  if (!client.usable) throw new NoAnswer('fetch was not answered');
  return mails
    .flatMap(({ uid, headers, internalDate }) => {
      // An unsolicited FETCH (another client changed a flag) has no header.
      if (!headers) return [];
      const ms = internalDate === undefined ? NaN : new Date(internalDate).getTime();
      return [readHead(uid, headers, Number.isNaN(ms) ? null : ms)];
    })
    .sort((a, b) => a.uid - b.uid);
}

/** The ids that may go into a search, each once, at most `max`: the first and the last ones. */
export function searchable(ids: readonly string[], max: number): string[] {
  const all = [...new Set(ids.filter(isSearchableId))];
  return all.length <= max ? all : [...all.slice(0, 1), ...all.slice(1 - max)];
}
