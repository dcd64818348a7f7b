import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { num, text } from '../../src/core/task-file.ts';
import { expectReadable, type House, openHouse } from '../helpers/invoice-house.ts';
import { type OdooServer, type OdooUser, startOdoo } from '../helpers/odoo.ts';

/**
 * What people do in Odoo to a draft while its card waits, from both sides: the card is approved, or goes back to the cloud as the
 * words on it say. Both odoo-mcp are real, and so is Odoo. Each ends with one document that is what the user saw last.
 */

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

let server: OdooServer;
let drafter: OdooUser;
let person: OdooUser;

beforeAll(async () => {
  server = await startOdoo();
  drafter = await server.user('drafter', ['account.group_account_invoice']);
  person = await server.user('person', ['account.group_account_invoice']);
});
afterAll(() => server.stop());

/** A card that waits, and its draft's number. */
async function offered(change: Parameters<House['ask']>[0] = {}): Promise<{ h: House; draft: number }> {
  const h = await openHouse({ server, drafter, person });
  await h.ask(change);
  return { h, draft: num(await h.drafted(), 'odoo_id') ?? 0 };
}

const act = (method: string, id: number, args: Record<string, unknown> = {}) =>
  server.call('account.move', method, { ids: [id], ...args });
const write = (id: number, vals: Record<string, unknown>) => act('write', id, { vals });

async function somebodyElse(): Promise<number> {
  const made = await server.call('res.partner', 'create', { vals_list: [{ name: 'Somebody Else' }] });
  return (made as number[])[0] ?? 0;
}

async function doubleFirstLine(draft: number): Promise<void> {
  const lines = await server.sql(
    `select id from account_move_line where move_id = ${draft} and display_type = 'product'`,
  );
  await write(draft, { invoice_line_ids: [[1, Number(lines), { quantity: 20 }]] });
}

async function verdict(h: House): Promise<string> {
  const words = await h.lead();
  expectReadable(words, [drafter.apiKey, person.apiKey]);
  return words;
}

describe('a line that somebody changed', () => {
  it('comes back with both lines; the next yes posts what stands below them', async () => {
    const { h, draft } = await offered();
    await doubleFirstLine(draft);
    await h.approve();
    expect(await verdict(h)).toMatch(
      /− `\| Consulting in November \| 10 \|.*[\s\S]*\+ `\| Consulting in November \| 20 \|/,
    );
    expect(await h.documents()).toEqual([`${draft}|draft`]);
    await h.approve();
    expect((await h.postedOnce()).data['amount_total']).toBe(2300);
  });

  it('is named when the card goes back to the cloud unchanged, and kept', async () => {
    const { h, draft } = await offered();
    await doubleFirstLine(draft);
    await h.giveBack();
    await h.drafted();
    const words = await verdict(h);
    expect(words).toContain('**Changed** since the last card:');
    expect(words).toMatch(/Consulting in November/);
    await h.approve();
    expect((await h.postedOnce()).data['amount_total']).toBe(2300);
  });

  it('is put right when the user writes another quantity into the request', async () => {
    const { h, draft } = await offered();
    await doubleFirstLine(draft);
    await h.giveBack((note) =>
      note.replace(
        '| Consulting in November | 10 | 100 | 15% |',
        '| Consulting in November | 3 | 100 | 15% |',
      ),
    );
    const card = await h.drafted();
    expect(card.data).toMatchObject({ odoo_id: draft, amount_total: 345 });
    await h.approve();
    expect((await h.postedOnce()).data['amount_total']).toBe(345);
  });
});

describe('a customer that somebody changed', () => {
  it('comes back with both names', async () => {
    const { h, draft } = await offered();
    const other = await somebodyElse();
    await write(draft, { partner_id: other });
    await h.approve();
    expect(await verdict(h)).toMatch(/`partner`: was `Customer \d+ Ltd`, now `Somebody Else`/);
    await write(draft, { partner_id: h.customer });
    await h.approve();
    await verdict(h);
    await h.approve();
    await h.postedOnce();
  });

  it('is named by the cloud too', async () => {
    const { h, draft } = await offered();
    await write(draft, { partner_id: await somebodyElse() });
    await h.giveBack();
    const card = await h.drafted();
    expect(text(card, 'partner')).toBe('Somebody Else');
    expect(await verdict(h)).toContain('Somebody Else');
  });
});

