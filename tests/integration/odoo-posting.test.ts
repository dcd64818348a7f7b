import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TaskId } from '../../src/core/task-id.ts';
import { OdooFault } from '../../src/odoo/faults.ts';
import type { Odoo, OdooCall, OdooProtocol } from '../../src/odoo/odoo.ts';
import type { OdooConnection } from '../../src/odoo/open-odoo.ts';
import { lookAtTarget } from '../../src/odoo/posting/look-at-target.ts';
import { postOnce } from '../../src/odoo/posting/post-once.ts';
import type { PostTarget } from '../../src/odoo/posting/sealed-post.ts';
import { type Books, openBooks } from '../helpers/odoo-drafts.ts';

/** Posting on a real Odoo 19: once, as it was shown, and nothing else. */

let books: Books;
let tasks = 0;

beforeAll(async () => {
  books = await openBooks();
});
afterAll(() => books.server.stop());

function newTask(): TaskId {
  tasks++;
  return `od-${tasks.toString(16).padStart(16, '0')}` as TaskId;
}

/** A draft and the yes to it. */
const draft = (change?: Parameters<Books['draft']>[1]): Promise<PostTarget> => books.draft(newTask(), change);

/** Counts how often the call that posts was let out. */
function counted(connection: OdooConnection, around = (call: () => Promise<unknown>) => call()) {
  let posts = 0;
  const get = async (): Promise<Odoo> => {
    const odoo = await connection.get();
    const call = async (request: OdooCall) => {
      if (request.method !== 'action_post') return odoo.call(request);
      posts++;
      return around(() => odoo.call(request)) as ReturnType<Odoo['call']>;
    };
    return { ...odoo, call };
  };
  return { get, posts: () => posts };
}

const post = (odoo: OdooConnection, target: PostTarget) => postOnce(odoo, target, () => undefined);

describe.each(['json2', 'jsonrpc', 'xmlrpc'] as const)('over %s', (protocol: OdooProtocol) => {
  const odoo = () => books.connect(protocol);

  it.each([
    ['an invoice', () => ({})],
    ['an invoice with its own dates', () => ({ invoiceDate: '2026-11-02', dueDate: '2026-12-24' })],
    ['a vendor bill', () => bill()],
    ['a credit note', () => ({ type: 'out_refund' as const, origin: 'INV/2026/00001' })],
    [
      'a credit note of a vendor',
      () => ({ ...bill(), type: 'in_refund' as const, reference: `CN ${protocol}` }),
    ],
  ])('%s is posted, and is what was shown', async (_what, change) => {
    const target = await draft(change());
    const { verdict, phase } = await post(odoo(), target);
    const { state, name } = await books.look(target.odooId);
    expect({ verdict, phase, state }).toEqual({
      verdict: { verdict: 'posted', words: `posted as ${String(name)}` },
      phase: 'post',
      state: 'posted',
    });
    const after = await lookAtTarget(await odoo().get(), target);
    expect(after).toEqual({ is: 'posted', number: name, changed: null });
  });

  const bill = () => ({
    ...{ type: 'in_invoice' as const, partnerId: books.vendor },
    ...{ invoiceDate: '2026-11-03', reference: `R-${protocol}-${tasks}` },
  });

  it('eight posters at once give one number, and every one of them learns it', async () => {
    const target = await draft();
    const results = await Promise.all(Array.from({ length: 8 }, () => post(odoo(), target)));
    const { state, name } = await books.look(target.odooId);
    expect(state).toBe('posted');
    expect(results.map(({ verdict }) => verdict)).toEqual(
      results.map(() => ({ verdict: 'posted', words: `posted as ${String(name)}` })),
    );
    // The sequence went on by one.
    const next = await draft();
    await post(odoo(), next);
    const following = await books.look(next.odooId);
    expect(ordinal(following.name)).toBe(ordinal(name) + 1);
  });

  it('what is posted already is not posted again, whoever did it', async () => {
    const target = await draft();
    await books.person('action_post', target.odooId);
    const { name } = await books.look(target.odooId);
    const connection = counted(odoo());
    expect((await post(connection, target)).verdict).toEqual({
      verdict: 'posted',
      words: `posted as ${String(name)}`,
    });
    expect(connection.posts()).toBe(0);
  });

  it('Odoo’s own refusal is told in its words, and the draft stays', async () => {
    // A bill without its date.
    const target = await draft({ type: 'in_invoice', partnerId: books.vendor });
    const { verdict, phase } = await post(odoo(), target);
    expect(verdict).toMatchObject({ verdict: 'failed', cause: 'content' });
    expect(verdict.words).toMatch(/date is required/i);
    expect(verdict.words).not.toMatch(/Traceback|odoo\.exceptions/);
    expect(phase).toBe('post');
    expect((await books.look(target.odooId)).state).toBe('draft');
  });

  it('an answer that is lost after the commit is found', async () => {
    const target = await draft();
    const lost = counted(odoo(), async (call) => {
      await call();
      throw new OdooFault('unknown', 'no answer within 60 s');
    });
    const { verdict } = await post(lost, target);
    const { name } = await books.look(target.odooId);
    expect(verdict).toEqual({ verdict: 'posted', words: `posted as ${String(name)}` });
  });

  it('a call that Odoo carries out later leaves a doubt, and looking settles it', async () => {
    const target = await draft();
    let later: () => Promise<unknown> = () => Promise.resolve();
    const slow = counted(odoo(), (call) => {
      later = call;
      return Promise.reject(new OdooFault('unknown', 'no answer within 60 s'));
    });
    expect((await post(slow, target)).verdict).toMatchObject({ verdict: 'in_doubt' });
    expect((await lookAtTarget(await odoo().get(), target)).is).toBe('as_shown');
    await later();
    expect(await lookAtTarget(await odoo().get(), target)).toMatchObject({ is: 'posted', changed: null });
    // And whoever tried it again meanwhile posts nothing twice.
    const again = counted(odoo());
    expect((await post(again, target)).verdict).toMatchObject({ verdict: 'posted' });
    expect(again.posts()).toBe(0);
  });
});

