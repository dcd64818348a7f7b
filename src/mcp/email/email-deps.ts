import type { TaskId } from '../../core/task-id.ts';
import type { MailJournal } from '../../mail/submission/sealed-mail.ts';
import type { SendResult } from '../../mail/submission/send-sealed.ts';
import type { SentFolder } from '../../mail/submission/sent-folder.ts';
import type { Vault } from '../../vault/vault.ts';

/** What the tools of email-mcp work with. */
export interface EmailDeps {
  readonly vault: Vault;
  readonly journal: MailJournal;
  readonly sent: SentFolder;
  /** `off`: the user wants no copy in Sent from us. */
  readonly filing: 'append' | 'provider' | 'off';
  readonly send: (id: TaskId) => Promise<SendResult>;
  readonly timeZone: string;
}
