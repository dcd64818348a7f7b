import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRequest } from '../../src/core/odoo/request.ts';
import { parseNote, renderNote } from '../../src/core/task-file.ts';
import { idInName, taskIdForRequestIn } from '../../src/core/task-id.ts';
import { modelDrafter } from '../../src/drafting/model-drafter.ts';
import { templateDrafter } from '../../src/drafting/template-drafter.ts';
import type { DraftReplyDeps } from '../../src/stages/draft-reply.ts';
import { requestFromMail } from '../../src/stages/request-from-mail.ts';
import { type ModelServer, startModelServer } from '../helpers/model-server.ts';
import { mailNote, openReplier, type Replier } from '../helpers/replier.ts';

/** The model drafter asks a real server of the wire; what the model says is checked against the mail. */

const INBOX = 'Needs_Action/email';
const REQUESTS = 'Needs_Action/odoo';
const OFFERED = 'Pending_Approval/email';
const MAIL = `Hello Mia,
please send me an invoice for:
- Consulting in October, 12 hours, 95,50 EUR each
- Travel to Berlin | by train: 1.234
Our order number is PO-4711.
Anna`;

let server: ModelServer;
beforeAll(async () => {
  server = await startModelServer();
});
afterAll(() => server.close());

const REQUEST = {
  lines: [
    { description: 'Consulting in October', quantity: '12', price: '95,50 EUR' },
    { description: 'Travel to Berlin | by train', quantity: '', price: '1.234' },
  ],
  currency: 'EUR',
  reference: 'PO-4711',
};

function says(invoice_request: unknown): void {
  server.script({
    answer: {
      decision: 'reply',
      reply: 'The invoice follows.',
      summary: 'An invoice is wanted.',
      invoice_request,
    },
  });
}

const model = () =>
  modelDrafter(
    { provider: 'openai-compatible', model: 'local', baseUrl: server.url, apiKey: 'k', timeoutMs: 20_000 },
    { sleep: () => Promise.resolve(), random: () => 1, now: () => 0, onFailure: () => undefined },
  );

async function withMail(text = MAIL, drafter = model()) {
  const replier = await openReplier(drafter);
  const { name, source } = mailNote({}, text);
  await replier.put(`${INBOX}/${name}`, source);
  return { replier, name };
}

function change(replier: Replier): Partial<DraftReplyDeps> {
  const { vault } = replier;
  const requestFound = requestFromMail({
    vault,
    now: () => Date.UTC(2026, 10, 20, 9),
    timeZone: 'Europe/Berlin',
    audit: () => Promise.resolve(),
  });
  return { requestFound };
}

