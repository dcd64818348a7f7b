import { findMailbox, type Mailbox } from '../mailbox-store.ts';
import type { Answer, Command, Session } from '../session.ts';
import { items, text, type Token } from '../syntax.ts';

const FLAGS = '\\Answered \\Flagged \\Deleted \\Seen \\Draft';
const MISSING: Answer = ['NO', '[NONEXISTENT] no such mailbox'];

/** RFC 3501 6.3.1 */
export const select: Command = {
  name: 'SELECT',
  when: 'authenticated',
  run: (session, { args }) => open(session, args, false),
};

/** RFC 3501 6.3.2: the same, and nothing in the mailbox can change through this connection. */
export const examine: Command = {
  name: 'EXAMINE',
  when: 'authenticated',
  run: (session, { args }) => open(session, args, true),
};

function open(session: Session, args: readonly Token[], readOnly: boolean): Answer {
  session.selected = null;
  const mailbox = session.account && findMailbox(session.account, text(args[0]));
  if (!mailbox) return MISSING;
  const view = mailbox.mails.map((mail) => mail.uid);
  session.selected = { mailbox, readOnly, view };
  session.send(`* FLAGS (${FLAGS})`);
  session.send(`* ${view.length} EXISTS`);
  session.send('* 0 RECENT');
  session.send(`* OK [PERMANENTFLAGS (${readOnly ? '' : FLAGS})] flags that last`);
  session.send(`* OK [UIDVALIDITY ${mailbox.uidValidity}] ids are valid`);
  session.send(`* OK [UIDNEXT ${mailbox.uidNext}] next id`);
  return ['OK', readOnly ? '[READ-ONLY] opened' : '[READ-WRITE] opened'];
}

/** RFC 3501 6.3.10 */
export const status: Command = {
  name: 'STATUS',
  when: 'authenticated',
  run(session, { args }) {
    const mailbox = session.account && findMailbox(session.account, text(args[0]));
    if (!mailbox) return MISSING;
    const wanted = items(args[1]).map((item) => text(item).toUpperCase());
    const values = wanted.map((item) => `${item} ${statusOf(mailbox, item)}`);
    session.send(`* STATUS "${mailbox.name}" (${values.join(' ')})`);
    return ['OK', 'done'];
  },
};

function statusOf(mailbox: Mailbox, item: string): number {
  switch (item) {
    case 'MESSAGES':
      return mailbox.mails.length;
    case 'UIDNEXT':
      return mailbox.uidNext;
    case 'UIDVALIDITY':
      return mailbox.uidValidity;
    case 'UNSEEN':
      return mailbox.mails.filter((mail) => !mail.flags.has('\\Seen')).length;
    default:
      return 0;
  }
}

/** RFC 3501 6.4.2 without the expunge of a mailbox opened read-only. */
export const unselect: Command = {
  name: 'UNSELECT',
  when: 'selected',
  run(session) {
    session.selected = null;
    return ['OK', 'closed'];
  },
};