function ordinal(name: string | false): number {
  return Number(/(\d+)$/.exec(String(name))?.[1]);
}

describe('what is no longer what was shown', () => {
  type Change = (target: PostTarget) => Promise<unknown>;
  const write =
    (vals: object): Change =>
    ({ odooId }) =>
      books.person('write', odooId, { vals });
  const line =
    (vals: object): Change =>
    async ({ odooId }) => {
      const [first] = (await books.look(odooId)).invoice_line_ids;
      return write({ invoice_line_ids: [[1, first, vals]] })({ odooId } as PostTarget);
    };
  const cases: readonly (readonly [string, Change, RegExp])[] = [
    ['the price of a line', line({ price_unit: 1500.25 }), /amount_total/],
    ['the label of a line', line({ name: 'Consulting, December' }), /December/],
    ['the tax of a line', line({ tax_ids: [[5, 0, 0]] }), /amount_total/],
    ['the account of a line alone', changeAccount, /not shown here changed/],
    ['a line is replaced by its equal', replaceLine, /lines were replaced/],
    ['the partner', ({ odooId }) => write({ partner_id: books.vendor })({ odooId } as PostTarget), /partner/],
    ['the date', write({ invoice_date: '2026-10-01' }), /invoice_date/],
    ['the reference', write({ ref: 'PO 2' }), /PO 2/],
    ['posting by the clock', write({ invoice_date: '2027-01-01', auto_post: 'at_date' }), /Posts by itself/],
    ['a number of somebody’s choice', write({ name: 'EXT/2026/0900' }), /EXT\/2026\/0900/],
  ];

  it.each(cases)('%s: nothing is posted, and the words say it', async (_what, change, words) => {
    const target = await draft();
    await change(target);
    const connection = counted(books.connect());
    const { verdict, phase } = await post(connection, target);
    expect(verdict).toMatchObject({ verdict: 'failed', cause: 'content' });
    expect(verdict.words).toMatch(words);
    expect({ phase, posts: connection.posts() }).toEqual({ phase: 'look', posts: 0 });
    expect((await books.look(target.odooId)).state).toBe('draft');
  });

  async function changeAccount(target: PostTarget): Promise<void> {
    const domain = [['account_type', '=', 'income_other']];
    const [other] = (await books.server.call('account.account', 'search', { domain, limit: 1 })) as number[];
    await line({ account_id: other })(target);
  }

  async function replaceLine({ odooId }: PostTarget): Promise<void> {
    const [first] = (await books.look(odooId)).invoice_line_ids;
    const fields = ['name', 'quantity', 'price_unit', 'tax_ids', 'account_id'];
    const read = await books.server.call('account.move.line', 'read', { ids: [first], fields });
    const [old] = read as [Record<string, unknown>];
    const { name, quantity, price_unit } = old;
    const account_id = (old['account_id'] as [number])[0];
    const equal = { name, quantity, price_unit, account_id, tax_ids: [[6, 0, old['tax_ids']]], sequence: 1 };
    await books.person('write', odooId, {
      vals: {
        invoice_line_ids: [
          [2, first, 0],
          [0, 0, equal],
        ],
      },
    });
  }

  it('the card shows another amount than Odoo holds', async () => {
    const target = await draft();
    const forged = { ...target, section: target.section.replaceAll('366.26', '36.26') };
    expect(forged.section).not.toBe(target.section);
    const { verdict } = await post(books.connect(), forged);
    expect(verdict).toMatchObject({ verdict: 'failed' });
    expect((await books.look(target.odooId)).state).toBe('draft');
  });

  it('the card names a document of another task', async () => {
    const [mine, other] = [await draft(), await draft()];
    const { verdict } = await post(books.connect(), { ...other, externalId: mine.externalId });
    expect(verdict).toMatchObject({ verdict: 'failed', words: 'The draft is no longer in Odoo.' });
    expect((await books.look(other.odooId)).state).toBe('draft');
  });

  it('the kind of the card is another than that of the document', async () => {
    const target = await draft();
    const { verdict } = await post(books.connect(), { ...target, kind: 'odoo_credit_note' });
    expect(verdict.words).toContain('another kind');
    expect((await books.look(target.odooId)).state).toBe('draft');
  });

  it('it was deleted', async () => {
    const target = await draft();
    await books.person('unlink', target.odooId);
    const { verdict } = await post(books.connect(), target);
    expect(verdict).toMatchObject({ verdict: 'failed', words: 'The draft is no longer in Odoo.' });
  });

  it('it was cancelled', async () => {
    const target = await draft();
    await books.person('button_cancel', target.odooId);
    expect((await post(books.connect(), target)).verdict.words).toBe('The draft was cancelled in Odoo.');
  });

  it('somebody posted it with another amount: it is not called posted as approved', async () => {
    const target = await draft();
    await line({ price_unit: 1 })(target);
    await books.person('action_post', target.odooId);
    const { verdict } = await post(books.connect(), target);
    expect(verdict).toMatchObject({ verdict: 'failed' });
    expect(verdict.words).toContain('not as you approved it');
  });

  it('it was posted and set back to draft: only a yes that says so posts it again, under its number', async () => {
    const target = await draft();
    await books.person('action_post', target.odooId);
    const { name } = await books.look(target.odooId);
    await books.person('button_draft', target.odooId);
    // The date of that posting stands in it now, so the card is shown again.
    const shown = await lookAtTarget(await books.connect().get(), target);
    expect(shown).toMatchObject({ is: 'reset', number: name, changed: { properties: {} } });
    if (shown.is !== 'reset' || shown.changed === null) throw new Error('unreachable');
    const { section, properties } = shown.changed;
    const again: PostTarget = { ...target, section, properties };
    const connection = counted(books.connect());
    expect((await post(connection, again)).verdict.words).toContain('set it back to draft');
    expect(connection.posts()).toBe(0);
    const { verdict } = await post(connection, { ...again, again: true });
    expect(verdict).toEqual({ verdict: 'posted', words: `posted as ${String(name)}` });
  });
});
