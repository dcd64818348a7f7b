import { createHash } from 'node:crypto';
import MailComposer from 'nodemailer/lib/mail-composer';
import { isMailAddress, isSafeHeaderValue } from '../../core/address-list.ts';
import type { Address } from '../../core/mail.ts';
import { isTaskId, type TaskId } from '../../core/task-id.ts';
import { markOf } from '../mailbox/mail-head.ts';

export interface OutgoingAttachment {
  readonly filename: string;
  readonly contentType: string;
  readonly content: Uint8Array;
}

export interface OutgoingMail {
  readonly taskId: TaskId;
  /** With angle brackets. */
  readonly messageId: string;
  readonly date: Date;
  readonly from: Address;
  readonly to: readonly Address[];
  readonly cc: readonly Address[];
  readonly subject: string;
  readonly inReplyTo: string | null;
  readonly references: readonly string[];
  /** LF. A missing last line end is added, everything else arrives as it is. */
  readonly text: string;
  readonly attachments?: readonly OutgoingAttachment[] | undefined;
}

/** A value that cannot stand in a mail. The approval checked it before; this is the last gate. */
export class ComposeRefusal extends Error {
  readonly code = 'unsafe-header';
  readonly field: string;

  constructor(field: string) {
    super(`${field} cannot stand in a mail: it holds a control character or is no valid value`);
    this.name = 'ComposeRefusal';
    this.field = field;
  }
}

/**
 * The mail as bytes, CRLF, the same for the same input. Seven bits only, so that no server on the way has
 * a reason to encode it anew; but a local part outside ASCII stands in its header as it is (RFC 6532), and
 * only a server with SMTPUTF8 is given such a mail.
 * @throws ComposeRefusal for a header value with line breaks or control characters, or an address that is none.
 */
export async function composeMessage(mail: OutgoingMail): Promise<Buffer> {
  refuseUnsafe(mail);
  const text = mail.text.endsWith('\n') ? mail.text : `${mail.text}\n`;
  const encoding = /\r|\0/.test(text) || mostlyEncoded(text) ? 'base64' : 'quoted-printable';
  const eml = await build(mail, text, encoding);
  // A body line that begins with `From ` gets a `>` in front on its way through mbox files, and an encoded
  // line may begin so although no line of the text does.
  return encoding === 'quoted-printable' && /\nFrom /.test(eml.toString('latin1'))
    ? build(mail, text, 'base64')
    : eml;
}

async function build(
  mail: OutgoingMail,
  text: string,
  encoding: 'quoted-printable' | 'base64',
): Promise<Buffer> {
  // RFC 2046 section 4.1.1: a line break in text is CRLF, also inside base64. A lone CR is left alone.
  const canonical = Buffer.from(text.replace(/(?<!\r)\n/g, '\r\n'), 'utf8');
  const composer = new MailComposer({
    messageId: mail.messageId,
    date: mail.date,
    from: { ...mail.from },
    to: mail.to.map((a) => ({ ...a })),
    cc: mail.cc.map((a) => ({ ...a })),
    subject: mail.subject,
    ...(mail.inReplyTo === null ? {} : { inReplyTo: mail.inReplyTo }),
    ...(mail.references.length === 0 ? {} : { references: [...mail.references] }),
    // With the hash where there is one: a task may send twice (after a bounce), and a stranger can compute
    // a task id. Providers that change the Message-ID leave this one, so the mail can be found in Sent.
    headers: { 'X-Handover-Task': markOf(mail.messageId) ?? mail.taskId },
    text: {
      content: canonical,
      contentType: 'text/plain; charset=utf-8',
      contentTransferEncoding: encoding,
    },
    attachments: (mail.attachments ?? []).map((a) => ({
      filename: a.filename,
      contentType: a.contentType,
      content: Buffer.from(a.content),
      contentTransferEncoding: 'base64',
    })),
    baseBoundary: createHash('sha256').update(mail.messageId).digest('hex').slice(0, 24),
    boundaryPrefix: '--Handover',
    disableFileAccess: true,
    disableUrlAccess: true,
    newline: 'win',
  });
  return composer.compile().build();
}

/** Past a third of bytes to be written as `=XX`, base64 is the shorter form. */
function mostlyEncoded(text: string): boolean {
  const bytes = Buffer.from(text, 'utf8');
  let high = 0;
  for (const byte of bytes) if (byte >= 0x80) high++;
  return high * 6 > bytes.length;
}

const MESSAGE_ID = /^<[\x21-\x3b\x3d\x3f-\x7e]{1,990}>$/;
const MEDIA_TYPE = /^[a-z0-9!#$&^_.+-]{1,60}\/[a-z0-9!#$&^_.+-]{1,100}$/i;

function refuseUnsafe(mail: OutgoingMail): void {
  if (!isTaskId(mail.taskId)) throw new ComposeRefusal('X-Handover-Task');
  if (!MESSAGE_ID.test(mail.messageId)) throw new ComposeRefusal('Message-ID');
  if (mail.inReplyTo !== null && !MESSAGE_ID.test(mail.inReplyTo)) throw new ComposeRefusal('In-Reply-To');
  if (!mail.references.every((id) => MESSAGE_ID.test(id))) throw new ComposeRefusal('References');
  if (!isSafeHeaderValue(mail.subject)) throw new ComposeRefusal('Subject');
  if (Number.isNaN(mail.date.getTime())) throw new ComposeRefusal('Date');
  for (const [field, addresses] of [
    ['From', [mail.from]],
    ['To', mail.to],
    ['Cc', mail.cc],
  ] as const) {
    const safe = addresses.every((a) => isMailAddress(a.address) && isSafeHeaderValue(a.name));
    if (!safe) throw new ComposeRefusal(field);
  }
  for (const a of mail.attachments ?? []) {
    if (!isSafeHeaderValue(a.filename)) throw new ComposeRefusal('filename');
    if (!MEDIA_TYPE.test(a.contentType)) throw new ComposeRefusal('Content-Type');
  }
}
