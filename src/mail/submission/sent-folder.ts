import type { ImapFlow } from 'imapflow';
import { setTimeout as sleep } from 'node:timers/promises';
import { addressKey } from '../../core/address-list.ts';
import {
  FolderSearch,
  type Looked,
  mailsCalled,
  mailMarked,
  mailsReferringTo,
  reach,
  searchable,
} from '../mailbox/folder-search.ts';
import { type ImapSession, NoAnswer } from '../mailbox/imap-session.ts';
import { mailFolders, type MailFolders } from '../mailbox/mail-folders.ts';
import { idsOf, isCalled, isSearchableId, type MailHead, markOf } from '../mailbox/mail-head.ts';

export type Found = 'found' | 'absent' | 'unknown';
export type Filed = 'filed' | 'already' | 'unknown';
export type ThreadStatus = 'quiet' | 'answered' | 'newer' | 'unknown';

/** `foundAs`: the Message-ID that it has there, which a provider may have chosen; null when it has none. */
export type Looking =
  | { readonly found: 'found'; readonly foundAs: string | null }
  | { readonly found: 'absent' | 'unknown' };

export interface ThreadQuestion {
  /** Of the mail that is to be answered; null when it has none, then nothing can refer to it. */
  readonly messageId: string | null;
  /** Its References, oldest first. */
  readonly references: readonly string[];
  /** When it came, milliseconds; used only where the mail itself is gone from the mailbox. */
  readonly since: number | null;
  /** Message-IDs of mails of ours that came back: they are no answer. Any other mail of the same task is one. */
  readonly cameBack?: readonly string[];
}

export interface SentFolderOptions {
  readonly session: ImapSession;
  /** `provider`: it files what goes out through its SMTP, so a copy is only looked for. */
  readonly filing: 'append' | 'provider';
  /** Where mail comes in. */
  readonly mailbox: string;
  readonly ownAddresses: readonly string[];
  /** How long a provider may take to show its copy; default 10 s. */
  readonly patienceMs?: number | undefined;
  /** How long a copy of the provider's is waited for before one is appended; default 0. See `settlingMs`. */
  readonly settleMs?: number | undefined;
  /** How many of a folder's newest mails are looked at besides the search. */
  readonly recentMails?: number | undefined;
}

/**
 * Submission servers that put a copy into Sent themselves. An append beside it makes two.
 * Gmail: the WildDuck wiki, "Gmail sending". Exchange Online: Exchange team blog, 20 April 2018, "Changes
 * coming to the SMTP Authenticated Submission client protocol"; Outlook.com is the same service
 * (chatmail/provider-db issue 258). All of them at once: huacnlee/omamail pull request 60.
 */
const FILED_BY_PROVIDER =
  /^(smtp\.gmail\.com|smtp\.googlemail\.com|smtp\.office365\.com|smtp-mail\.outlook\.com)$/i;

/**
 * Servers that are reported to file by themselves, or not, by plan and over the years: Zoho
 * (nylas/sync-engine issue 365, pimalaya/himalaya issue 660) and 163.com (himalaya issue 660) do; iCloud
 * does (kellylford/QuickMail issue 150) and does not (floatpane/matcha pull request 496). Their copy is
 * waited for, and only then one is made.
 */
const FILED_PERHAPS =
  /(^|\.)(zoho\.(com|eu|in|com\.au|jp)|zohocloud\.ca|163\.com|126\.com|yeah\.net|mail\.me\.com|mail\.icloud\.com|yahoo\.com|yahoodns\.net|aol\.com)$/i;

export function filesItself(smtpHost: string): boolean {
  return FILED_BY_PROVIDER.test(smtpHost);
}

/** How long a copy that the provider may make is waited for, by the name of its submission server. */
export function settlingMs(smtpHost: string): number {
  return FILED_PERHAPS.test(smtpHost) ? 10_000 : 0;
}

/**
 * The user's mailbox as a witness: did it go out, was it answered. No answer is `unknown` and never "no";
 * only what the server showed counts as an answer.
 */
export class SentFolder {
  readonly #options: SentFolderOptions;
  readonly #own: ReadonlySet<string>;
  readonly #search: FolderSearch;

  constructor(options: SentFolderOptions) {
    this.#options = options;
    this.#own = new Set(options.ownAddresses.map(addressKey));
    this.#search = new FolderSearch(options.recentMails);
  }

  /** Is the mail that was given this Message-ID in Sent or, where there is one, in All Mail? */
  async find(messageId: string): Promise<Found> {
    return (await this.look(messageId)).found;
  }

  /** As `find`, also where the provider gave it another Message-ID, and says which. */
  async look(messageId: string): Promise<Looking> {
    if (!isSearchableId(messageId)) return { found: 'unknown' };
    const answer = await this.#answer((client) => this.#look(client, messageId));
    return answer === 'unknown' ? { found: 'unknown' } : answer;
  }

