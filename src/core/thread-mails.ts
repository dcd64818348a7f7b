/** What the mailbox knows of a thread. Read-only, bounded, and never "no" when the server did not answer. */

/** A mail of the thread before the one that is answered. Hostile like every mail. */
export interface EarlierMail {
  readonly messageId: string | null;
  /** As the header shows it. */
  readonly from: string;
  /** Written by the user. */
  readonly own: boolean;
  /** When the server got it, milliseconds. */
  readonly receivedMs: number | null;
  /** Plain text, cut. */
  readonly text: string;
  /** Addresses of From, To and Cc; absent where they are not known. */
  readonly people?: readonly string[];
}

/** What a mail refers to, ids with angle brackets. */
export interface ThreadRefs {
  readonly messageId: string | null;
  readonly inReplyTo: string | null;
  readonly references: readonly string[];
}

export interface ThreadLookup {
  /**
   * Does a reply of the user to this mail lie in Sent? `receivedMs`: when it came; a search of Sent from
   * there on is cheap, one of all of it takes half a second for 20,000 mails (measured on Dovecot 2.3).
   */
  answered(messageId: string, receivedMs?: number | null): Promise<boolean | 'unknown'>;
  /** Oldest first; bounded in number and size. */
  earlier(refs: ThreadRefs): Promise<readonly EarlierMail[] | 'unknown'>;
}
