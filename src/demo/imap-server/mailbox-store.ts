/** Mail in memory: accounts, their mailboxes, and who wants to hear about changes. */

export interface StoredMail {
  readonly uid: number;
  readonly raw: Buffer;
  readonly received: Date;
  readonly flags: Set<string>;
}

export interface Mailbox {
  readonly name: string;
  /** RFC 6154, `\Sent`; null for an ordinary mailbox. */
  readonly specialUse: string | null;
  uidValidity: number;
  uidNext: number;
  /** Ascending by UID. */
  mails: readonly StoredMail[];
  /** Called after every change of `mails`. */
  readonly watchers: Set<() => void>;
}

export type Account = ReadonlyMap<string, Mailbox>;

export class MailboxStore {
  private readonly accounts = new Map<string, Account>();

  /** The account of `user`; it comes into being when first asked for. */
  account(user: string): Account {
    const known = this.accounts.get(user);
    if (known) return known;
    const made = new Map(
      [newMailbox('INBOX', null), newMailbox('Sent', '\\Sent'), newMailbox('Drafts', '\\Drafts')].map(
        (mailbox) => [mailbox.name, mailbox],
      ),
    );
    this.accounts.set(user, made);
    return made;
  }
}

function newMailbox(name: string, specialUse: string | null): Mailbox {
  return { name, specialUse, uidValidity: 1, uidNext: 1, mails: [], watchers: new Set() };
}

/** RFC 3501 5.1: INBOX in any case, other names exactly. */
export function findMailbox(account: Account, name: string): Mailbox | undefined {
  return account.get(name.toUpperCase() === 'INBOX' ? 'INBOX' : name);
}

/** Returns the UID that the mail got. */
export function addMail(mailbox: Mailbox, raw: Buffer, received: Date, flags: Iterable<string> = []): number {
  const uid = mailbox.uidNext;
  mailbox.uidNext += 1;
  mailbox.mails = [...mailbox.mails, { uid, raw, received, flags: new Set(flags) }];
  tell(mailbox);
  return uid;
}

export function removeMails(mailbox: Mailbox, gone: (mail: StoredMail) => boolean): void {
  mailbox.mails = mailbox.mails.filter((mail) => !gone(mail));
  tell(mailbox);
}

function tell(mailbox: Mailbox): void {
  for (const watcher of mailbox.watchers) watcher();
}
