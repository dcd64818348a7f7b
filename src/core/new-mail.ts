/** A mail that the user begins: a note with an address and a line of what to say. */
import { cleanHeaderText } from './address-list.ts';
import { withFileNames } from './file-links.ts';
import { type TaskNote, text } from './task-file.ts';

export interface NewSubject {
  readonly subject: string;
  /** Made from the text, so worth a look. */
  readonly guessed: boolean;
}

/** Names that Obsidian and its languages give a note nobody named, and names that say no more. */
const NAMELESS =
  /^(?:untitled|unbenannt|sans titre|sin título|sem título|senza nome|senza titolo|naamloos|bez nazwy|無題|未命名|new note|new mail|mail|e-?mail)(?:[ -]\d+)?$/iu;

const MAX_SUBJECT = 120;
const MAX_GUESS = 60;

/** Null: the user wrote one, or there is nothing to take it from. `words`: what the user wrote into the note. */
export function newMailSubject(note: TaskNote, fileName: string, words: string): NewSubject | null {
  if (text(note, 'subject') || text(note, 'reply_subject')) return null;
  const name = cleanHeaderText(
    fileName.replace(/\.md$/, '').replace(/ (?:em|od)-[0-9a-f]{16}$/, ''),
    MAX_SUBJECT,
  );
  if (name !== '' && !NAMELESS.test(name)) return { subject: name, guessed: false };
  const line = words.split('\n').find((one) => /\p{L}/u.test(one)) ?? '';
  const plain = cleanHeaderText(withFileNames(line.slice(0, 2_000)).replace(/^[\s#>*-]+/, ''), MAX_GUESS + 1);
  if (plain === '') return null;
  const cut = plain.length <= MAX_GUESS ? plain : `${plain.slice(0, MAX_GUESS).replace(/\s+\S*$/, '')}…`;
  return { subject: cut.replace(/[.,;:]+$/, ''), guessed: true };
}
