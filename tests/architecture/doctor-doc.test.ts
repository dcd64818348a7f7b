import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AREAS, CODES } from '../../src/cli/doctor-codes.ts';

const doc = await readFile(join(import.meta.dirname, '../../docs/doctor.md'), 'utf8');

/** Rows below each heading: code, level, meaning, cure. */
const sections = doc
  .split(/^## /m)
  .slice(1)
  .map((section) => ({
    title: (section.split('\n')[0] ?? '').toLowerCase(),
    rows: [...section.matchAll(/^\| `([a-z0-9-]+)` \| (\w+) \| (.+?) \| (.+) \|$/gm)].map((match) =>
      match.slice(1),
    ),
  }));

describe('docs/doctor.md', () => {
  it('has every finding of doctor, in its place, with its level and its cure, and no other', () => {
    const documented = sections.flatMap(({ title, rows }) =>
      rows.map(([code, level, , cure]) => ({ code, check: title, level, cure })),
    );
    const inCode = AREAS.flatMap((area) =>
      Object.entries(CODES)
        .filter(([, row]) => row.check === area)
        .map(([code, { check, level, cure }]) => ({ code, check, level, cure })),
    );
    expect(documented).toEqual(inCode);
  });

  it('says of each what it means, and what to do', () => {
    for (const { rows } of sections) {
      for (const [code = '', , meaning = '', cure = ''] of rows) {
        expect(meaning.length, code).toBeGreaterThan(15);
        expect(cure, code).not.toBe('');
      }
    }
  });

  it('names the areas that --only takes, as headings', () => {
    const titles = sections.map(({ title }) => title);
    expect(titles.filter((title) => (AREAS as readonly string[]).includes(title))).toEqual([...AREAS]);
  });
});
