import type { Account, Mailbox } from './mailbox-store.ts';
import type { Token } from './syntax.ts';

/** The tagged answer to a command: `OK done`. Untagged lines were sent before it. */
export type Answer = readonly ['OK' | 'NO' | 'BAD', string];

export interface Selected {
  readonly mailbox: Mailbox;
  /** EXAMINE: nothing the client does changes a flag. */
  readonly readOnly: boolean;
  /** UIDs in the order of the sequence numbers that this client knows. */
  view: readonly number[];
}

/** What a command may see and do. One per connection. */
export interface Session {
  /** Returns whether user and password are right. */
  readonly logIn: (user: string, password: string) => boolean;
  account: Account | null;
  selected: Selected | null;
  /** An untagged line without its CRLF; Buffers go out as they are. */
  send(...parts: readonly (string | Buffer)[]): void;
  /** Sends a `+` line and resolves with the client's next line; null when the client is gone. */
  ask(prompt: string): Promise<string | null>;
  /** Tells the client about mails that came and went. Not while sequence numbers are in use. */
  sync(): void;
}

export interface Call {
  readonly args: readonly Token[];
  /** `UID FETCH` rather than `FETCH`. */
  readonly byUid: boolean;
}

/** One IMAP command; a file each in `commands/`. */
export interface Command {
  readonly name: string;
  readonly when: 'any' | 'authenticated' | 'selected';
  /** May be prefixed with UID. */
  readonly uidForm?: true;
  /** RFC 3501 7.4.1: no EXPUNGE at the end of one of these, unless in its UID form. */
  readonly keepsNumbers?: true;
  run(session: Session, call: Call): Answer | Promise<Answer>;
}

/** Mails of the selected mailbox as this client sees them, with sequence numbers from 1. */
export function visibleMails(selected: Selected): readonly { seq: number; mail: Mailbox['mails'][number] }[] {
  const byUid = new Map(selected.mailbox.mails.map((mail) => [mail.uid, mail]));
  return selected.view.flatMap((uid, index) => {
    const mail = byUid.get(uid);
    return mail ? [{ seq: index + 1, mail }] : [];
  });
}
