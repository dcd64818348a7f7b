import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { INBOX, openInvoicer } from '../helpers/invoicer.ts';

const page = await readFile(join(import.meta.dirname, '../../docs/invoices.md'), 'utf8');
const [request = '', card = ''] = [...page.matchAll(/^```markdown\n([^]*?)^```$/gm)].map((match) => match[1]);

it('the request on the page becomes the card on the page', async () => {
  const invoicer = await openInvoicer();
  invoicer.books.twins.push({
    id: 90,
    number: 'INV/2026/00012',
    state: 'posted',
    date: '2026-11-02',
    total: 1472.63,
    reference: '',
    why: 'same amount',
  });
  await invoicer.put(`${INBOX}/November.md`, request);
  await invoicer.pass();
  expect((await invoicer.card()).note.body.trim().startsWith(card.trim())).toBe(true);
});

it('the page names every property that a request may have', async () => {
  const source = await readFile(join(import.meta.dirname, '../../src/core/odoo/request.ts'), 'utf8');
  const read = [...source.matchAll(/field\('([a-z_]+)'\)/g)].map((match) => match[1] ?? '');
  expect(read.length).toBeGreaterThan(6);
  expect(read.filter((key) => !page.includes(`\`${key}\``))).toEqual([]);
});