describe('a mail that asks for an invoice', () => {
  it('gets its reply and makes one request of what it says', async () => {
    says(REQUEST);
    const { replier, name } = await withMail();
    await replier.pass(change(replier));
    expect(replier.errors).toEqual([]);
    const [made, ...more] = await replier.names(REQUESTS);
    expect(more).toEqual([]);
    expect(idInName(made!)).toBe(taskIdForRequestIn(idInName(name)!));
    const request = await replier.note(`${REQUESTS}/${made}`);
    expect(request.data).toMatchObject({
      kind: 'odoo_invoice',
      customer: 'anna@example.org',
      currency: 'EUR',
      purchase_reference: 'PO-4711',
      from_mail: `[[${name.replace(/\.md$/, '')}]]`,
    });
    expect(readRequest(request)).toMatchObject({
      ok: false,
      faults: [expect.stringContaining('1.234 can be read in two ways')],
    });
    const mended = { data: request.data, body: request.body.replace('1.234', '1234') };
    expect(readRequest(mended)).toMatchObject({
      ok: true,
      request: {
        partner: { by: 'email', email: 'anna@example.org' },
        lines: [
          { description: 'Consulting in October', quantity: '12', price: '95.50', taxes: null },
          { description: 'Travel to Berlin | by train', quantity: '1', price: '1234' },
        ],
      },
    });
    const card = await replier.note(`${OFFERED}/${name}`);
    expect(card.body).toContain(
      `> **Invoice** The sender asks for one; the request is [[${made!.replace(/\.md$/, '')}]].`,
    );
  });

  it('makes no second one when it is drafted again, wherever the first went', async () => {
    says(REQUEST);
    const { replier, name } = await withMail();
    await replier.pass(change(replier));
    const [made] = await replier.names(REQUESTS);
    await replier.vault.move({ folder: REQUESTS, name: made! }, 'Rejected');
    await replier.vault.move({ folder: OFFERED, name }, INBOX);
    await replier.pass(change(replier));
    expect(await replier.names(REQUESTS)).toEqual([]);
    expect((await replier.note(`${OFFERED}/${name}`)).body).toContain('**Invoice** The sender asks for one');
    // The model is not even asked for it again.
    expect(JSON.stringify(server.calls.at(-1)?.body)).not.toContain('invoice_request');
  });

  it('makes one also when it was killed before the card was written', async () => {
    says(REQUEST);
    const { replier, name } = await withMail();
    await replier.killAt('replier:request-created', change(replier));
    expect(await replier.names(REQUESTS)).toHaveLength(1);
    await replier.pass(change(replier));
    expect(await replier.names(REQUESTS)).toHaveLength(1);
    expect(await replier.names(OFFERED)).toEqual([name]);
  });

  it('makes no second one after a kill, also when the user has dropped the first meanwhile', async () => {
    says(REQUEST);
    const { replier, name } = await withMail();
    await replier.killAt('replier:request-created', change(replier));
    const [made] = await replier.names(REQUESTS);
    await replier.vault.move({ folder: REQUESTS, name: made! }, 'Rejected');
    await replier.pass(change(replier));
    expect(await replier.names(REQUESTS)).toEqual([]);
    expect(await replier.names(OFFERED)).toEqual([name]);
  });

  it.each<[string, unknown, string]>([
    [
      'words that the mail does not hold',
      { ...REQUEST, lines: [{ description: 'Gold bars', quantity: '12', price: '95,50' }] },
      MAIL,
    ],
    ['no lines', { ...REQUEST, lines: [] }, MAIL],
    [
      'a part of a word',
      { ...REQUEST, lines: [{ description: 'ravel to Berl', quantity: '', price: '' }] },
      MAIL,
    ],
    ['nothing', null, MAIL],
  ])('makes none of %s', async (_, found, text) => {
    says(found);
    const { replier, name } = await withMail(text);
    await replier.pass(change(replier));
    expect(await replier.names(REQUESTS)).toEqual([]);
    expect(await replier.names(OFFERED)).toEqual([name]);
  });

  it('leaves open what the model made up beside it', async () => {
    says({
      lines: [{ description: 'Consulting in October', quantity: '120', price: '9550' }],
      currency: 'USD',
      reference: 'PO-1',
    });
    const { replier } = await withMail();
    await replier.pass(change(replier));
    const [made] = await replier.names(REQUESTS);
    const request = await replier.note(`${REQUESTS}/${made}`);
    expect(request.data).toMatchObject({ currency: '', purchase_reference: '' });
    expect(request.body).toContain('| Consulting in October |  |  |  |');
  });

  it('cannot smuggle anything into the vault: what it says is shown as text', async () => {
    const evil = 'Work [[x]] `= 1` %%a%% | 5';
    says({ ...REQUEST, lines: [{ description: evil, quantity: '', price: '' }] });
    const { replier } = await withMail(`please invoice: ${evil}`);
    await replier.pass(change(replier));
    const [made] = await replier.names(REQUESTS);
    const request = await replier.note(`${REQUESTS}/${made}`);
    expect(renderNote(request).split('## Lines')[1]).not.toMatch(/\[\[|`|<%|%%/);
    const parsed = parseNote(renderNote(request));
    expect(parsed.ok).toBe(true);
  });

  it('makes none without books, and the model is not asked for one', async () => {
    says(REQUEST);
    const { replier } = await withMail();
    await replier.pass();
    expect(await replier.names(REQUESTS)).toEqual([]);
    expect(JSON.stringify(server.calls[0]?.body)).not.toContain('invoice_request');
  });

  it('makes none with the template drafter', async () => {
    const { replier } = await withMail(MAIL, templateDrafter);
    await replier.pass(change(replier));
    expect(await replier.names(REQUESTS)).toEqual([]);
  });
});
