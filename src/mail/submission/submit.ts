import { isLoopback } from '../../core/loopback.ts';
import { Readable } from 'node:stream';
import SMTPConnection, { type SMTPConnectionSendInfo } from 'nodemailer/lib/smtp-connection';
import XOAuth2 from 'nodemailer/lib/xoauth2';
import type {
  RefusedRecipient,
  SubmissionFacts,
  SubmissionFault,
  SubmissionPhase,
} from '../../core/delivery-verdict.ts';
import { conversation, type Conversation, oneLine } from './smtp-conversation.ts';

export type SmtpAuth =
  | { readonly type: 'password'; readonly user: string; readonly password: string }
  | { readonly type: 'oauth2'; readonly user: string; readonly accessToken: string };

export interface SmtpTimeouts {
  readonly connectMs: number;
  readonly greetingMs: number;
  /** Without a sign of life, up to the last byte of the mail. */
  readonly idleMs: number;
  /**
   * From the last byte to the server's reply, which may be scanning the mail. RFC 5321 section 4.5.3.2.6
   * says ten minutes, because giving up here leaves the mail in doubt.
   */
  readonly finalReplyMs: number;
}

export interface SmtpSettings {
  readonly host: string;
  readonly port: number;
  /** `true`: TLS from the start. `starttls`: refused without. `false`: plain text, on loopback only. */
  readonly secure: 'true' | 'starttls' | 'false';
  readonly auth: SmtpAuth | null;
  /** PEM of an authority to trust besides the system's. */
  readonly ca?: string | undefined;
  readonly timeouts?: Partial<SmtpTimeouts> | undefined;
}

export interface Envelope {
  readonly from: string;
  readonly to: readonly string[];
}

export interface SubmitRequest {
  readonly smtp: SmtpSettings;
  /** The mail, CRLF, exactly as it shall arrive. */
  readonly eml: Uint8Array;
  readonly envelope: Envelope;
  /**
   * Called once, synchronously, after the server's go-ahead to DATA and before the first byte of the mail.
   * What it throws stops the submission; nothing has left then.
   */
  readonly onBodyStarts: () => void;
  readonly signal?: AbortSignal | undefined;
}

/** What happened; `core/delivery-verdict.ts` says what it means. */
export type Submission = SubmissionFacts;

export const DEFAULT_TIMEOUTS: SmtpTimeouts = {
  connectMs: 10_000,
  greetingMs: 10_000,
  idleMs: 30_000,
  finalReplyMs: 300_000,
};

/**
 * Hands one mail to a server, once, over a connection of its own: a pool would queue it again by itself.
 * Uses nodemailer's connection without its transport, because only here the body is pulled after the
 * go-ahead and not before, so that `onBodyStarts` is exact.
 * Never throws for anything the network or the server does.
 */
export async function submit(request: SubmitRequest): Promise<Submission> {
  const { smtp } = request;
  if (smtp.secure === 'false' && !isLoopback(smtp.host)) {
    const words = `SMTP without TLS to ${smtp.host} is refused: plain text is for loopback only`;
    return { phase: 'connect', fault: 'tls', replyCode: null, words, accepted: [], refused: [] };
  }
  const talk = conversation();
  const timeouts = { ...DEFAULT_TIMEOUTS, ...smtp.timeouts };
  return new Promise((resolve) => {
    const connection = openSmtp(smtp, timeouts, talk);
    const watch = watchdog(() => end(fault('ETIMEDOUT', 'no answer from the server in time')));
    let ended = false;
    const end = (error: unknown, info?: SMTPConnectionSendInfo): void => {
      if (ended) return;
      ended = true;
      watch.stop();
      request.signal?.removeEventListener('abort', onAbort);
      leave(connection, error === null);
      resolve(facts(talk, error, info));
    };
    const onAbort = (): void => end(fault('EABORT', 'stopped by this program'));
    connection.on('error', (error) => end(error));
    connection.once('end', () => end(fault('ECONNECTION', 'the connection closed')));
    talk.onReply = () => watch.restart(timeouts.idleMs);
    if (request.signal?.aborted) return onAbort();
    request.signal?.addEventListener('abort', onAbort, { once: true });
    watch.restart(timeouts.connectMs + timeouts.greetingMs + timeouts.idleMs);
    connection.connect((error) => {
      if (error) return end(error);
      logIn(connection, smtp.auth, talk, (loginError) => {
        if (loginError) return end(loginError);
        talk.reached('envelope');
        const foreign = talk.smtpUtf8 ? [] : beyondAscii(request.envelope);
        if (foreign.length > 0) return end(needsSmtpUtf8(foreign));
        const body = bodyStream(request, talk, (ms) => watch.restart(ms), timeouts);
        const envelope = {
          from: request.envelope.from,
          to: [...request.envelope.to],
          size: request.eml.length,
        };
        connection.send(envelope, body, (sendError, info) => end(sendError ?? null, info));
      });
    });
  });
}

/** nodemailer sends such an address also to a server that cannot take it, which may mangle it (measured). */
function beyondAscii(envelope: Envelope): string[] {
  return [envelope.from, ...envelope.to].filter((address) => !/^[\x21-\x7e]*$/.test(address));
}

function needsSmtpUtf8(addresses: readonly string[]): SmtpError {
  const which = addresses.slice(0, 3).join(', ') + (addresses.length > 3 ? ' and others' : '');
  return {
    command: 'API',
    code: 'EENVELOPE',
    message: `the mail server takes only addresses in ASCII letters (it does not offer SMTPUTF8), so not ${which}; nothing was sent`,
  };
}

