import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  approvedFolderLines,
  ignoreFaults,
  ignoreLines,
  mendedIgnores,
  secretRules,
} from '../../../src/core/ignore-lists.ts';

const source = await readFile(join(import.meta.dirname, '../../../.gitignore-sync'), 'utf8');
const laptop = ignoreLines(source, 'laptop');
/** A list without the line that counts most. */
const open = laptop.slice(1);
const codes = (installed: readonly string[], wanted = laptop): string[] =>
  ignoreFaults(installed, wanted).map((fault) => `${fault.code} ${fault.line}`);

describe('the list of a device', () => {
  it('begins with Approved on every one, and spares a phone the heartbeats', () => {
    expect(laptop[0]).toBe('(?i)/Approved');
    expect(ignoreLines(source, 'cloud')).toEqual(laptop);
    expect(ignoreLines(source, 'phone')).toEqual([...laptop, '/Logs', '/Updates']);
  });

  it('has no comments and no empty lines', () => {
    expect(laptop.filter((line) => line.trim() !== line || line === '' || line.startsWith('//'))).toEqual([]);
  });

  it('of the second folder says nothing of paths in the vault', () => {
    expect(approvedFolderLines(source).filter((rule) => /^(\(\?i\))?\//.test(rule))).toEqual([]);
    expect(approvedFolderLines(source)).toContain('(?i)*.pem');
  });

  it('is not made from a source whose sections are missing or out of order', () => {
    expect(() => ignoreLines('.env\n', 'laptop')).toThrow('before the first section');
    expect(() => ignoreLines('// [every device]\n.env\n', 'cloud')).toThrow('must come first');
    expect(() => ignoreLines('// [every device, first]\n(?i)/Approved\n', 'laptop')).toThrow('every device');
  });

  it('says which of its rules are secrets', () => {
    expect(secretRules(source)).toContain('(?i).env');
    expect(secretRules(source).every((rule) => laptop.includes(rule))).toBe(true);
    expect(secretRules('nothing')).toEqual([]);
  });
});

describe('an installed list', () => {
  it('is right when it is ours, with comments, and with rules of the user below', () => {
    expect(codes(laptop)).toEqual([]);
    expect(codes(['// mine', '', ...laptop, '  *.iso  ', '// and more', '/Private'])).toEqual([]);
  });

  it('is wrong when something stands before Approved', () => {
    expect(codes(['*.iso', ...laptop])).toEqual(['not-first *.iso']);
    expect(codes(['*.iso', ...open], open)).toEqual([]);
  });

  it.each([
    ['#include shared.txt', 'include'],
    ['#escape=|', 'include'],
    ['!/Approved/keep.md', 'exception'],
    ['(?i)!/approved', 'exception'],
    ['(?d).DS_Store', 'deletable'],
    ['(?i)(?d)*.tmp', 'deletable'],
  ])('is wrong with %s, wherever it stands', (line, code) => {
    expect(codes([...laptop, line])).toEqual([`${code} ${line}`]);
    expect(codes([line, ...laptop])).toEqual([`not-first ${line}`, `${code} ${line}`]);
  });

  it('names what is missing, Approved in the words of what it means', () => {
    expect(codes(laptop.filter((line) => line !== '.keep'))).toEqual(['missing .keep']);
    const [first] = ignoreFaults(open, laptop).filter((fault) => fault.code === 'missing');
    expect(first).toMatchObject({ line: '(?i)/Approved' });
    expect(first?.words).toContain('write into it');
    expect(codes([])).toEqual(laptop.map((line) => `missing ${line}`));
  });

  it('cannot hide a rule in a comment or in another case', () => {
    expect(codes(['//(?i)/Approved', ...open])).toContain('missing (?i)/Approved');
    expect(codes(['/approved', ...open])).toContain('missing (?i)/Approved');
  });

  it('cannot use a blank that only one of us takes for one', () => {
    expect(codes(['\ufeff(?i)/Approved', ...open])).toContain('missing (?i)/Approved');
    expect(codes([...laptop, '\u00a0!x', '\u0085#include y']).map((c) => c.split(' ')[0])).toEqual([
      'exception',
      'include',
    ]);
  });

  it('shows no control characters in its words', () => {
    expect(ignoreFaults([...laptop, '!a\u001b[2Jb'], laptop)[0]?.words).not.toContain('\u001b');
  });
});

describe('mending a list', () => {
  it('keeps what the user added, below ours, and harmful lines as comments', () => {
    const mended = mendedIgnores(['*.iso', '// my own', '#include x', '(?d)foo', '!bar', '.keep'], laptop);
    expect(mended.slice(-5)).toEqual([
      '*.iso',
      '// my own',
      '// Taken out by `handover sync apply`: #include x',
      '// Taken out by `handover sync apply`: (?d)foo',
      '// Taken out by `handover sync apply`: !bar',
    ]);
    expect(mended.filter((line) => line === '.keep')).toHaveLength(1);
  });

  it('gives a right list from any list, the same when done again, and loses no line of the user', () => {
    const line = fc.oneof(
      fc.constantFrom(...laptop, '#include a', '!x', '(?d)y', '(?i)(?d)!z', '// note', '', ' *.iso '),
      fc.string({ maxLength: 20 }).filter((text) => !/[\r\n]/.test(text)),
    );
    fc.assert(
      fc.property(fc.array(line), fc.constantFrom(laptop, open), (installed, wanted) => {
        const mended = mendedIgnores(installed, wanted);
        expect(ignoreFaults(mended, wanted)).toEqual([]);
        expect(mendedIgnores(mended, wanted)).toEqual(mended);
        for (const own of installed.map((text) => text.replace(/^[ \t]+|[ \t]+$/g, '')))
          expect(mended.some((text) => text.includes(own))).toBe(true);
      }),
    );
  });
});
