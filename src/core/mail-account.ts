/** One mailbox of the user, and what mail goes out from it. Secrets are not part of it. */
import type { Address } from './mail.ts';

/** The account of the environment, where no accounts file names another. */
export const DEFAULT_ACCOUNT = 'default';

export interface MailAccount {
  /** `[a-z0-9-]{1,32}`; the property `account` of its notes. */
  readonly name: string;
  readonly from: Address;
  /** Every address the user receives mail at, `from` first. */
  readonly addresses: readonly string[];
  readonly replyAll: boolean;
  readonly maxSendsPerHour: number;
}
