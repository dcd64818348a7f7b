import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readInvoiceBody, renderInvoiceBody } from '../../src/core/odoo/invoice-body.ts';
import { requestReviser } from '../../src/drafting/request-reviser.ts';
import { INBOX, openInvoicer, requestNote } from '../helpers/invoicer.ts';
import { type ModelServer, startModelServer } from '../helpers/model-server.ts';

let server: ModelServer;
beforeAll(async () => {
  server = await startModelServer();
});
afterAll(() => server.close());

const reviser = () =>
  requestReviser(
    { provider: 'openai-compatible', model: 'local', baseUrl: server.url, apiKey: 'k', timeoutMs: 20_000 },
    { sleep: () => Promise.resolve(), random: () => 1 },
  );

const LINE = {
  product: '',
  description: 'Consulting in November',
  quantity: '10',
  unit: '',
  price: '100',
  discount: '',
  taxes: '19%',
};

/** A card whose Feedback says `feedback`, after the model answered. */
async function revisedCard(feedback: string, answer: unknown) {
  server.script({ answer });
  const invoicer = await openInvoicer();
  await invoicer.put(`${INBOX}/x.md`, requestNote());
  await invoicer.pass();
  await invoicer.giveBack((note) => ({
    data: note.data,
    body: renderInvoiceBody({ ...readInvoiceBody(note.body), feedback }),
  }));
  await invoicer.pass({ reviser: reviser() });
  expect(invoicer.errors).toEqual([]);
  return invoicer.card();
}

describe('words under Feedback of an invoice card', () => {
  it('change the request, and the card says each change and what it came to', async () => {
    const card = await revisedCard('12 hours, and another line: Travel to Berlin for 80, due 15.1.2027', {
      understood: true,
      lines: [
        { ...LINE, quantity: '12' },
        { ...LINE, description: 'Travel to Berlin', quantity: '', price: '80' },
      ],
      properties: [{ name: 'due_date', value: '2027-01-15' }],
    });
    expect(card.note.data).toMatchObject({ amount_total: 1523.2, due_date: '2027-01-15' });
    expect(card.verdict).toContain('Line 1, quantity: was “10”, now “12” (openai-compatible local).');
    expect(card.verdict).toContain('due_date: was “2026-12-20”, now “2027-01-15”');
    expect(card.verdict).toContain('**Changed** since the last card:');
    const body = readInvoiceBody(card.note.body);
    expect(body.feedback).toBe('');
    expect(body.request).toContain('| Travel to Berlin |  | 80 | 19% |');
  });

  it.each<[string, unknown, string]>([
    [
      'a figure it worked out',
      { understood: true, lines: [{ ...LINE, price: '110' }], properties: [] },
      '“110” stands neither',
    ],
    [
      'words nobody said',
      { understood: true, lines: [{ ...LINE, description: 'Gold' }], properties: [] },
      '“Gold” stands neither',
    ],
    [
      'a date nobody said',
      { understood: true, lines: [LINE], properties: [{ name: 'due_date', value: '2027-01-15' }] },
      'does not stand in them',
    ],
    ['no lines', { understood: true, lines: [], properties: [] }, 'left no lines'],
    ['nothing changed', { understood: true, lines: [LINE], properties: [] }, 'nothing to change'],
    ['no understanding', { understood: false, lines: [LINE], properties: [] }, 'could not follow'],
    ['another form', { hello: 1 }, 'did not have the asked form'],
  ])('are asked back when the model answers with %s', async (_, answer, words) => {
    const card = await revisedCard('ten per cent more, please', answer);
    expect(card.verdict).toContain('Your words under Feedback were not understood');
    expect(card.verdict).toContain(words);
    expect(readInvoiceBody(card.note.body).feedback).toBe('ten per cent more, please');
    expect(readInvoiceBody(card.note.body).request).toContain('| Consulting in November | 10 | 100 | 19% |');
  });
});
