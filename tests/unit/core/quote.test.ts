import { describe, expect, it } from 'vitest';
import { attribution, composeBody, quoteOriginal } from '../../../src/core/quote.ts';

const original = 'Hello,\n\n> earlier\n  indented\nAnna\n\n';
const line = attribution({
  from: { name: 'Anna', address: 'anna@example.org' },
  when: '2026-11-20T09:31:00',
});

describe('a quotation', () => {
  it('marks every line, quoted ones once more', () => {
    expect(quoteOriginal(original)).toBe('> Hello,\n>\n>> earlier\n>   indented\n> Anna');
  });

  it('reads any line end', () => {
    expect(quoteOriginal('a\r\nb\rc')).toBe('> a\n> b\n> c');
  });
});

describe('the attribution', () => {
  it('names date and sender', () => {
    expect(line).toBe('On 2026-11-20 09:31, Anna <anna@example.org> wrote:');
  });

  it('does without what is not known', () => {
    expect(attribution({ from: null, when: null })).toBe('you wrote:');
    expect(attribution({ from: { name: '', address: 'a@example.org' }, when: 'gibberish' })).toBe(
      'a@example.org wrote:',
    );
  });
});

describe('the outgoing text', () => {
  it('is the reply, a blank line, the attribution and the quotation', () => {
    expect(composeBody({ reply: 'Yes.', quote: true, original: 'Shall we?', attribution: line })).toBe(
      `Yes.\n\n${line}\n> Shall we?\n`,
    );
  });

  it.each(['Yes.', 'Yes.\n', 'Yes.\n\n'])('has one blank line after %j', (reply) => {
    const text = composeBody({ reply, quote: true, original: 'Shall we?', attribution: line });
    expect(text).toBe(`Yes.\n\n${line}\n> Shall we?\n`);
  });

  it('is the reply alone when nothing is quoted', () => {
    const reply = '# Not a heading\r\n```\n---\n\n\n';
    expect(composeBody({ reply, quote: false, original, attribution: line })).toBe(reply);
    expect(composeBody({ reply, quote: true, original: null, attribution: line })).toBe(reply);
    expect(composeBody({ reply, quote: true, original: ' \n', attribution: line })).toBe(reply);
  });
});
