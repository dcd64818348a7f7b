import type { Notice } from '../../core/daily-notice.ts';
import type { NoticeNews } from '../../core/notices.ts';
import type { TaskId } from '../../core/task-id.ts';
import type { MailJournal } from '../../mail/submission/sealed-mail.ts';
import type { NoticeResult } from '../../mail/submission/send-notice.ts';
import type { SendResult } from '../../mail/submission/send-sealed.ts';
import type { SentFolder } from '../../mail/submission/sent-folder.ts';
import type { Vault } from '../../vault/vault.ts';

/** One account's mailbox as a witness of what was sent. */
export interface AccountMailbox {
  readonly sent: SentFolder;
  /** `off`: the user wants no copy in Sent from us. */
  readonly filing: 'append' | 'provider' | 'off';
}

/** Null: no such account here. */
export interface AccountMailboxes {
  /** By the address that a mail was sealed to leave from. */
  ofSender(address: string): AccountMailbox | null;
  /** By what a note says. */
  ofAccount(name: string): AccountMailbox | null;
}

/** The daily notice, to the user's own address and to no other. */
export interface NoticeToSelf {
  readonly dryRun: boolean;
  readonly now: () => number;
  send(day: string, notice: Notice): Promise<NoticeResult>;
}

/** The notice of how things stand, to the user's own address, at most one an hour. */
export interface StateNoticeToSelf {
  readonly dryRun: boolean;
  readonly news: () => Promise<NoticeNews>;
  send(notice: Notice): Promise<NoticeResult>;
}

/** What the tools of email-mcp work with. */
export interface EmailDeps {
  readonly vault: Vault;
  readonly journal: MailJournal;
  readonly mailboxes: AccountMailboxes;
  readonly send: (id: TaskId) => Promise<SendResult>;
  /** Null: the user wants none. */
  readonly notice: NoticeToSelf | null;
  /** Null: the user wants none by mail. */
  readonly stateNotice: StateNoticeToSelf | null;
  readonly timeZone: string;
}
