import { sequenceSet } from '../sequence-set.ts';
import { visibleMails, type Command } from '../session.ts';
import { SyntaxFault, text, type Token } from '../syntax.ts';

/** RFC 3501 6.4.6 */
export const store: Command = {
  name: 'STORE',
  when: 'selected',
  uidForm: true,
  keepsNumbers: true,
  run(session, { args, byUid }) {
    const { selected } = session;
    if (!selected) return ['BAD', 'nothing selected'];
    if (selected.readOnly) return ['NO', '[READ-ONLY] the mailbox is open for reading only'];
    const mails = visibleMails(selected);
    const wanted = sequenceSet(text(args[0]), byUid ? (selected.view.at(-1) ?? 0) : mails.length);
    const action = /^([+-]?)FLAGS(\.SILENT)?$/i.exec(text(args[1]));
    if (!action) throw new SyntaxFault('STORE wants FLAGS');
    const flags = flagsOf(args.slice(2));
    for (const { seq, mail } of mails) {
      if (!wanted(byUid ? mail.uid : seq)) continue;
      if (action[1] === '') mail.flags.clear();
      for (const flag of flags) {
        if (action[1] === '-') mail.flags.delete(flag);
        else mail.flags.add(flag);
      }
      const uid = byUid ? `UID ${mail.uid} ` : '';
      if (!action[2]) session.send(`* ${seq} FETCH (${uid}FLAGS (${[...mail.flags].join(' ')}))`);
    }
    return ['OK', 'stored'];
  },
};

/** `(\Seen $Later)` or the bare words; system flags in one spelling. */
export function flagsOf(tokens: readonly Token[]): string[] {
  const words = tokens.flatMap((token) => (token.kind === 'list' ? token.items.map(text) : [text(token)]));
  return words
    .slice(0, 50)
    .map((word) =>
      word.startsWith('\\') ? `\\${word.charAt(1).toUpperCase()}${word.slice(2).toLowerCase()}` : word,
    );
}
