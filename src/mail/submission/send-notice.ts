import { createHash } from 'node:crypto';
import { mkdir, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import MailComposer from 'nodemailer/lib/mail-composer';
import { asciiDomain, isMailAddress, isSafeHeaderValue } from '../../core/address-list.ts';
import { type Notice, NOTICE_HEADERS } from '../../core/daily-notice.ts';
import { deliveryVerdict } from '../../core/delivery-verdict.ts';
import type { Address } from '../../core/mail.ts';
import { createDurably } from '../../files/durable.ts';
import { errno } from '../../files/errno.ts';
import { ComposeRefusal } from './compose-message.ts';
import { type SmtpAccount, submitAs } from './submit-as.ts';

export interface NoticeDeps {
  readonly stateDir: string;
  /** The user: sender and only recipient. */
  readonly self: Address;
  readonly smtp: SmtpAccount;
  readonly now: () => number;
}

export type NoticeResult =
  | { readonly kind: 'sent' | 'already' }
  /** Nothing left; it may be tried again. `words` are the server's. */
  | { readonly kind: 'not_sent'; readonly words: string };

/**
 * Sends the notice of a day to the user's own address, at most once: the day is marked before the server is called, and the
 * mark goes only when it is sure that nothing left.
 * @throws ComposeRefusal when the address cannot stand in a mail
 */
export async function sendNotice(day: string, notice: Notice, deps: NoticeDeps): Promise<NoticeResult> {
  const folder = join(deps.stateDir, 'notices');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const mark = join(folder, `${day}.sent`);
  const eml = await composeNotice(day, notice, deps);
  if (!(await createDurably(mark, `${new Date(deps.now()).toISOString()}\n`))) return { kind: 'already' };
  for (const old of await readdir(folder)) {
    // Never another caller's unfinished file.
    if (MARK.test(old) && old < `${day}.sent`) await unlinkIfThere(join(folder, old));
  }
  const facts = await submitAs({
    smtp: deps.smtp,
    eml,
    envelope: { from: deps.self.address, to: [deps.self.address] },
    onBodyStarts: () => undefined,
  });
  const verdict = deliveryVerdict(facts);
  if (verdict.verdict !== 'retry' && verdict.verdict !== 'failed') return { kind: 'sent' };
  await unlinkIfThere(mark);
  return { kind: 'not_sent', words: facts.words };
}

const MARK = /^\d{4}-\d{2}-\d{2}\.sent$/;

async function unlinkIfThere(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (errno(error) !== 'ENOENT') throw error;
  });
}

/** CRLF, seven bits, the same for the same input. */
async function composeNotice(
  day: string,
  { subject, text }: Notice,
  { self, now }: Pick<NoticeDeps, 'self' | 'now'>,
): Promise<Buffer> {
  if (!isMailAddress(self.address) || !isSafeHeaderValue(self.name)) throw new ComposeRefusal('From');
  if (!isSafeHeaderValue(subject)) throw new ComposeRefusal('Subject');
  const hash = createHash('sha256').update(`${self.address}\n${text}`).digest('hex').slice(0, 16);
  const composer = new MailComposer({
    messageId: `<notice.${day}.${hash}@${asciiDomain(self.address)}>`,
    date: new Date(now()),
    from: { ...self },
    to: { ...self },
    subject,
    headers: { ...NOTICE_HEADERS },
    text: { content: text.replace(/\n/g, '\r\n'), contentTransferEncoding: 'quoted-printable' },
    disableFileAccess: true,
    disableUrlAccess: true,
    newline: 'win',
  });
  return composer.compile().build();
}
