import { isLoopback } from '../../core/loopback.ts';
import { ImapFlow } from 'imapflow';
import type { MailAuth } from '../oauth/token-source.ts';
import { withToken } from '../oauth/with-token.ts';

export interface ImapSettings {
  readonly host: string;
  readonly port: number;
  /** `true`: TLS from the start. `starttls`: refused without. `false`: plain text, on loopback only. */
  readonly secure: 'true' | 'starttls' | 'false';
  readonly auth: MailAuth;
  /** PEM of an authority to trust besides the system's. */
  readonly ca?: string | undefined;
  /** For one question, connecting included; default 20 s. */
  readonly deadlineMs?: number | undefined;
}

/** The mailbox did not answer. Whatever was asked has no answer: never "no". */
export class NoAnswer extends Error {
  readonly code = 'no-answer';
}

/**
 * One connection, kept and asked one question at a time. imapflow neither reconnects nor reports a loss in
 * the middle of a search (it answers false: measured), so after anything odd the connection is thrown away
 * and, when it was an old one, the question is asked once more on a fresh one.
 */
export class ImapSession {
  readonly #settings: ImapSettings;
  #client: ImapFlow | null = null;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(settings: ImapSettings) {
    this.#settings = settings;
  }

  /** @throws NoAnswer when the mailbox cannot be reached, breaks off or takes too long. */
  ask<T>(question: (client: ImapFlow) => Promise<T>): Promise<T> {
    const answer = this.#queue.then(() => this.#ask(question));
    this.#queue = answer.catch(() => undefined);
    return answer;
  }

  async close(): Promise<void> {
    await this.#queue;
    this.#drop();
  }

  async #ask<T>(question: (client: ImapFlow) => Promise<T>): Promise<T> {
    const kept = this.#client?.usable ? this.#client : null;
    if (kept) {
      try {
        return await this.#within(question(kept));
      } catch {
        // It may have been dead for hours; a fresh one decides.
        this.#drop();
      }
    }
    try {
      return await this.#within(this.#connect().then(question));
    } catch (error) {
      this.#drop();
      throw new NoAnswer('the mailbox does not answer', { cause: error });
    }
  }

  #connect(): Promise<ImapFlow> {
    const { auth } = this.#settings;
    if (auth.type === 'password') return this.#connectWith({ user: auth.user, pass: auth.password });
    return withToken(
      auth.token,
      (accessToken) => this.#connectWith({ user: auth.user, accessToken }),
      isRefusedLogin,
    );
  }

  async #connectWith(auth: { user: string; pass: string } | { user: string; accessToken: string }) {
    this.#drop();
    const { host, port, secure, ca, deadlineMs = 20_000 } = this.#settings;
    if (secure === 'false' && !isLoopback(host)) {
      throw new NoAnswer('IMAP without TLS is for loopback only');
    }
    const client = new ImapFlow({
      host,
      port,
      secure: secure === 'true',
      ...(secure === 'true' ? {} : { doSTARTTLS: secure === 'starttls' }),
      auth,
      ...(ca === undefined ? {} : { tls: { ca } }),
      logger: false,
      disableAutoIdle: true,
      connectionTimeout: deadlineMs,
      greetingTimeout: deadlineMs,
      socketTimeout: Math.max(deadlineMs * 2, 60_000),
      // Every question asks for pieces with a size; imapflow's own limit is a gigabyte.
      maxLiteralSize: 2 * 1024 * 1024,
      maxResponseSize: 4 * 1024 * 1024,
      maxLineLength: 4 * 1024 * 1024,
    });
    // Without a listener a late socket error could end the process.
    client.on('error', () => undefined);
    this.#client = client;
    await client.connect();
    return client;
  }

  #drop(): void {
    this.#client?.close();
    this.#client = null;
  }

  async #within<T>(work: Promise<T>): Promise<T> {
    const { deadlineMs = 20_000 } = this.#settings;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new NoAnswer('too slow')), deadlineMs);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
      // The loser of the race fails later, when its connection is dropped.
      work.catch(() => undefined);
    }
  }
}

/** imapflow's mark of a refused login (measured on 2.1.2). */
function isRefusedLogin(error: unknown): boolean {
  return error instanceof Error && 'authenticationFailed' in error && error.authenticationFailed === true;
}
