/** The shapes of mail inside the program. Data only; what makes them lives in `mail/`. */

/** One mailbox of RFC 5322 section 3.4. `address` is the addr-spec; the domain is lower case. */
export interface Address {
  readonly name: string;
  readonly address: string;
}

export interface IncomingAttachment {
  /** As the sender named it; hostile. Never a path: see `core/filename.ts`. */
  readonly filename: string;
  readonly contentType: string;
  /** Decoded size in bytes. */
  readonly size: number;
  /** Absent when it was over the limit and only listed. */
  readonly content?: Uint8Array;
}

/** What a mail server says became of a mail (RFC 3464, RFC 8098, RFC 5965, and the shapes that follow none of them). */
export interface DeliveryReport {
  readonly kind: 'delivery' | 'disposition' | 'feedback';
  readonly recipients: readonly {
    /** As far as the report names one, else ''. */
    readonly address: string;
    readonly action: 'failed' | 'delayed' | 'delivered' | 'relayed' | 'expanded' | 'other';
    /** RFC 3463, such as `5.1.1`; '' when it says none. */
    readonly status: string;
    /** The server's words, one line; hostile. */
    readonly words: string;
  }[];
  /** Message-IDs of the returned mail with angle brackets, as far as the report holds them; the surest first. */
  readonly about: readonly string[];
  /** `X-Handover-Task` of the returned header: what is left of us where a server rewrote the Message-ID. */
  readonly task?: string | null;
}

/** A mail as the parser understood it. Every field is hostile; sizes are already bounded. */
export interface IncomingMail {
  /** With angle brackets, or null when absent or malformed. */
  readonly messageId: string | null;
  readonly inReplyTo: string | null;
  readonly references: readonly string[];
  readonly from: Address | null;
  readonly replyTo: readonly Address[];
  readonly to: readonly Address[];
  readonly cc: readonly Address[];
  readonly subject: string;
  /** The Date header as RFC 3339 UTC, or null. */
  readonly date: string | null;
  /** Plain text with LF, taken from text/plain, else from HTML. */
  readonly text: string;
  /** Lower-case name -> unfolded values in order. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly attachments: readonly IncomingAttachment[];
  /** What the parser cut and why, one sentence each, for the reader of the card. */
  readonly remarks: readonly string[];
  /** Null or absent: it is no report. */
  readonly report?: DeliveryReport | null;
}
