import { ImapFlow, type MailboxObject } from 'imapflow';
import type { MailAuth } from '../oauth/token-source.ts';
import { withToken } from '../oauth/with-token.ts';
import { InboxFault, inboxFault } from './imap-fault.ts';

export interface InboxSettings {
  readonly host: string;
  readonly port: number;
  /** `true`: TLS from the start. `starttls`: refused without. `false`: plain text, on loopback only. */
  readonly secure: 'true' | 'starttls' | 'false';
  readonly auth: MailAuth;
  readonly mailbox: string;
  /** PEM of an authority to trust besides the system's. */
  readonly ca?: string | undefined;
  /** Mail over this is fetched only up to `partialBytes`. */
  readonly maxMailBytes: number;
  readonly partialBytes: number;
  /** Without a byte for so long, the connection counts as dead; IDLE is renewed within it. */
  readonly silenceMs: number;
  readonly connectMs: number;
}

export const INBOX_DEFAULTS = {
  maxMailBytes: 25 * 1024 * 1024,
  partialBytes: 1024 * 1024,
  silenceMs: 60_000,
  connectMs: 15_000,
} as const;

export interface InboxMail {
  readonly uid: number;
  readonly internalDateMs: number | null;
  readonly size: number;
  readonly raw: Uint8Array;
}

/** imapflow's own 15 s would leave a mail unnoticed for that long after each scan (measured). */
const IDLE_AFTER_MS = 50;

/**
 * One mailbox over one connection, opened with EXAMINE: no flag of it can change. imapflow never reconnects
 * and answers false or nothing when the connection is lost (measured on 2.1.2), so every answer is checked
 * and a lost one is a rejection here. Use it until `closed`, then open a new one.
 */
export class ImapInbox {
  readonly uidValidity: string;
  readonly uidNext: number;
  /** Resolves, never rejects, when the connection is gone. */
  readonly closed: Promise<InboxFault>;
  readonly #client: ImapFlow;
  readonly #settings: InboxSettings;

  private constructor(
    client: ImapFlow,
    mailbox: MailboxObject,
    settings: InboxSettings,
    closed: Promise<InboxFault>,
  ) {
    this.#client = client;
    this.#settings = settings;
    this.closed = closed;
    this.uidValidity = String(mailbox.uidValidity);
    this.uidNext = mailbox.uidNext;
  }

  /** @throws InboxFault */
  static async open(settings: InboxSettings): Promise<ImapInbox> {
    const { auth } = settings;
    if (auth.type === 'password') return this.#open(settings, { user: auth.user, pass: auth.password });
    const isRefused = (error: unknown): boolean => error instanceof InboxFault && error.code === 'auth';
    try {
      const open = (accessToken: string) => this.#open(settings, { user: auth.user, accessToken });
      return await withToken(auth.token, open, isRefused);
    } catch (error) {
      throw isRefused(error) ? refusedAccess(auth.user, inboxFault(error)) : inboxFault(error);
    }
  }