  /** Puts a copy into Sent, seen, unless the mail is there. Repeating it changes nothing. */
  async file(messageId: string, eml: Uint8Array): Promise<Filed> {
    if (!isSearchableId(messageId)) return 'unknown';
    const { filing, patienceMs = 10_000, settleMs = 0 } = this.#options;
    if (filing === 'provider') return (await this.#appears(messageId, patienceMs)) ? 'already' : 'unknown';
    if (settleMs > 0 && (await this.#appears(messageId, settleMs))) return 'already';
    return this.#answer(async (client) => {
      const { sent } = await mailFolders(client);
      // Where the search is refused, the newest mails decide: this one left a moment ago.
      if (sent !== null && (await this.#lookIn(client, sent, messageId)).heads.length > 0) return 'already';
      const path = sent ?? (await client.mailboxCreate('Sent')).path;
      // imapflow drops flags that the selected mailbox does not allow, and one opened read-only allows none
      // (measured on 2.1.2): the copy would lie there unread.
      await client.mailboxClose();
      const done = await client.append(path, Buffer.from(eml), ['\\Seen']);
      if (!done) throw new NoAnswer('append was not confirmed');
      return 'filed';
    });
  }

  /**
   * Has the thread moved on since this mail? `answered`: a reply to it lies in Sent. `newer`: a later mail
   * of the thread came in that is not the user's own.
   */
  async threadStatus(question: ThreadQuestion): Promise<ThreadStatus> {
    const { messageId } = question;
    if (messageId === null || !isSearchableId(messageId)) return 'quiet';
    return this.#answer(async (client) => {
      const folders = await mailFolders(client);
      // An account that never sent has no Sent folder: a clear answer of LIST, so nothing was answered.
      const sent =
        folders.sent === null ? null : await this.#answers(client, folders.sent, messageId, question);
      if (sent && sent.heads.length > 0) return 'answered';
      const came = await this.#newerInThread(client, folders, question, messageId, sent?.recent ?? []);
      return came === 'quiet' && sent && !isConclusive(sent, question.since) ? 'unknown' : came;
    });
  }

  async #look(client: ImapFlow, messageId: string): Promise<Looking> {
    const { sent, all } = await mailFolders(client);
    if (sent === null && all === null) throw new NoAnswer('no Sent folder');
    let conclusive = true;
    for (const path of [sent, all]) {
      if (path === null) continue;
      const looked = await this.#lookIn(client, path, messageId);
      const [found] = looked.heads;
      if (found) return { found: 'found', foundAs: found.messageId };
      conclusive &&= looked.searched || looked.whole;
    }
    return { found: conclusive ? 'absent' : 'unknown' };
  }

  #lookIn(client: ImapFlow, path: string, messageId: string): Promise<Looked> {
    const mark = markOf(messageId);
    const queries = (newestMs: number | null) => [
      ...mailsCalled([messageId]),
      ...(mark === null ? [] : [mailMarked(mark, newestMs)]),
    ];
    return this.#search.look(client, path, queries, (head) => isCalled(head, messageId));
  }

  async #appears(messageId: string, patienceMs: number): Promise<boolean> {
    for (let waited = 0; ; waited += 1000) {
      if ((await this.find(messageId)) === 'found') return true;
      if (waited >= patienceMs) return false;
      await sleep(Math.min(1000, patienceMs));
    }
  }

  #answers(client: ImapFlow, path: string, messageId: string, question: ThreadQuestion): Promise<Looked> {
    return this.#search.look(
      client,
      path,
      (newestMs) => mailsReferringTo([messageId], question.since ?? reach(newestMs)),
      (head) => head.refersTo.includes(messageId) && !cameBack(head, question),
    );
  }

  async #newerInThread(
    client: ImapFlow,
    folders: MailFolders,
    question: ThreadQuestion,
    messageId: string,
    sent: readonly MailHead[],
  ): Promise<'newer' | 'quiet' | 'unknown'> {
    const { mailbox } = this.#options;
    const thread = threadIds(question, sent).filter((id) => id !== messageId);
    const ids = new Set(thread);
    // Filters move mail out of the inbox; where there is All Mail, it holds what came too.
    const looked = await this.#search.look(
      client,
      folders.all ?? mailbox,
      (newestMs) => [
        ...mailsCalled([messageId]),
        ...mailsReferringTo([messageId, ...thread], question.since ?? reach(newestMs)),
      ],
      (head) => head.messageId === messageId || head.refersTo.some((id) => id === messageId || ids.has(id)),
    );
    const itself = looked.heads.find((head) => head.messageId === messageId);
    const newer = looked.heads.some((head) => {
      if (head.messageId === messageId || (head.from !== null && this.#own.has(head.from))) return false;
      if (head.refersTo.includes(messageId)) return true;
      return itself ? head.uid > itself.uid : isAfter(head, question.since);
    });
    if (newer) return 'newer';
    return isConclusive(looked, question.since) ? 'quiet' : 'unknown';
  }

  async #answer<T>(question: (client: ImapFlow) => Promise<T>): Promise<T | 'unknown'> {
    try {
      return await this.#options.session.ask(question);
    } catch (error) {
      if (error instanceof NoAnswer) return 'unknown';
      throw error;
    }
  }
}

const MAX_THREAD_IDS = 10;

/**
 * The ids that a later mail of the thread may refer to. A mail of the user's own counts under each of its
 * ids: where the provider renamed it, one reader answers the new name and another the old one.
 */
function threadIds({ references }: ThreadQuestion, sent: readonly MailHead[]): string[] {
  const ids = searchable(references, MAX_THREAD_IDS);
  const own = sent.filter((head) => ids.some((id) => isCalled(head, id)));
  return [...new Set([...ids, ...own.flatMap(idsOf)])].slice(0, 2 * MAX_THREAD_IDS);
}

function cameBack(head: MailHead, { cameBack = [] }: ThreadQuestion): boolean {
  return cameBack.some((id) => isCalled(head, id));
}

function isAfter(head: MailHead, since: number | null): boolean {
  return since !== null && head.receivedMs !== null && head.receivedMs > since;
}

/** Was everything looked at that came since? Not where the search is refused and the newest do not reach back. */
function isConclusive({ searched, whole, recent }: Looked, since: number | null): boolean {
  if (searched || whole) return true;
  const [oldest] = recent;
  return since !== null && oldest?.receivedMs != null && oldest.receivedMs <= since;
}
