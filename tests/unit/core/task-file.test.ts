import { describe, expect, it } from 'vitest';
import { newBody, readSections, withVerdict } from '../../../src/core/body.ts';
import { attachmentName, isTaskFileName, noteName, strayReason } from '../../../src/core/filename.ts';
import { parseNote, text } from '../../../src/core/task-file.ts';
import { idInName, taskIdFromMessage } from '../../../src/core/task-id.ts';

const refused = (source: string) => {
  const read = parseNote(source);
  return read.ok ? `accepted ${JSON.stringify(read.note.data)}` : read.fault.code;
};

describe('front matter', () => {
  it.each([
    '---js\nmodule.exports={}\n---\n',
    '---javascript\n1\n---\n',
    '---json\n{}\n---\n',
    '--- js\n1\n---\n',
  ])('never runs or reads another language than YAML: %j', (source) =>
    expect(refused(source)).toBe('no-front-matter'),
  );

  it.each(['---constructor\na: 1\n---\n', '---toString\na: 1\n---\n', '---hasOwnProperty\n---\n'])(
    'picks no engine from Object.prototype: %j',
    (source) => expect(refused(source)).toBe('no-front-matter'),
  );

  it('refuses aliases, so no bomb can be built', () => {
    expect(refused('---\na: &a [1,2]\nb: [*a,*a]\n---\n')).toBe('not-yaml');
  });

  it('refuses nested properties, tags, duplicate keys and several documents', () => {
    expect(refused('---\na:\n  b: 1\n---\n')).toBe('not-flat');
    expect(refused('---\na: !!js/function "x"\n---\n')).toBe('not-yaml');
    expect(refused('---\na: 1\na: 2\n---\n')).toBe('not-yaml');
  });

  it('refuses keys that reach for prototypes', () => {
    expect(refused('---\n__proto__: 1\n---\n')).toBe('forbidden-key');
    expect(refused('---\nconstructor: 1\n---\n')).toBe('forbidden-key');
  });

  it('reads what Obsidian writes: CRLF, a byte order mark, unquoted dates and lists', () => {
    const read = parseNote(
      '\uFEFF---\r\nreceived: 2026-11-20T08:01:02\r\nto:\r\n  - a@example.org\r\n---\r\nHello\r\n',
    );
    expect(read).toEqual({
      ok: true,
      note: { data: { received: '2026-11-20T08:01:02', to: ['a@example.org'] }, body: 'Hello\n' },
    });
  });

  it('does not take `---` in the body for anything', () => {
    const read = parseNote('---\na: "1"\n---\nx\n---\nb: 2\n---\n');
    expect(read.ok && read.note.body).toBe('x\n---\nb: 2\n---\n');
  });

  it('reads inherited names as absent', () => {
    const read = parseNote('---\na: 1\n---\n');
    expect(read.ok && text(read.note, 'toString')).toBeUndefined();
  });
});

describe('the body', () => {
  const parts = {
    verdict: { kind: 'todo', title: 'T', lines: [] },
    reply: 'Hi',
    feedback: '',
    original: '> x',
  } as const;

  it('ends the reply at the last Feedback heading above the original', () => {
    const body = newBody({ ...parts, reply: 'one\n## Feedback\ntwo\n## Original\nthree' });
    expect(readSections(body)).toMatchObject({
      reply: 'one\n## Feedback\ntwo\n## Original\nthree',
      feedback: '',
    });
  });

  it('treats what stands under a Feedback heading as feedback when our own heading was deleted', () => {
    const body = '## Reply\n\none\n## Feedback\ntwo\n\n## Original\n\n> x\n';
    expect(readSections(body)).toMatchObject({ reply: 'one', feedback: 'two' });
  });

  it('replaces our own callout and no other', () => {
    const mine = `> [!note] my own\n\n${newBody(parts)}`;
    const changed = withVerdict(withVerdict(mine, { kind: 'warning', title: 'A', lines: ['b'] }), {
      kind: 'success',
      title: 'Sent',
      lines: [],
    });
    expect(changed).toBe(mine.replace('> [!todo|handover] T', '> [!success|handover] Sent'));
  });
});

describe('names', () => {
  const id = taskIdFromMessage('me', '<1@example.org>');

  it('carries the id and nothing a file system or Obsidian would refuse', () => {
    expect(noteName('Anna Berg: ../../etc/passwd\n"offer" #1 [[x]]', id)).toBe(
      `Anna Berg etc passwd offer 1 x ${id}.md`,
    );
    expect(noteName('\u202e\u0000', id)).toBe(`No subject ${id}.md`);
    expect(new TextEncoder().encode(noteName('ü'.repeat(200), id)).length).toBeLessThan(90);
    expect(idInName(noteName('x', id))).toBe(id);
  });

  it('tells why a name is no task', () => {
    expect(strayReason('.syncthing.a.md.tmp')).toBe('temporary');
    expect(strayReason('.handover-1-2.tmp')).toBe('temporary');
    expect(strayReason('a.sync-conflict-20261120-080102-ABCDEFG.md')).toBe('sync-conflict');
    expect(strayReason('a.txt')).toBe('not-markdown');
    expect(strayReason('a\nb.md')).toBe('odd-name');
    expect(strayReason('PAUSE.md')).toBe('not-a-task');
    expect(strayReason('README.md')).toBe('not-a-task');
    expect(isTaskFileName(noteName('x', id))).toBe(true);
  });

  it('makes one harmless component of an attachment name', () => {
    expect(attachmentName('../../.bashrc')).not.toMatch(/^\.|\//);
    expect(attachmentName('note.md')).toBe('note.md.txt');
    expect(attachmentName('')).toBe('attachment');
    expect(attachmentName(`${'x'.repeat(300)}.pdf`)).toMatch(/^x{120}\.pdf$/);
  });
});
