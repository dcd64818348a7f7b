import type { Mailbox } from '../mailbox-store.ts';
import type { Command, Session } from '../session.ts';
import { nstring, text, type Token } from '../syntax.ts';

/** RFC 3501 6.3.8; selection and RETURN options (RFC 5258, 6154) are read and change nothing. */
export const list: Command = {
  name: 'LIST',
  when: 'authenticated',
  run: (session, { args }) => show(session, 'LIST', args),
};

/** RFC 3501 6.3.9: everything is subscribed. */
export const lsub: Command = {
  name: 'LSUB',
  when: 'authenticated',
  run: (session, { args }) => show(session, 'LSUB', args),
};

/** RFC 2342 */
export const namespace: Command = {
  name: 'NAMESPACE',
  when: 'authenticated',
  run(session) {
    session.send('* NAMESPACE (("" "/")) NIL NIL');
    return ['OK', 'done'];
  },
};

function show(session: Session, word: 'LIST' | 'LSUB', args: readonly Token[]): ['OK', string] {
  const [reference, pattern] = args[0]?.kind === 'list' ? args.slice(1) : args;
  const wanted = text(reference) + (pattern?.kind === 'list' ? text(pattern.items[0]) : text(pattern));
  if (wanted === '') session.send(`* ${word} (\\Noselect) "/" ""`);
  const matches = matcher(wanted);
  for (const mailbox of session.account?.values() ?? []) {
    if (matches(mailbox.name))
      session.send(`* ${word} (${attributes(mailbox)}) "/" ${nstring(mailbox.name)}`);
  }
  return ['OK', 'done'];
}

function attributes(mailbox: Mailbox): string {
  return ['\\HasNoChildren', ...(mailbox.specialUse ? [mailbox.specialUse] : [])].join(' ');
}

/** `*` matches anything, `%` anything but the separator. */
function matcher(pattern: string): (name: string) => boolean {
  const source = pattern
    .slice(0, 200)
    .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/%+/g, '[^/]*');
  const expression = new RegExp(`^${source}$`, 'i');
  return (name) => expression.test(name);
}
