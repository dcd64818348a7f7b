import type { StoredMail } from '../mailbox-store.ts';
import { envelope, headerFields, internalDate, splitMail } from '../message.ts';
import { sequenceSet } from '../sequence-set.ts';
import { visibleMails, type Command } from '../session.ts';
import { SyntaxFault, text, type Token } from '../syntax.ts';

interface Item {
  readonly label: string;
  /** Asking for it marks the mail as read (RFC 3501 6.4.5), unless the mailbox is read-only. */
  readonly marksSeen: boolean;
  value(mail: StoredMail): string | Buffer;
}

/** RFC 3501 6.4.5 */
export const fetch: Command = {
  name: 'FETCH',
  when: 'selected',
  uidForm: true,
  keepsNumbers: true,
  run(session, { args, byUid }) {
    const { selected } = session;
    if (!selected) return ['BAD', 'nothing selected'];
    const mails = visibleMails(selected);
    const largest = byUid ? (selected.view.at(-1) ?? 0) : mails.length;
    const wanted = sequenceSet(text(args[0]), largest);
    const items = itemsOf(args[1], byUid);
    for (const { seq, mail } of mails) {
      if (!wanted(byUid ? mail.uid : seq)) continue;
      const marks = !selected.readOnly && items.some((item) => item.marksSeen) && !mail.flags.has('\\Seen');
      if (marks) mail.flags.add('\\Seen');
      const shown = marks && !items.some((item) => item.label === 'FLAGS') ? [...items, FLAGS] : items;
      session.send(...answer(seq, mail, shown));
    }
    return ['OK', 'fetched'];
  },
};

function answer(seq: number, mail: StoredMail, items: readonly Item[]): (string | Buffer)[] {
  const parts: (string | Buffer)[] = [`* ${seq} FETCH (`];
  for (const [index, item] of items.entries()) {
    const value = item.value(mail);
    const space = index === 0 ? '' : ' ';
    if (typeof value === 'string') parts.push(`${space}${item.label} ${value}`);
    else parts.push(`${space}${item.label} {${value.length}}\r\n`, value);
  }
  return [...parts, ')'];
}

const plain = (label: string, value: (mail: StoredMail) => string | Buffer): Item => ({
  label,
  marksSeen: false,
  value,
});
const FLAGS = plain('FLAGS', (mail) => `(${[...mail.flags].join(' ')})`);
const UID = plain('UID', (mail) => String(mail.uid));
const SIMPLE: Readonly<Record<string, Item>> = {
  UID,
  FLAGS,
  INTERNALDATE: plain('INTERNALDATE', (mail) => `"${internalDate(mail.received)}"`),
  'RFC822.SIZE': plain('RFC822.SIZE', (mail) => String(mail.raw.length)),
  ENVELOPE: plain('ENVELOPE', (mail) => envelope(mail.raw)),
};
const MACROS: Readonly<Record<string, readonly string[]>> = {
  FAST: ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE'],
  ALL: ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE', 'ENVELOPE'],
};

function itemsOf(token: Token | undefined, byUid: boolean): readonly Item[] {
  const words = token?.kind === 'list' ? token.items.map(text) : [text(token)];
  const items = words.flatMap((word) => MACROS[word.toUpperCase()] ?? [word]).map(itemOf);
  return byUid && !items.includes(UID) ? [UID, ...items] : items;
}

function itemOf(word: string): Item {
  const simple = SIMPLE[word.toUpperCase()];
  if (simple) return simple;
  const match = /^BODY(\.PEEK)?\[([^\]]*)\](?:<(\d{1,10})\.(\d{1,10})>)?$/i.exec(word);
  if (!match) throw new SyntaxFault(`this server does not know ${word.slice(0, 60)}`);
  const [, peek, section = '', from, count] = match;
  const part = sectionOf(section);
  const label = `BODY[${section.toUpperCase()}]${from === undefined ? '' : `<${from}>`}`;
  const cut = (bytes: Buffer): Buffer =>
    from === undefined ? bytes : bytes.subarray(Number(from), Number(from) + Number(count));
  return { label, marksSeen: peek === undefined, value: (mail) => cut(part(mail.raw)) };
}

/** The sections of the mail as a whole; single MIME parts are not this server's trade. */
function sectionOf(section: string): (raw: Buffer) => Buffer {
  if (section === '') return (raw) => raw;
  const fields = /^HEADER\.FIELDS(\.NOT)? \(([^)]*)\)$/i.exec(section);
  if (fields) {
    const names = new Set((fields[2] ?? '').toLowerCase().replaceAll('"', '').split(/\s+/));
    const wanted = fields[1] === undefined;
    return (raw) => {
      const chosen = headerFields(splitMail(raw).header).filter((field) => names.has(field.name) === wanted);
      return Buffer.from(`${chosen.map((field) => field.raw).join('')}\r\n`, 'latin1');
    };
  }
  if (/^HEADER$/i.test(section)) return (raw) => splitMail(raw).header;
  if (/^TEXT$/i.test(section)) return (raw) => splitMail(raw).body;
  throw new SyntaxFault(`this server does not cut out ${section.slice(0, 60)}`);
}