describe('a draft that somebody deleted', () => {
  it('comes back and says what can be done; done so, there is a new one, and it is posted', async () => {
    const { h, draft } = await offered();
    await act('unlink', draft);
    await h.approve();
    expect(await verdict(h)).toContain(
      'The draft of this task is not in Odoo any more: somebody deleted it. Move the note to `Needs_Action/odoo` to have a new draft made',
    );
    await h.giveBack();
    const card = await h.drafted();
    expect(num(card, 'odoo_id')).not.toBe(draft);
    expect(await verdict(h)).toContain(`The earlier draft (#${draft}) is gone from Odoo; this is a new one.`);
    await h.approve();
    await h.postedOnce();
  });
});

describe('a draft that somebody posted and set back', () => {
  it('is asked about; insisted on, it is posted under its number', async () => {
    const { h, draft } = await offered();
    await act('action_post', draft);
    const number = await server.sql(`select name from account_move where id = ${draft}`);
    await act('button_draft', draft);
    await h.approve();
    expect(await verdict(h)).toContain(
      `It was posted before as ${number}, and somebody set it back to draft in Odoo.`,
    );
    await h.approve();
    expect((await h.postedOnce()).data['odoo_name']).toBe(number);
  });

  it('is not changed by the cloud, which says so and shows what Odoo has', async () => {
    const { h, draft } = await offered();
    await act('action_post', draft);
    await act('button_draft', draft);
    await h.giveBack((note) => note.replace('in November | 10 | 100 |', 'in November | 3 | 100 |'));
    const card = await h.drafted();
    expect(card.data).toMatchObject({ odoo_id: draft, amount_total: 1150 });
    const words = await verdict(h);
    expect(words).toContain('It was posted once, and somebody set it back to draft in Odoo');
    expect(words).toContain('what you changed in the request was not written into it');
    await h.approve();
    expect(await verdict(h)).toContain('It was posted before as');
    await h.approve();
    expect((await h.postedOnce()).data['amount_total']).toBe(1150);
  });

  it('posted still, the cloud says that nothing was changed', async () => {
    const { h, draft } = await offered();
    await act('action_post', draft);
    await h.giveBack();
    await h.cloudPass();
    expect(await verdict(h)).toMatch(/posted in Odoo already, as .*Nothing was changed/);
    expect(await h.documents()).toEqual([`${draft}|posted`]);
  });
});

describe('a closed period', () => {
  const close = async (until: string | false): Promise<void> => {
    const [company = 0] = (await server.call('res.company', 'search', { domain: [] })) as number[];
    await server.call('res.company', 'write', { ids: [company], vals: { fiscalyear_lock_date: until } });
  };

  it('comes back with Odoo’s words; insisted on, it is booked on the day that they name', async () => {
    const { h } = await offered({ invoice_date: '2025-05-05', due_date: '2025-06-05' });
    await close('2025-12-31');
    try {
      await h.approve();
      expect(await verdict(h)).toMatch(
        /Its date lies in a period that is closed in Odoo, which says: .*12\/31\/2025/,
      );
      await h.approve();
      const done = await h.postedOnce();
      expect(done.body).toMatch(
        /In the books it stands on 20\d\d-\d\d-\d\d, not on the date of the document/,
      );
      expect(done.data['invoice_date']).toBe('2025-05-05');
    } finally {
      await close(false);
    }
  });

  it('with another date in the request, is posted on that', async () => {
    const { h, draft } = await offered({ invoice_date: '2025-05-05', due_date: '2025-06-05' });
    await close('2025-12-31');
    try {
      await h.approve();
      await verdict(h);
      await h.giveBack((note) =>
        note
          .replace("'2025-05-05'", "'2026-11-20'")
          .replace('2025-05-05', '2026-11-20')
          .replace('2025-06-05', '2026-12-20'),
      );
      const card = await h.drafted();
      expect(card.data).toMatchObject({ odoo_id: draft, invoice_date: '2026-11-20', due_date: '2026-12-20' });
      await h.approve();
      const done = await h.postedOnce();
      expect(done.body).not.toContain('In the books it stands on');
    } finally {
      await close(false);
    }
  });
});
