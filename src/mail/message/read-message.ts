import type { IncomingMail } from '../../core/mail.ts';
import { MESSAGE_LIMITS, MessageFault, type MessageLimits } from './message-limits.ts';
import { parseMessage } from './parse-message.ts';
import { headerBlock } from './survey.ts';

export type ReadMessage =
  | { readonly ok: true; readonly mail: IncomingMail }
  | { readonly ok: false; readonly reason: string; readonly mail: IncomingMail };

/** Enough for the From, Subject and Date of a mail whose header is a bomb. */
const HEADER_SAMPLE = 64 * 1024;

/**
 * Parses a mail; never rejects. What cannot be parsed comes with a reason for the user and with what the
 * beginning of its header tells.
 */
export async function readMessage(
  raw: Uint8Array,
  wholeBytes: number,
  limits: MessageLimits = MESSAGE_LIMITS,
): Promise<ReadMessage> {
  try {
    const whole = wholeBytes > raw.length ? wholeBytes : undefined;
    return { ok: true, mail: await parseMessage(raw, limits, whole) };
  } catch (error) {
    const reason = error instanceof MessageFault ? error.message : 'The mail cannot be parsed.';
    return { ok: false, reason, mail: await headerOnly(raw, limits) };
  }
}

async function headerOnly(raw: Uint8Array, limits: MessageLimits): Promise<IncomingMail> {
  try {
    const sample = headerBlock(raw, HEADER_SAMPLE);
    // Its body is not there, so what it says about the body is not either.
    const mail = await parseMessage(sample, { ...limits, headerLines: HEADER_SAMPLE, parts: HEADER_SAMPLE });
    return { ...mail, text: '', attachments: [] };
  } catch {
    return NOTHING;
  }
}

const NOTHING: IncomingMail = {
  messageId: null,
  inReplyTo: null,
  references: [],
  from: null,
  replyTo: [],
  to: [],
  cc: [],
  subject: '',
  date: null,
  text: '',
  headers: new Map(),
  attachments: [],
  remarks: [],
};
