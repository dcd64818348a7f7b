/** What one mail may cost. Sizes in bytes unless the name says otherwise. */
export interface MessageLimits {
  /** The top header block; real ones stay under 100 kB. */
  readonly headerBytes: number;
  readonly headerLines: number;
  /** Headers of all parts together. */
  readonly allHeaderBytes: number;
  readonly parts: number;
  /** Lines that do not look like base64; and lines at all. The parser keeps an object for each. */
  readonly textLines: number;
  readonly lines: number;
  readonly nestingDepth: number;
  readonly attachments: number;
  readonly attachmentBytes: number;
  readonly allAttachmentBytes: number;
  /** Characters of HTML that are converted, and of text that is kept. */
  readonly htmlChars: number;
  readonly textChars: number;
  readonly addresses: number;
  readonly references: number;
}

export const MESSAGE_LIMITS: MessageLimits = {
  headerBytes: 256 * 1024,
  headerLines: 2_000,
  allHeaderBytes: 1024 * 1024,
  parts: 500,
  textLines: 100_000,
  lines: 450_000,
  nestingDepth: 50,
  attachments: 100,
  attachmentBytes: 10 * 1024 * 1024,
  allAttachmentBytes: 20 * 1024 * 1024,
  htmlChars: 400_000,
  textChars: 100_000,
  addresses: 200,
  references: 100,
};

export type MessageFaultCode = 'empty' | 'header-bomb' | 'too-many-parts' | 'too-deep' | 'unreadable';

/** This mail cannot be taken apart within the limits; it belongs into quarantine, the next one is fine. */
export class MessageFault extends Error {
  readonly code: MessageFaultCode;

  constructor(code: MessageFaultCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'MessageFault';
    this.code = code;
  }
}
