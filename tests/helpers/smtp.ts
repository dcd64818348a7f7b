import { once } from 'node:events';
import type { Server } from 'node:net';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';
import { freePort } from '../../src/demo/free-port.ts';
import { smtpWire, type WireFault } from './smtp-wire.ts';
import { until } from './until.ts';

/** A refusal in the server's own words: the step and the code, `rcpt-450` for greylisting. */
export type ReplyFault = `${'auth' | 'mail' | 'rcpt' | 'after-dot'}-${number}`;
export type SmtpFault =
  | 'refuse-connection'
  | WireFault
  | ReplyFault
  /** Only this recipient is refused. */
  | { readonly rcpt: string; readonly code: number };

export interface AcceptedMail {
  readonly envelope: { readonly from: string; readonly to: readonly string[] };
  /** The client asked for SMTPUTF8. */
  readonly smtpUtf8?: true;
  /** The bytes of the mail, dots unstuffed, as the server would store them. */
  readonly raw: Buffer;
  /** Who logged in, or null. */
  readonly user: string | null;
}

export interface SmtpOptions {
  readonly hooks?: {
    /** Asked once per connection, `n` counts from 1. Overridden by `setFault`. */
    fault?(n: number): SmtpFault | undefined;
    /** Called before the 250; what it throws becomes a 451. For delivery on into a mailbox. */
    onMail?(mail: AcceptedMail): Promise<void>;
  };
  /** With credentials, submission without them is refused (530); without, anyone may submit. */
  readonly auth?: { readonly user: string; readonly password: string };
  /** XOAUTH2 as well: gives the user of a token, or null. */
  readonly userOf?: (accessToken: string) => string | null;
  /** `starttls` and `tls` use a self-signed certificate unless `key` and `cert` are given. */
  readonly tls?: 'none' | 'starttls' | 'tls';
  /** `false`: a server that takes only addresses in ASCII, as most do (RFC 6531). */
  readonly smtpUtf8?: boolean;
  readonly key?: string;
  readonly cert?: string;
}

export interface TestSmtp {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** Every mail the server took, in order; also those whose answer never reached the client. */
  readonly mails: readonly AcceptedMail[];
  /** How often a client connected. */
  readonly connections: () => number;
  /** For all connections from now on; undefined heals. */
  setFault(fault: SmtpFault | undefined): Promise<void>;
  waitForMails(count: number): Promise<readonly AcceptedMail[]>;
  clear(): void;
  stop(): Promise<void>;
}

/** A real SMTP server on 127.0.0.1 that records what it takes and can fail at every step. */
export async function startSmtp(options: SmtpOptions = {}): Promise<TestSmtp> {
  const mails: AcceptedMail[] = [];
  const faults = new Map<number, SmtpFault | undefined>();
  let fixed: { fault: SmtpFault | undefined } | undefined;
  let connections = 0;
  const inner = realServer(options, mails, (session) => faults.get(session.remotePort));
  const innerPort = await freePort();
  inner.listen(innerPort, '127.0.0.1');
  await once(inner.server, 'listening');

  const wire = smtpWire(innerPort, () => {
    connections += 1;
    const fault = fixed ? fixed.fault : options.hooks?.fault?.(connections);
    // The wire passes over the faults that are the real server's to make.
    const onTheWire = typeof fault === 'string' ? (fault as WireFault) : undefined;
    return { fault: onTheWire, seenAs: (seen) => faults.set(seen, fault) };
  });
  const sockets = trackSockets(wire);
  const port = await freePort();
  await listen(wire, port);
  return {
    host: '127.0.0.1',
    port,
    mails,
    connections: () => connections,
    setFault: async (fault) => {
      fixed = { fault };
      if (fault === 'refuse-connection') await close(wire, sockets);
      else if (!wire.listening) await listen(wire, port);
    },
    waitForMails: (count) => until(`${count} mails at the SMTP server`, () => mails.length >= count && mails),
    clear: () => mails.splice(0),
    stop: async () => {
      await close(wire, sockets);
      await new Promise<void>((resolve) => inner.close(() => resolve()));
    },
  };
}

function realServer(
  options: SmtpOptions,
  mails: AcceptedMail[],
  faultOf: (session: SMTPServerSession) => SmtpFault | undefined,
): SMTPServer {
  const refusal = (step: string, session: SMTPServerSession): Error | null => {
    const fault = faultOf(session);
    return typeof fault === 'string' && fault.startsWith(`${step}-`)
      ? refuse(Number(fault.slice(step.length + 1)), step)
      : null;
  };
  const { tls = 'none', auth, userOf, key, cert } = options;
  return new SMTPServer({
    logger: false,
    secure: tls === 'tls',
    ...(key && cert ? { key, cert } : {}),
    disabledCommands: tls === 'starttls' ? [] : ['STARTTLS'],
    allowInsecureAuth: tls === 'none',
    authOptional: auth === undefined && userOf === undefined,
    ...(userOf ? { authMethods: ['PLAIN', 'LOGIN', 'XOAUTH2'] } : {}),
    hideSMTPUTF8: options.smtpUtf8 === false,
    disableReverseLookup: true,
    closeTimeout: 100,
    onAuth: (login, session, done) => {
      if (login.method === 'XOAUTH2') {
        const user = userOf?.(login.accessToken ?? '') ?? null;
        // As Gmail does: the reason in a challenge first (RFC 7628 section 3.2.2), then 535.
        if (user === null || user !== login.username)
          done(null, { data: { status: '401', schemes: 'bearer' } });
        else done(null, { user });
        return;
      }
      const wrong = (auth ?? userOf) && (login.username !== auth?.user || login.password !== auth?.password);
      const refused = refusal('auth', session) ?? (wrong ? refuse(535, 'wrong user or password') : null);
      if (refused) done(refused);
      else done(null, { user: login.username });
    },
    onMailFrom: (_address, session, done) => done(refusal('mail', session)),
    onRcptTo: ({ address }, session, done) => {
      const fault = faultOf(session);
      const mine = typeof fault === 'object' && fault.rcpt === address;
      done(mine ? refuse(fault.code, 'no such mailbox') : refusal('rcpt', session));
    },
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.once('end', () => {
        const refused = refusal('after-dot', session);
        if (refused) {
          done(refused);
          return;
        }
        const { mailFrom, rcptTo, smtpUtf8 } = session.envelope;
        const mail: AcceptedMail = {
          envelope: { from: mailFrom ? mailFrom.address : '', to: rcptTo.map((r) => r.address) },
          ...(smtpUtf8 === true ? { smtpUtf8 } : {}),
          raw: Buffer.concat(chunks),
          user: typeof session.user === 'string' ? session.user : null,
        };
        const stored = options.hooks?.onMail?.(mail) ?? Promise.resolve();
        stored.then(
          () => {
            mails.push(mail);
            done(null, 'queued');
          },
          (error: unknown) => done(refuse(451, String(error))),
        );
      });
    },
  });
}

function refuse(code: number, words: string): Error {
  return Object.assign(new Error(`${words} refused by the test`), { responseCode: code });
}

function trackSockets(server: Server): Set<{ destroy(): void }> {
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
}

async function close(server: Server, sockets: Set<{ destroy(): void }>): Promise<void> {
  for (const socket of sockets) socket.destroy();
  if (server.listening) await new Promise<void>((resolve) => server.close(() => resolve()));
}
