import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newBody, readSections, withFeedback, withReply, withVerdict } from '../../src/core/body.ts';
import { type Property, parseNote, renderNote, withData } from '../../src/core/task-file.ts';

const scalar = fc.oneof(
  fc.string({ unit: 'binary' }).filter((s) => !/[\ud800-\udfff]/.test(s)),
  fc.string({ unit: 'grapheme' }),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
);
const property: fc.Arbitrary<Property> = fc.oneof(scalar, fc.array(scalar, { maxLength: 5 }));
const key = fc
  .stringMatching(/^[a-z][a-z0-9_]{0,20}$/)
  .filter((k) => !['constructor', 'prototype'].includes(k));
const data = fc.dictionary(key, property, { maxKeys: 8, noNullPrototype: true });
const body = fc.string({ unit: 'grapheme', maxLength: 400 }).map((s) => s.replace(/\r\n/g, '\n'));

/** Lines a person writes in a reply, the ones that look like structure among them. */
const line = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 30 }).map((s) => s.replace(/[\n\r]/g, ' ')),
  fc.constantFrom(
    '## Heading',
    '# Reply',
    '```',
    '~~~',
    '---',
    '> quoted',
    '- [ ] box',
    '🙂',
    '',
    '## Reply',
    '%%',
  ),
);
const reply = fc
  .array(line, { minLength: 1, maxLength: 12 })
  .filter((lines) => lines[0]?.trim() !== '' && lines.at(-1)?.trim() !== '')
  .map((lines) => lines.join('\n'));

const parts = {
  verdict: { kind: 'todo', title: 'A reply', lines: ['To a@example.org'] },
  feedback: '',
  original: '> [!quote]- A wrote\n> ~~~text\n> ## Original\n> ## Feedback\n> ~~~',
} as const;

describe('a task file', () => {
  it('reads back exactly what was written, whatever the properties and the body hold', () => {
    fc.assert(
      fc.property(data, body, (d, b) => {
        const read = parseNote(renderNote({ data: d, body: b }));
        expect(read).toEqual({ ok: true, note: { data: d, body: b } });
      }),
      { numRuns: 2000 },
    );
  });

  it('never throws on any text at all', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (s) => {
        parseNote(s);
        parseNote(`---\n${s}\n---\n${s}`);
      }),
      { numRuns: 2000 },
    );
  });

  it('keeps unknown properties and their order through a change', () => {
    fc.assert(
      fc.property(data, (d) => {
        const changed = withData({ data: d, body: '' }, { rev: 7 });
        const others = Object.keys(changed.data).filter((k) => k !== 'rev');
        expect(others).toEqual(Object.keys(d).filter((k) => k !== 'rev'));
      }),
    );
  });
});

describe('the reply section', () => {
  it('gives back any reply byte for byte, headings, fences and rules included', () => {
    fc.assert(
      fc.property(reply, (r) => {
        expect(readSections(newBody({ ...parts, reply: r })).reply).toBe(r);
      }),
      { numRuns: 2000 },
    );
  });

  it('survives every rewrite an agent does around it', () => {
    fc.assert(
      fc.property(reply, reply, (first, second) => {
        const start = newBody({ ...parts, reply: first });
        const worded = withVerdict(start, { kind: 'warning', title: 'Back', lines: ['because'] });
        expect(readSections(worded).reply).toBe(first);
        const redrafted = withFeedback(withReply(worded, second), 'shorter');
        const sections = readSections(redrafted);
        expect(sections.reply).toBe(second);
        expect(sections.feedback).toBe('shorter');
        expect(sections.original).toBe(parts.original);
      }),
      { numRuns: 1000 },
    );
  });
});
