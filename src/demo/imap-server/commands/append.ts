import { addMail, findMailbox } from '../mailbox-store.ts';
import type { Command } from '../session.ts';
import { SyntaxFault, text } from '../syntax.ts';
import { flagsOf } from './store.ts';

/** RFC 3501 6.3.11, with the new UID in the answer (RFC 4315). */
export const append: Command = {
  name: 'APPEND',
  when: 'authenticated',
  run(session, { args }) {
    const mailbox = session.account && findMailbox(session.account, text(args[0]));
    if (!mailbox) return ['NO', '[TRYCREATE] no such mailbox'];
    const message = args.at(-1);
    if (args.length < 2 || message?.kind !== 'string') throw new SyntaxFault('APPEND wants a literal');
    const between = args.slice(1, -1);
    const flags = between[0]?.kind === 'list' ? flagsOf([between[0]]) : [];
    const dated = between.find((token) => token.kind === 'string');
    const received = dated
      ? new Date(
          text(dated)
            .trim()
            .replace(/^(\d+)-(\w+)-/, '$1 $2 '),
        )
      : new Date();
    if (Number.isNaN(received.getTime())) throw new SyntaxFault('APPEND wants a date-time');
    const uid = addMail(mailbox, Buffer.from(message.bytes), received, flags);
    return ['OK', `[APPENDUID ${mailbox.uidValidity} ${uid}] appended`];
  },
};
