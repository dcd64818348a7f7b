import type { StoredMail } from '../mailbox-store.ts';
import { headerFields, splitMail } from '../message.ts';
import { sequenceSet } from '../sequence-set.ts';
import { visibleMails, type Command } from '../session.ts';
import { SyntaxFault, text, type Token } from '../syntax.ts';

interface Candidate {
  readonly seq: number;
  readonly mail: StoredMail;
}
type Test = (candidate: Candidate) => boolean;

/** RFC 3501 6.4.4, the keys that a client of ours uses; an unknown key is BAD, never "found nothing". */
export const search: Command = {
  name: 'SEARCH',
  when: 'selected',
  uidForm: true,
  keepsNumbers: true,
  run(session, { args, byUid }) {
    const { selected } = session;
    if (!selected) return ['BAD', 'nothing selected'];
    const words = [...args];
    if (isAtom(words[0], 'CHARSET')) words.splice(0, 2);
    const mails = visibleMails(selected);
    const matches = all(words, { uid: selected.view.at(-1) ?? 0, seq: mails.length });
    const found = mails.filter(matches).map(({ seq, mail }) => (byUid ? mail.uid : seq));
    session.send(['* SEARCH', ...found].join(' '));
    return ['OK', `${found.length} found`];
  },
};

interface Largest {
  readonly uid: number;
  readonly seq: number;
}

function all(words: Token[], largest: Largest): Test {
  const tests: Test[] = [];
  while (words.length > 0) tests.push(key(words, largest));
  return (candidate) => tests.every((test) => test(candidate));
}

function key(words: Token[], largest: Largest): Test {
  const token = words.shift();
  if (token?.kind === 'list') return all([...token.items], largest);
  const word = text(token).toUpperCase();
  const next = (): string => text(words.shift());
  if (/^[\d*]/.test(word)) {
    const inSet = sequenceSet(word, largest.seq);
    return ({ seq }) => inSet(seq);
  }
  switch (word) {
    case 'ALL':
      return () => true;
    case 'UID': {
      const inSet = sequenceSet(next(), largest.uid);
      return ({ mail }) => inSet(mail.uid);
    }
    case 'SEEN':
    case 'ANSWERED':
    case 'DELETED':
    case 'FLAGGED':
      return flag(word, true);
    case 'UNSEEN':
    case 'UNANSWERED':
    case 'UNDELETED':
    case 'UNFLAGGED':
      return flag(word.slice(2), false);
    case 'SINCE':
    case 'BEFORE':
      return byDate(word, next());
    case 'HEADER':
      return header(next(), next());
    case 'SUBJECT':
    case 'FROM':
    case 'TO':
    case 'CC':
      return header(word, next());
    case 'NOT': {
      const test = key(words, largest);
      return (candidate) => !test(candidate);
    }
    case 'OR': {
      const [one, other] = [key(words, largest), key(words, largest)];
      return (candidate) => one(candidate) || other(candidate);
    }
    default:
      throw new SyntaxFault(`this server does not search by ${word.slice(0, 40)}`);
  }
}

function flag(name: string, wanted: boolean): Test {
  const flagName = `\\${name.charAt(0)}${name.slice(1).toLowerCase()}`;
  return ({ mail }) => mail.flags.has(flagName) === wanted;
}

/** RFC 3501: dates compare by day, the time is left out. */
function byDate(word: 'SINCE' | 'BEFORE', value: string): Test {
  const day = Date.parse(`${value.replaceAll('-', ' ')} UTC`);
  if (Number.isNaN(day)) throw new SyntaxFault('no date');
  return ({ mail }) => (word === 'SINCE' ? mail.received.getTime() >= day : mail.received.getTime() < day);
}

/** The named field holds the text, in any case; an empty text asks only whether the field is there. */
function header(name: string, value: string): Test {
  const [field, part] = [name.toLowerCase(), value.toLowerCase()];
  return ({ mail }) =>
    headerFields(splitMail(mail.raw).header).some(
      (line) => line.name === field && line.value.toLowerCase().includes(part),
    );
}

function isAtom(token: Token | undefined, word: string): boolean {
  return token?.kind === 'atom' && token.text.toUpperCase() === word;
}
