import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import MailComposer from 'nodemailer/lib/mail-composer';
import { asciiDomain, isMailAddress, isSafeHeaderValue } from '../../core/address-list.ts';
import { type Notice, NOTICE_HEADERS } from '../../core/daily-notice.ts';
import { deliveryVerdict } from '../../core/delivery-verdict.ts';
import type { Address } from '../../core/mail.ts';
import { STATE_NOTICE_HEADERS } from '../../core/notices.ts';
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
  return sendMarked(
    { key: day, headers: NOTICE_HEADERS, old: (name) => MARK.test(name) && name < `${day}.sent` },
    notice,
    deps,
  );
}

/**
 * The same for a notice of how things stand: one in sixty minutes, whoever asks how often.
 * @throws ComposeRefusal when the address cannot stand in a mail
 */
export async function sendStateNotice(notice: Notice, deps: NoticeDeps): Promise<NoticeResult> {
  const hour = Math.floor(deps.now() / HOUR_MS);
  if (await wasSentLately(join(deps.stateDir, 'notices', `hour-${hour - 1}.sent`), deps.now())) {
    return { kind: 'already' };
  }
  const old = (name: string): boolean => {
    const of = HOUR_MARK.exec(name)?.[1];
    return of !== undefined && Number(of) < hour - 1;
  };
  return sendMarked({ key: `hour-${hour}`, headers: STATE_NOTICE_HEADERS, old }, notice, deps);
}

interface Marking {
  /** Names the mark and the Message-ID. */
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Is this an older mark, that nobody asks for any more? Never another caller's unfinished file. */
  readonly old: (name: string) => boolean;
}

async function sendMarked(
  { key, headers, old }: Marking,
  notice: Notice,
  deps: NoticeDeps,
): Promise<NoticeResult> {
  const folder = join(deps.stateDir, 'notices');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const mark = join(folder, `${key}.sent`);
  const eml = await composeNotice({ key, headers }, notice, deps);
  if (!(await createDurably(mark, `${new Date(deps.now()).toISOString()}\n`))) return { kind: 'already' };
  for (const name of await readdir(folder)) if (old(name)) await unlinkIfThere(join(folder, name));
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

const HOUR_MS = 3_600_000;
const HOUR_MARK = /^hour-(\d{1,10})\.sent$/;

/** A mark that cannot be read counts: silence is better than a second mail. */
async function wasSentLately(mark: string, now: number): Promise<boolean> {
  try {
    const at = Date.parse((await readFile(mark, 'utf8')).trim());
    return Number.isNaN(at) || now - at < HOUR_MS;
  } catch (error) {
    if (errno(error) === 'ENOENT') return false;
    throw error;
  }
}

const MARK = /^\d{4}-\d{2}-\d{2}\.sent$/;

async function unlinkIfThere(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (errno(error) !== 'ENOENT') throw error;
  });
}

/** CRLF, seven bits, the same for the same input. */
async function composeNotice(
  { key, headers }: Pick<Marking, 'key' | 'headers'>,
  { subject, text }: Notice,
  { self, now }: Pick<NoticeDeps, 'self' | 'now'>,
): Promise<Buffer> {
  if (!isMailAddress(self.address) || !isSafeHeaderValue(self.name)) throw new ComposeRefusal('From');
  if (!isSafeHeaderValue(subject)) throw new ComposeRefusal('Subject');
  const hash = createHash('sha256').update(`${self.address}\n${text}`).digest('hex').slice(0, 16);
  const composer = new MailComposer({
    messageId: `<notice.${key}.${hash}@${asciiDomain(self.address)}>`,
    date: new Date(now()),
    from: { ...self },
    to: { ...self },
    subject,
    headers: { ...headers },
    text: { content: text.replace(/\n/g, '\r\n'), contentTransferEncoding: 'quoted-printable' },
    disableFileAccess: true,
    disableUrlAccess: true,
    newline: 'win',
  });
  return composer.compile().build();
}