export function openSmtp(smtp: SmtpSettings, timeouts: SmtpTimeouts, talk: Conversation): SMTPConnection {
  return new SMTPConnection({
    host: smtp.host,
    port: smtp.port,
    secure: smtp.secure === 'true',
    requireTLS: smtp.secure === 'starttls',
    ignoreTLS: smtp.secure === 'false',
    ...(smtp.ca === undefined ? {} : { tls: { ca: smtp.ca } }),
    connectionTimeout: timeouts.connectMs,
    greetingTimeout: timeouts.greetingMs,
    dnsTimeout: timeouts.connectMs,
    // The longest silence that is ever right; the shorter ones are the watchdog's.
    socketTimeout: Math.max(timeouts.idleMs, timeouts.finalReplyMs),
    logger: talk.logger,
    transactionLog: true,
  });
}

/** Goes on without where none is wanted. */
export function logIn(
  connection: SMTPConnection,
  auth: SmtpAuth | null,
  talk: Conversation,
  done: (error: unknown) => void,
): void {
  // A server on loopback may want no login; one that does says 530 to MAIL.
  if (auth === null || !connection.allowsAuth) return done(null);
  talk.reached('auth');
  const data =
    auth.type === 'password'
      ? { user: auth.user, credentials: { user: auth.user, pass: auth.password } }
      : {
          user: auth.user,
          method: 'XOAUTH2',
          oauth2: new XOAuth2({ user: auth.user, accessToken: auth.accessToken }),
        };
  connection.login(data, (error) => done(error ?? null));
}

const CHUNK_BYTES = 65_536;

/** Pulled by nodemailer only after the go-ahead (354, or the 250 that some servers say instead). */
function bodyStream(
  request: SubmitRequest,
  talk: Conversation,
  restart: (ms: number) => void,
  timeouts: SmtpTimeouts,
): Readable {
  let offset = 0;
  let started = false;
  return new Readable({
    highWaterMark: CHUNK_BYTES,
    read() {
      if (!started) {
        started = true;
        try {
          request.onBodyStarts();
        } catch (error) {
          this.destroy(error instanceof Error ? error : new Error(String(error)));
          return;
        }
        talk.reached('body');
      }
      const chunk = request.eml.subarray(offset, offset + CHUNK_BYTES);
      offset += chunk.length;
      if (chunk.length > 0) {
        restart(timeouts.idleMs);
        this.push(chunk);
        return;
      }
      // From here the final dot may be on its way.
      talk.reached('final-reply');
      restart(timeouts.finalReplyMs);
      talk.onReply = undefined;
      this.push(null);
    },
  });
}

/** QUIT after success (RFC 5321 section 4.1.1.10); nothing waits for its answer. */
function leave(connection: SMTPConnection, politely: boolean): void {
  if (!politely) return connection.close();
  setTimeout(() => connection.close(), 1000).unref();
  connection.quit();
}

function watchdog(bark: () => void): { restart(ms: number): void; stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  return {
    restart: (ms) => {
      clearTimeout(timer);
      timer = setTimeout(bark, ms);
    },
    stop: () => clearTimeout(timer),
  };
}

/** What nodemailer puts on its errors; it types them loosely. */
export interface SmtpError {
  readonly code?: string | undefined;
  readonly message?: string | undefined;
  readonly command?: string | undefined;
  readonly response?: string | undefined;
  readonly responseCode?: number | undefined;
  readonly rejectedErrors?: readonly SmtpError[] | undefined;
  readonly recipient?: string | undefined;
}

function fault(code: string, message: string): SmtpError {
  return { code, message };
}

function facts(talk: Conversation, error: unknown, info: SMTPConnectionSendInfo | undefined): Submission {
  const { phase } = talk;
  if (error === null && info) {
    const accepted = [...info.accepted];
    // nodemailer takes any reply that begins with 2 for success; a reply is three digits and a separator.
    const code = /^(2\d\d)(?:[ -]|$)/.exec(info.response)?.[1];
    const refused = refusals(info.rejectedErrors);
    return {
      phase,
      fault: code === undefined ? 'protocol' : null,
      replyCode: code === undefined ? null : Number(code),
      words: oneLine(info.response),
      accepted,
      refused,
    };
  }
  const smtpError = (error ?? {}) as SmtpError;
  return {
    phase,
    fault: kindOf(smtpError, phase),
    replyCode: smtpError.responseCode ?? null,
    words: oneLine(smtpError.response ?? smtpError.message ?? 'unknown fault'),
    accepted: [],
    refused: refusals(smtpError.rejectedErrors),
  };
}

function kindOf(error: SmtpError, phase: SubmissionPhase): SubmissionFault {
  if (error.command === 'API' && error.code === 'EENVELOPE') return 'local';
  switch (error.code) {
    case 'ETLS':
      return 'tls';
    case 'ETIMEDOUT':
      return 'timeout';
    case 'EABORT':
      return 'aborted';
    case 'EPROTOCOL':
      return 'protocol';
    case 'ESOCKET':
      return phase === 'tls' ||
        /certificate|self.signed|TLS|SSL|altname|wrong version/i.test(error.message ?? '')
        ? 'tls'
        : 'network';
    case 'EENVELOPE':
    case 'EMESSAGE':
    case 'EAUTH':
      return 'rejected';
    case 'ESTREAM':
      return 'aborted';
    default:
      return 'network';
  }
}

function refusals(errors: readonly SmtpError[] | undefined): RefusedRecipient[] {
  return (errors ?? []).map((e) => ({
    address: e.recipient ?? '',
    code: e.responseCode ?? 0,
    words: oneLine(e.response ?? e.message ?? ''),
  }));
}