  static async #open(settings: InboxSettings, login: Login): Promise<ImapInbox> {
    const client = clientFor(settings, login);
    let last: unknown = null;
    // A late error without a listener would end the process.
    client.on('error', (error: unknown) => (last = error));
    const closed = new Promise<InboxFault>((resolve) => {
      client.on('close', () => resolve(inboxFault(last ?? { code: client.byeReason ?? 'closed' })));
    });
    try {
      await client.connect();
      const mailbox = await client.mailboxOpen(settings.mailbox, { readOnly: true });
      return new ImapInbox(client, mailbox, settings, closed);
    } catch (error) {
      client.close();
      throw inboxFault(error);
    }
  }

  /** Calls `hint` when the server says that something came; several mails may give one call. */
  onNews(hint: () => void): void {
    this.#client.on('exists', hint);
  }

  close(): void {
    this.#client.close();
  }

  async newestInternalDate(): Promise<number | null> {
    if (this.uidNext <= 1) return null;
    const [newest] = await this.#all('*', { internalDate: true });
    return newest?.internalDate ? dateMs(newest.internalDate) : null;
  }

  async uids(from: number, to: number | null, sinceMs: number | null): Promise<number[]> {
    const query = {
      uid: `${from}:${to ?? '*'}`,
      // SINCE knows days, in the server's zone: a day earlier, and the caller looks at the exact date.
      ...(sinceMs === null ? {} : { since: new Date(Math.max(sinceMs - 86_400_000, 0)) }),
    };
    const found = await this.#inTime(this.#client.search(query, { uid: true }));
    if (!Array.isArray(found)) throw lost();
    // `n:*` always names the last mail, also when its UID is below n (RFC 3501 section 6.4.8).
    return found.filter((uid) => uid >= from && (to === null || uid <= to)).sort((a, b) => a - b);
  }

  async *fetch(uids: readonly number[]): AsyncGenerator<InboxMail> {
    const { maxMailBytes, partialBytes } = this.#settings;
    const sizes = await this.#sizes(uids);
    for (const run of runs(
      uids.filter((uid) => sizes.has(uid)),
      (uid) => (sizes.get(uid) ?? 0) > maxMailBytes,
    )) {
      const source = run.large ? { start: 0, maxLength: partialBytes } : true;
      const query = { uid: true, internalDate: true, source };
      for await (const message of this.#client.fetch(uidSet(run.uids), query, { uid: true })) {
        // An unsolicited FETCH (another client changed a flag) has no source.
        if (!message.source) continue;
        yield {
          uid: message.uid,
          internalDateMs: message.internalDate ? dateMs(message.internalDate) : null,
          size: sizes.get(message.uid) ?? message.source.length,
          raw: message.source,
        };
      }
      if (!this.#client.usable) throw lost();
    }
  }

  async #sizes(uids: readonly number[]): Promise<Map<number, number>> {
    const found = uids.length === 0 ? [] : await this.#all(uidSet(uids), { size: true });
    return new Map(found.map((message) => [message.uid, message.size ?? 0]));
  }

  async #all(set: string, query: { size?: boolean; internalDate?: boolean }) {
    const byUid = set === '*' ? {} : { uid: true };
    const found = await this.#inTime(this.#client.fetchAll(set, { uid: true, ...query }, byUid));
    if (!this.#client.usable) throw lost();
    return found;
  }

  /**
   * imapflow waits for ever when the connection dies between IDLE and the server's `+`: every command queues
   * behind it and its own watchdog takes the silence for IDLE's (measured on 2.1.2, frozen proxy).
   */
  async #inTime<T>(answer: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        this.#client.close();
        reject(new InboxFault('network', 'the mail server has stopped answering'));
      }, this.#settings.silenceMs);
    });
    try {
      return await Promise.race([answer, late]);
    } catch (error) {
      throw inboxFault(error);
    } finally {
      clearTimeout(timer);
      // The loser fails when the connection is closed, and nobody listens any more.
      answer.catch(() => undefined);
    }
  }
}

type Login = { user: string; pass: string } | { user: string; accessToken: string };

/** The provider gives access and the mail server does not take it: mostly the access to another mailbox. */
function refusedAccess(user: string, fault: InboxFault): InboxFault {
  const words = `is the login that of ${user}? If not, run handover login again (${fault.message})`;
  return new InboxFault('login', words, { cause: fault });
}

function clientFor(settings: InboxSettings, login: Login): ImapFlow {
  const { secure, silenceMs, connectMs, maxMailBytes, ca } = settings;
  return new ImapFlow({
    host: settings.host,
    port: settings.port,
    secure: secure === 'true',
    ...(secure === 'true' ? {} : { doSTARTTLS: secure === 'starttls' }),
    auth: login,
    ...(ca === undefined ? {} : { tls: { ca } }),
    logger: false,
    autoIdleDelay: IDLE_AFTER_MS,
    connectionTimeout: connectMs,
    greetingTimeout: connectMs,
    socketTimeout: silenceMs,
    maxIdleTime: silenceMs,
    maxLiteralSize: maxMailBytes + 1024 * 1024,
    maxResponseSize: maxMailBytes + 8 * 1024 * 1024,
    maxLineLength: 4 * 1024 * 1024,
  });
}

function lost(): InboxFault {
  return new InboxFault('network', 'the connection to the mail server was lost');
}

function dateMs(date: Date | string): number | null {
  const ms = new Date(date).getTime();
  return Number.isNaN(ms) ? null : ms;
}

/** Consecutive mails of one kind, so that the order is kept. */
function runs(
  uids: readonly number[],
  isLarge: (uid: number) => boolean,
): { large: boolean; uids: number[] }[] {
  const found: { large: boolean; uids: number[] }[] = [];
  for (const uid of uids) {
    const last = found.at(-1);
    if (last && last.large === isLarge(uid)) last.uids.push(uid);
    else found.push({ large: isLarge(uid), uids: [uid] });
  }
  return found;
}

/** `1:3,7`: servers limit the length of a command. */
function uidSet(uids: readonly number[]): string {
  const parts: string[] = [];
  for (let at = 0; at < uids.length; ) {
    const first = uids[at] ?? 0;
    let end = at;
    while (uids[end + 1] === (uids[end] ?? 0) + 1) end += 1;
    parts.push(end === at ? `${first}` : `${first}:${uids[end] ?? first}`);
    at = end + 1;
  }
  return parts.join(',');
}
