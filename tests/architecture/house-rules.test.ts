/** Rules of CONTRIBUTING.md that can be seen in the text of the files. */
import { describe, expect, it } from 'vitest';
import { readSources } from '../helpers/source-tree.ts';

const sources = await readSources('src');
const tests = await readSources('tests');
const pathsWith = (list: typeof sources, pattern: RegExp): string[] =>
  list.filter(({ text }) => pattern.test(text)).map(({ path }) => path);

describe('a source file', () => {
  it('has at most 400 lines', () => {
    expect(sources.filter(({ text }) => text.split('\n').length > 400).map(({ path }) => path)).toEqual([]);
  });

  it('exports by name', () => {
    expect(pathsWith(sources, /^export default\b/m)).toEqual([]);
  });

  it('does not pass everything of another on', () => {
    expect(pathsWith(sources, /^export \* from/m)).toEqual([]);
  });

  it('is named by what it does', () => {
    expect(sources.map(({ path }) => path).filter((path) => !/^[a-z0-9/.-]+$/.test(path))).toEqual([]);
    expect(pathsWith(sources, /\b(?:class|interface|type) \w*(?:Manager|Helper|Utils?|Service)\b/)).toEqual(
      [],
    );
  });

  it('puts no foreign text into code marks by hand: inlineCode knows what Dataview would run', () => {
    expect(pathsWith(sources, /\\`\$\{(?:propertyText|subjectText)\(/)).toEqual([]);
  });

  it('switches no check off', () => {
    expect(pathsWith(sources, /eslint-disable|@ts-(?:ignore|nocheck|expect-error)|biome-ignore/)).toEqual([]);
  });
});

describe('a process', () => {
  const mains = sources.filter(({ path }) => path.endsWith('.main.ts'));

  it.each(mains)('$path opens with what one has to know to operate it', ({ text }) => {
    const head = /^\/\*\*\n( \*.*\n)+/.exec(text)?.[0] ?? '';
    for (const word of ['READS', 'WRITES', 'SECRETS', 'TWICE', 'ON CRASH']) expect(head).toContain(word);
  });
});

describe('a test', () => {
  it('is never left out or alone', () => {
    expect(pathsWith(tests, /\b(?:it|test|describe)\.(?:skip|only|todo|fails|runIf|skipIf)\b/)).toEqual([]);
  });

  it('plays no module of ours', () => {
    // These two have the real one remember what it gave (remember-notes.ts).
    const remembering = ['first', 'second'].map((half) => `tests/simulation/schedules-${half}.test.ts`);
    expect(pathsWith(tests, /\bvi\.(?:mock|doMock)\(/)).toEqual(remembering);
  });
});
