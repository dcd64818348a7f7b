import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { serve, type CommandFault } from './connection.ts';
import { LIMITS } from './limits.ts';
import { addMail, findMailbox, MailboxStore, type Mailbox, type StoredMail } from './mailbox-store.ts';

export interface ImapServerOptions {
  /** The one password of every user; each user name that logs in has an account. */
  readonly password: string;
  readonly port?: number;
  /** For tests of what a client does when the server misbehaves. `command` is `IDLE`, `UID FETCH`, … */
  readonly faultAt?: (command: string) => CommandFault | undefined;
}

export interface ImapServer {
  readonly port: number;
  /** Puts the bytes into the mailbox and tells who is watching; returns the UID. */
  deliver(user: string, raw: Buffer, mailbox?: string): number;
  mails(user: string, mailbox?: string): readonly StoredMail[];
  /** What a restore from backup does: every UID from before means nothing any more. */
  setUidValidity(user: string, value: number, mailbox?: string): void;
  /** Cuts every connection without a word. */
  dropAll(): void;
  stop(): Promise<void>;
}

/**
 * A small IMAP4rev1 server in this process, for the demo: no installation, no root. It keeps mail in
 * memory and listens on 127.0.0.1 only. One contract suite holds it against Dovecot. It does not
 * know: TLS, MIME parts and BODYSTRUCTURE, CREATE, COPY, CONDSTORE, flag changes told to others.
 */
export async function startImapServer(options: ImapServerOptions): Promise<ImapServer> {
  const store = new MailboxStore();
  const sockets = new Set<Socket>();
  const deps = {
    store,
    mayLogIn: (user: string, password: string) => user !== '' && password === options.password,
    faultAt: options.faultAt ?? (() => undefined),
  };
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // Without a listener a reset would end the process; the reading side sees the end anyway.
    socket.on('error', () => undefined);
    if (sockets.size > LIMITS.connections) socket.end('* BYE too many connections\r\n');
    else serve(socket, deps).catch((error: unknown) => socket.destroy(error as Error));
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the IMAP server got no port');
  const mailboxOf = (user: string, name = 'INBOX'): Mailbox => {
    const mailbox = findMailbox(store.account(user), name);
    if (!mailbox) throw new Error(`no such mailbox: ${name}`);
    return mailbox;
  };
  const dropAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: address.port,
    deliver: (user, raw, name) => addMail(mailboxOf(user, name), raw, new Date()),
    mails: (user, name) => mailboxOf(user, name).mails,
    setUidValidity: (user, value, name) => {
      mailboxOf(user, name).uidValidity = value;
    },
    dropAll,
    stop: async () => {
      dropAll();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
