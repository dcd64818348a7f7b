import { once } from 'node:events';
import type { Socket } from 'node:net';
import { CAPABILITIES } from './commands/capability.ts';
import { COMMANDS } from './commands/table.ts';
import { CommandReader, type CommandParts } from './command-reader.ts';
import { LIMITS } from './limits.ts';
import type { MailboxStore } from './mailbox-store.ts';
import type { Answer, Session } from './session.ts';
import { SyntaxFault, tokenise } from './syntax.ts';

/** What a test may make of a command: answer it wrongly, cut the line, or never answer. */
export type CommandFault = 'drop' | 'silence' | { readonly no: string };

export interface ConnectionDeps {
  readonly store: MailboxStore;
  readonly mayLogIn: (user: string, password: string) => boolean;
  readonly faultAt: (command: string) => CommandFault | undefined;
}

/** Serves one client until it goes: one command after the other, as RFC 3501 5.5 allows. */
export async function serve(socket: Socket, deps: ConnectionDeps): Promise<void> {
  const reader = new CommandReader(() =>
    session.account ? LIMITS.literalBytes : LIMITS.literalBytesBeforeLogin,
  );
  const lines = feed(socket, reader);
  const session = newSession(socket, deps, lines);
  socket.setTimeout(LIMITS.idleMs, () => socket.destroy());
  session.send(`* OK [CAPABILITY ${CAPABILITIES}] handover demo mail server`);
  try {
    for (;;) {
      const { value: parts, done } = await lines.next();
      if (done) return;
      const open = await obey(socket, session, parts, deps);
      if (!open) return;
      if (socket.writableNeedDrain) await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
    }
  } finally {
    socket.end();
  }
}

/** Returns false when the connection is over. */
async function obey(
  socket: Socket,
  session: Session,
  parts: CommandParts,
  deps: ConnectionDeps,
): Promise<boolean> {
  const [, tag = '*', word = '', rest = ''] =
    /^([^\s(){%*"\\+]+) ([^\s]+) ?(.*)$/s.exec(String(parts[0])) ?? [];
  const uid = word.toUpperCase() === 'UID';
  const name = uid ? /^\S*/.exec(rest)?.[0].toUpperCase() : word.toUpperCase();
  const fault = deps.faultAt(uid ? `UID ${name}` : (name ?? ''));
  if (fault === 'drop') {
    socket.destroy();
    return false;
  }
  if (fault === 'silence') return true;
  const line = uid ? rest.slice((name ?? '').length) : rest;
  const answer: Answer = fault
    ? ['NO', fault.no]
    : await perform(session, name ?? '', uid, [line, ...parts.slice(1)]);
  if (uid || !COMMANDS.get(name ?? '')?.keepsNumbers) session.sync();
  session.send(`${tag} ${answer[0]} ${answer[1]}`);
  return name !== 'LOGOUT';
}

async function perform(session: Session, name: string, byUid: boolean, args: CommandParts): Promise<Answer> {
  const command = COMMANDS.get(name);
  if (!command || (byUid && !command.uidForm)) return ['BAD', 'unknown command'];
  if (command.when !== 'any' && !session.account) return ['NO', 'log in first'];
  if (command.when === 'selected' && !session.selected) return ['BAD', 'select a mailbox first'];
  try {
    return await command.run(session, { args: tokenise(args), byUid });
  } catch (error) {
    if (error instanceof SyntaxFault) return ['BAD', error.message.replace(/[^\x20-\x7e]/g, '?')];
    throw error;
  }
}

function newSession(
  socket: Socket,
  deps: ConnectionDeps,
  lines: AsyncGenerator<CommandParts, undefined>,
): Session {
  const session: Session = {
    account: null,
    selected: null,
    logIn: (user, password) => {
      const right = deps.mayLogIn(user, password);
      if (right) session.account = deps.store.account(user);
      return right;
    },
    send: (...parts) => {
      if (!socket.writable) return;
      const bytes = parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part));
      socket.write(Buffer.concat([...bytes, CRLF]));
    },
    ask: async (prompt) => {
      session.send(`+ ${prompt}`);
      const { value, done } = await lines.next();
      return done ? null : String(value[0]);
    },
    sync: () => tellNews(session),
  };
  return session;
}

const CRLF = Buffer.from('\r\n');

function tellNews(session: Session): void {
  const { selected } = session;
  if (!selected) return;
  const now = selected.mailbox.mails.map((mail) => mail.uid);
  const alive = new Set(now);
  for (let seq = selected.view.length; seq >= 1; seq -= 1) {
    if (!alive.has(selected.view[seq - 1] ?? 0)) session.send(`* ${seq} EXPUNGE`);
  }
  const known = selected.view.filter((uid) => alive.has(uid)).length;
  selected.view = now;
  if (now.length > known) session.send(`* ${now.length} EXISTS`);
}

/** The client's commands, one by one; ends when it goes or sends more than the limits allow. */
async function* feed(socket: Socket, reader: CommandReader): AsyncGenerator<CommandParts, undefined> {
  try {
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      reader.push(chunk);
      for (let fed = reader.next(); fed; fed = reader.next()) {
        if (fed.kind === 'too-big') {
          socket.write(`* BYE ${fed.what} too long\r\n`);
          return undefined;
        }
        if (fed.kind === 'continue') socket.write('+ go ahead\r\n');
        else yield fed.parts;
      }
    }
  } catch {
    // A client that vanishes in the middle (ECONNRESET) has simply gone.
  }
  return undefined;
}
