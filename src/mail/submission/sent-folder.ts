import type { ImapFlow, SearchObject } from 'imapflow';
import { setTimeout as sleep } from 'node:timers/promises';
import { addressKey } from '../../core/address-list.ts';
import { type ImapSession, NoAnswer } from '../mailbox/imap-session.ts';

export type Found = 'found' | 'absent' | 'unknown';
export type Filed = 'filed' | 'already' | 'unknown';
export type ThreadStatus = 'quiet' | 'answered' | 'newer' | 'unknown';

export interface ThreadQuestion {
  /** Of the mail that is to be answered; null when it has none, then nothing can refer to it. */
  readonly messageId: string | null;
  /** Its References, oldest first. */
  readonly references: readonly string[];
  /** When it came, milliseconds; used only where the mail itself is gone from the mailbox. */
  readonly since: number | null;
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
}

/**
 * Submission servers that put a copy into Sent themselves. An append beside it makes two.
 * Gmail: the WildDuck wiki, "Gmail sending". Exchange Online: Exchange team blog, 20 April 2018, "Changes
 * coming to the SMTP Authenticated Submission client protocol"; Outlook.com is the same service.
 */
const FILED_BY_PROVIDER =
  /^(smtp\.gmail\.com|smtp\.googlemail\.com|smtp\.office365\.com|smtp-mail\.outlook\.com)$/i;

export function filesItself(smtpHost: string): boolean {
  return FILED_BY_PROVIDER.test(smtpHost);
}

/**
 * The user's mailbox as a witness: did it go out, was it answered. No answer is `unknown` and never "no";
 * only a list that the server gave counts as an answer.
 */
export class SentFolder {
  readonly #options: SentFolderOptions;
  readonly #own: ReadonlySet<string>;

  constructor(options: SentFolderOptions) {
    this.#options = options;
    this.#own = new Set(options.ownAddresses.map(addressKey));
  }

  /** Is a mail with this Message-ID in Sent or, where there is one, in All Mail? */
  async find(messageId: string): Promise<Found> {
    if (!SEARCHABLE.test(messageId)) return 'unknown';
    return this.#answer((client) => this.#find(client, messageId));
  }

  /** Puts a copy into Sent, seen, unless one with its Message-ID is there. Repeating it changes nothing. */
  async file(messageId: string, eml: Uint8Array): Promise<Filed> {
    if (!SEARCHABLE.test(messageId)) return 'unknown';
    if (this.#options.filing === 'provider') return this.#awaitCopy(messageId);
    return this.#answer(async (client) => {
      if ((await this.#find(client, messageId)) === 'found') return 'already';
      const { sent } = await folders(client);
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
    if (messageId === null || !SEARCHABLE.test(messageId)) return 'quiet';
    return this.#answer(async (client) => {
      const { sent } = await folders(client);
      // An account that never sent has no Sent folder: a clear answer of LIST, so nothing was answered.
      if (sent !== null && (await search(client, sent, referringTo(messageId))).length > 0) return 'answered';
      return (await this.#newerInThread(client, question, messageId)) ? 'newer' : 'quiet';
    });
  }

  async #find(client: ImapFlow, messageId: string): Promise<'found' | 'absent'> {
    const { sent, all } = await folders(client);
    if (sent === null && all === null) throw new NoAnswer('no Sent folder');
    for (const path of [sent, all]) {
      if (path === null) continue;
      if ((await search(client, path, { header: { 'message-id': messageId } })).length > 0) return 'found';
    }
    return 'absent';
  }

  async #awaitCopy(messageId: string): Promise<Filed> {
    const { patienceMs = 10_000 } = this.#options;
    for (let waited = 0; ; waited += 1000) {
      if ((await this.find(messageId)) === 'found') return 'already';
      if (waited >= patienceMs) return 'unknown';
      await sleep(Math.min(1000, patienceMs));
    }
  }

  async #newerInThread(client: ImapFlow, question: ThreadQuestion, messageId: string): Promise<boolean> {
    const { mailbox } = this.#options;
    const [itself = null] = await search(client, mailbox, { header: { 'message-id': messageId } });
    const candidates = new Set(await search(client, mailbox, referringTo(messageId)));
    const [root] = question.references.filter((id) => SEARCHABLE.test(id) && id !== messageId);
    if (root !== undefined && (itself !== null || question.since !== null)) {
      for (const uid of await search(client, mailbox, referringTo(root))) {
        if (uid !== itself && (itself === null || uid > itself)) candidates.add(uid);
      }
    }
    // The newest decide; a thread of hundreds need not be fetched.
    const uids = [...candidates].sort((a, b) => b - a).slice(0, MAX_LOOKED_AT);
    if (uids.length === 0) return false;
    const mails = await client.fetchAll(
      uids.join(','),
      { uid: true, envelope: true, internalDate: true },
      { uid: true },
    );
    if (mails.length === 0) throw new NoAnswer('fetch gave nothing');
    return mails.some((mail) => {
      const late = itself !== null || question.since === null || Number(mail.internalDate) > question.since;
      const from = mail.envelope?.from?.[0]?.address;
      return (
        late &&
        mail.envelope?.messageId !== messageId &&
        (from === undefined || !this.#own.has(addressKey(from)))
      );
    });
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

/** What can go into a search key and be what it says. */
const SEARCHABLE = /^<[\x21-\x3b\x3d\x3f-\x7e]{1,990}>$/;
const MAX_LOOKED_AT = 50;

function referringTo(messageId: string): SearchObject {
  return { or: [{ header: { 'in-reply-to': messageId } }, { header: { references: messageId } }] };
}

/** UIDs, newest view of the mailbox. Anything but a list is a lost connection or a refusal: no answer. */
async function search(client: ImapFlow, path: string, query: SearchObject): Promise<number[]> {
  await client.mailboxOpen(path, { readOnly: true });
  const uids = await client.search(query, { uid: true });
  if (!Array.isArray(uids)) throw new NoAnswer('search was not answered');
  return uids;
}

const COMMON_NAMES =
  /^(?:INBOX[./])?(?:sent|sent items|sent mail|sent messages|gesendet|gesendete (?:objekte|elemente)|enviados|envoyés|inviata)$/i;

/** By SPECIAL-USE (RFC 6154), else by a name that mail programs use. */
async function folders(client: ImapFlow): Promise<{ sent: string | null; all: string | null }> {
  const list = await client.list();
  if (list.length === 0) throw new NoAnswer('the list of folders is empty');
  const flagged = (use: string) =>
    list.find((box) => box.specialUse === use && box.specialUseSource !== 'name') ??
    list.find((box) => box.specialUse === use);
  const sent = flagged('\\Sent') ?? list.find((box) => COMMON_NAMES.test(box.path));
  return { sent: sent?.path ?? null, all: flagged('\\All')?.path ?? null };
}
