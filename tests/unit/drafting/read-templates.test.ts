import { expect, it } from 'vitest';
import { templateReader } from '../../../src/drafting/read-templates.ts';

const good = (body: string) => `---\nfor: email_reply\n---\n${body}`;

it('templates are read anew for every draft, and a broken one is named once until it changes', async () => {
  const files = new Map<string, string | null>([
    ['a.md', good('first')],
    ['b.md', '---\nfor: [\n---\n'],
    ['c.md', null],
    ['d.md', '---\nfor: odoo_invoice\n---\n'],
  ]);
  const faults: string[] = [];
  const read = templateReader(
    {
      list: () => Promise.resolve([...files.keys()]),
      read: (name) => Promise.resolve(files.get(name) ?? null),
    },
    (name) => faults.push(name),
  );
  expect((await read()).map((t) => t.body)).toEqual(['first']);
  expect(faults).toEqual(['b.md', 'c.md']);

  files.set('a.md', good('second'));
  files.set('b.md', good('mended'));
  expect((await read()).map((t) => t.body)).toEqual(['second', 'mended']);
  files.delete('a.md');
  expect((await read()).map((t) => t.body)).toEqual(['mended']);
  expect(faults).toEqual(['b.md', 'c.md']);
});
