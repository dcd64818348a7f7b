import { removeMails } from '../mailbox-store.ts';
import { sequenceSet } from '../sequence-set.ts';
import type { Answer, Command, Session } from '../session.ts';
import { text } from '../syntax.ts';

/** RFC 3501 6.4.3, and UID EXPUNGE of RFC 4315. */
export const expunge: Command = {
  name: 'EXPUNGE',
  when: 'selected',
  uidForm: true,
  run(session, { args, byUid }) {
    const largest = session.selected?.view.at(-1) ?? 0;
    return remove(session, byUid ? sequenceSet(text(args[0]), largest) : () => true);
  },
};

/** RFC 3501 6.4.2: expunges without telling, unless the mailbox is read-only. */
export const close: Command = {
  name: 'CLOSE',
  when: 'selected',
  run(session) {
    const { selected } = session;
    session.selected = null;
    if (selected && !selected.readOnly) removeMails(selected.mailbox, (mail) => mail.flags.has('\\Deleted'));
    return ['OK', 'closed'];
  },
};

function remove(session: Session, wanted: (uid: number) => boolean): Answer {
  const { selected } = session;
  if (!selected) return ['BAD', 'nothing selected'];
  if (selected.readOnly) return ['NO', '[READ-ONLY] the mailbox is open for reading only'];
  removeMails(selected.mailbox, (mail) => mail.flags.has('\\Deleted') && wanted(mail.uid));
  return ['OK', 'expunged'];
}
