import type { ImapFlow } from 'imapflow';
import { NoAnswer } from './imap-session.ts';

export interface MailFolders {
  readonly sent: string | null;
  /** Gmail's All Mail: everything but spam and rubbish, what was sent included. */
  readonly all: string | null;
}

const COMMON_NAMES =
  /^(?:INBOX[./])?(?:sent|sent items|sent mail|sent messages|gesendet|gesendete (?:objekte|elemente)|enviados|envoyés|inviata)$/i;

/** By SPECIAL-USE (RFC 6154), else by a name that mail programs use. @throws NoAnswer */
export async function mailFolders(client: ImapFlow): Promise<MailFolders> {
  const list = await client.list();
  if (list.length === 0) throw new NoAnswer('the list of folders is empty');
  const flagged = (use: string) =>
    list.find((box) => box.specialUse === use && box.specialUseSource !== 'name') ??
    list.find((box) => box.specialUse === use);
  const sent = flagged('\\Sent') ?? list.find((box) => COMMON_NAMES.test(box.path));
  return { sent: sent?.path ?? null, all: flagged('\\All')?.path ?? null };
}
