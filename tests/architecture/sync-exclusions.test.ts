import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { STATES } from '../../src/core/states.ts';
import { STAGING_PREFIX } from '../../src/files/durable.ts';

const root = join(import.meta.dirname, '../..');
const text = await readFile(join(root, '.gitignore-sync'), 'utf8');
const rules = text.split('\n').filter((line) => line !== '' && !line.startsWith('//'));

describe('.gitignore-sync', () => {
  it('keeps Approved from travelling, before every other rule', () => {
    expect(rules[0]).toBe('(?i)/Approved');
  });

  it('has no rule that a peer could use: no include, no exception, no permission to delete', () => {
    expect(rules.filter((rule) => /^#|^!|\(\?[a-z]*d/.test(rule))).toEqual([]);
  });

  it('keeps our unfinished files and the guard files at home', () => {
    expect(rules).toContain(`${STAGING_PREFIX}*`);
    expect(rules).toContain('.keep');
  });

  it('does not exclude what has to travel', async () => {
    const travelling: string[] = STATES.filter((row) => row.travelsToCloud).map((row) => row.folder);
    const template = await readdir(join(root, 'vault-template'));
    for (const path of [...travelling, ...template.filter((name) => name !== 'Approved')]) {
      const top = path.split('/')[0]?.toLowerCase();
      expect(rules.map((rule) => rule.replace('(?i)', '').replace(/^\//, '').toLowerCase())).not.toContain(
        top,
      );
    }
  });
});
