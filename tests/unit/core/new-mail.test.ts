import { describe, expect, it } from 'vitest';
import { newMailSubject } from '../../../src/core/new-mail.ts';
import { openBlanks } from '../../../src/core/open-blanks.ts';
import type { TaskNote } from '../../../src/core/task-file.ts';

const note = (data: TaskNote['data'] = {}): TaskNote => ({
  data: { to: 'anna@example.org', ...data },
  body: '',
});

describe('the subject of a mail that the user begins', () => {
  it.each([
    ['Visit on Tuesday.md', 'Can you come?', 'Visit on Tuesday', false],
    ['Visit em-0123456789abcdef.md', '', 'Visit', false],
    ['Untitled.md', 'Can you come on Tuesday?\nIt would be nice.', 'Can you come on Tuesday?', true],
    ['Unbenannt 2.md', '\n# Besuch am Dienstag.\n', 'Besuch am Dienstag', true],
    ['Mail.md', 'Here is [[Attachments/offer.pdf|our offer]]', 'Here is our offer (offer.pdf)', true],
    ['Untitled.md', 'word '.repeat(30), `${'word '.repeat(11)}word…`, true],
    ['Untitled.md', '---\n\nHello\u202e', 'Hello', true],
  ])('of the note %j that says %j is %j', (name, words, subject, guessed) => {
    expect(newMailSubject(note(), name, words)).toEqual({ subject, guessed });
  });

  it('is what the user wrote, or nothing when there is nothing to take it from', () => {
    expect(newMailSubject(note({ subject: 'Mine' }), 'Visit.md', 'x')).toBeNull();
    expect(newMailSubject(note({ reply_subject: 'Mine' }), 'Visit.md', 'x')).toBeNull();
    expect(newMailSubject(note(), 'Untitled.md', ' \n--- \n')).toBeNull();
  });
});

describe('a link to a file', () => {
  it('is no blank that was left open', () => {
    expect(openBlanks('See [[our offer.pdf]] and [[Anna Berg]] on [day and time].', '')).toEqual([
      '[day and time]',
    ]);
  });
});
