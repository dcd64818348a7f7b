import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { matchOf, NO_RULES, readMailRules } from '../../../../src/core/mail-rules.ts';
import { from, mail, to } from './mails.ts';

const page = (section: string) =>
  `# Handbook\n\n## Tone\n\n- Always: be kind\n\n## Mail rules\n\n${section}\n\n## Never\n\n- Never: promise a price\n`;

describe('the section Mail rules', () => {
  it('is read item by item, whatever Markdown stands around a word', () => {
    const rules = readMailRules(
      page(
        [
          'Text is left alone. Always: not a rule.',
          '- Always: ada@example.com, `Ben@Example.com`, <carl@example.com>',
          '* **Never:** [dora@example.net](mailto:dora@example.net), @Shop.example',
          '  - important: @bücher.example',
          '+ Never: list:News.example.net, subject:"Weekly, report"',
          '- Never: to:old@example.org',
        ].join('\n'),
      ),
    );
    expect(rules.faults).toEqual([]);
    expect(rules.always).toEqual([
      { kind: 'address', key: 'ada@example.com' },
      { kind: 'address', key: 'ben@example.com' },
      { kind: 'address', key: 'carl@example.com' },
    ]);
    expect(rules.never).toEqual([
      { kind: 'address', key: 'dora@example.net' },
      { kind: 'domain', domain: 'shop.example' },
      { kind: 'list', id: 'news.example.net' },
      { kind: 'subject', words: 'weekly, report' },
      { kind: 'to', key: 'old@example.org' },
    ]);
    expect(rules.important).toEqual([{ kind: 'domain', domain: 'xn--bcher-kva.example' }]);
  });

  it('ends where the next section begins, and code and comments hold no rules', () => {
    const rules = readMailRules(
      page(
        '```text\n- Always: a@example.com\n```\n<!-- - Always: b@example.com -->\n%% - Never: c@example.com %%\n### Sub\n- Always: d@example.com',
      ),
    );
    expect(rules).toEqual({ ...NO_RULES, always: [{ kind: 'address', key: 'd@example.com' }] });
  });

  it('is none in a page without it, and may have Windows line ends', () => {
    expect(readMailRules('# Handbook\n- Always: a@example.com')).toEqual(NO_RULES);
    expect(readMailRules('\uFEFF## Mail rules\r\n- Always: a@example.com\r\n').always).toHaveLength(1);
  });

  it('says what it cannot read, and reads the rest', () => {
    const rules = readMailRules(
      page('- Allways: a@example.com\n- Never: example.com, b@example.com, subject:x, list:y, @, to:z'),
    );
    expect(rules.never).toEqual([{ kind: 'address', key: 'b@example.com' }]);
    expect(rules.faults).toHaveLength(6);
    expect(rules.faults[0]).toMatch(/^Allways: a@example\.com: a rule begins with Always/);
    expect(rules.faults[1]).toMatch(/^example\.com: expected/);
  });

  it('has bounds', () => {
    const many = readMailRules(
      page(`- Never: ${Array.from({ length: 1_500 }, (_, n) => `a${n}@example.com`).join(', ')}`),
    );
    expect(many.never).toHaveLength(1_000);
    expect(many.faults.length).toBeLessThanOrEqual(20);
    expect(readMailRules(page(Array(500).fill('- Nonsense').join('\n'))).faults).toHaveLength(20);
  });

  it('is in the template, explained and empty', async () => {
    const template = await readFile(
      join(import.meta.dirname, '../../../../vault-template/Company_Handbook.md'),
      'utf8',
    );
    expect(template).toMatch(/^## Mail rules$/m);
    expect(readMailRules(template)).toEqual(NO_RULES);
  });
});

describe('a rule names a mail', () => {
  const ranks = (list: string, input = mail()) =>
    matchOf(readMailRules(page(`- Always: ${list}`)).always, input);

  it('by address, by domain and what lies below it, by list, subject or recipient', () => {
    expect(ranks('ADA@example.com')).toBeGreaterThan(ranks('subject:question'));
    expect(ranks('subject:question')).toBeGreaterThan(ranks('@example.com'));
    expect(ranks('@example.com')).toBeGreaterThan(0);
    expect(ranks('@example.com', from('a@mail.example.com'))).toBeGreaterThan(0);
    expect(ranks('@mail.example.com', from('a@mail.example.com'))).toBeGreaterThan(
      ranks('@example.com', from('a@mail.example.com')),
    );
    expect(ranks('to:me@example.org')).toBeGreaterThan(0);
    expect(ranks('list:f.example.net', mail({ 'List-Id': 'Friends <F.example.net>' }))).toBeGreaterThan(0);
  });

  it('and no other', () => {
    expect(ranks('@example.com', from('a@notexample.com'))).toBe(0);
    expect(ranks('ada@example.com', from('ada@example.org'))).toBe(0);
    expect(ranks('to:me@example.org', mail({}, to('you@example.org')))).toBe(0);
    expect(ranks('subject:answer')).toBe(0);
    expect(ranks('list:f.example.net', mail({ 'List-Id': '<g.f.example.net>' }))).toBe(0);
    expect(ranks('ada@example.com', mail({}, { from: null }))).toBe(0);
  });
});
