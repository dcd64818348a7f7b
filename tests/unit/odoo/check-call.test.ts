import { describe, expect, it } from 'vitest';
import { type AllowList, DRAFT_CALLS, LIVE_CALLS } from '../../../src/odoo/allow-list.ts';
import { checkCall } from '../../../src/odoo/check-call.ts';
import { OdooFault } from '../../../src/odoo/faults.ts';
import type { OdooCall } from '../../../src/odoo/odoo.ts';

const CALL: OdooCall = { model: 'account.move', method: 'read', ids: [7], args: { fields: ['state'] } };
const ONCE = { mode: 'update', noupdate: true };

function refused(call: Partial<OdooCall>, list: AllowList = LIVE_CALLS): string {
  try {
    checkCall({ ...CALL, ...call }, list);
  } catch (error) {
    if (error instanceof OdooFault && error.code === 'invalid_call') return error.message;
    throw error;
  }
  return '';
}

const load = (
  columns: string[],
  rows: unknown[][],
  context: object | undefined = ONCE,
): Partial<OdooCall> => ({
  ...{ method: 'load', ids: null, context: context as OdooCall['context'] },
  args: { fields: columns, data: rows as string[][] },
});
const write = (vals: object): Partial<OdooCall> => ({ method: 'write', args: { vals: vals as never } });
const KEY = 'handover_bridge.od_1';

describe('posting', () => {
  const post = { method: 'action_post', args: {} };

  it('is on the list of the laptop, one document at a time', () => {
    expect(refused(post, LIVE_CALLS)).toBe('');
    expect(refused({ ...post, ids: [7, 8] }, LIVE_CALLS)).toContain('one record at a time');
  });

  it('is not on the list of the cloud', () => {
    expect(refused(post, DRAFT_CALLS)).toBe(
      'not sent to Odoo: account.move.action_post is not on the list "draft"',
    );
  });

  it.each([DRAFT_CALLS, LIVE_CALLS])('has no other door: $name', (list) => {
    // Every way that was measured to post or to undo, with the words that Odoo would obey.
    for (const vals of [
      { state: 'posted' },
      { auto_post: 'at_date' },
      { auto_post: true },
      { name: 'INV/1' },
      { date: '2026-01-01' },
      { posted_before: true },
      { line_ids: [[0, 0, { name: 'x' }]] },
      { line_ids: [[1, 5, { parent_state: 'posted' }]] },
      { invoice_line_ids: [[1, 5, { name: 'x' }]] },
      { invoice_line_ids: [[2, 5, 0]] },
      { invoice_line_ids: [[5, 7, 0]] },
      { invoice_line_ids: [[0, 7, { name: 'x' }]] },
      { invoice_line_ids: [[4, 5, 0]] },
      { invoice_line_ids: [[0, 0, { parent_state: 'posted' }]] },
      { invoice_line_ids: [[0, 0, { move_id: 3 }]] },
      { invoice_line_ids: [[0, 0, { tax_ids: [[0, 0, { name: 'x' }]] }]] },
      { invoice_line_ids: [[0, 0, { name: 'x' }, { state: 'posted' }]] },
      { partner_id: [[1, 3, { name: 'x' }]] },
      { move_type: 'entry' },
    ]) {
      expect(refused(write(vals), list), JSON.stringify(vals)).not.toBe('');
    }
    for (const column of ['state', 'auto_post', 'name', 'invoice_line_ids/parent_state', 'line_ids/name']) {
      expect(refused(load(['id', column], [[KEY, 'posted']]), list), column).not.toBe('');
    }
    for (const method of ['button_draft', 'button_cancel', 'unlink', 'create', 'copy', '_post', 'execute']) {
      expect(refused({ method, args: {} }, list), method).not.toBe('');
    }
    for (const model of [
      'account.payment',
      'validate.account.move',
      'ir.actions.server',
      'ir.cron',
      '__proto__',
    ]) {
      expect(refused({ model, method: 'create', ids: null, args: {} }, list), model).not.toBe('');
    }
    for (const key of ['default_state', 'default_auto_post', 'mode', 'lang', 'active_test']) {
      expect(refused({ ...write({ ref: 'x' }), context: { [key]: 'posted' } }, list), key).not.toBe('');
    }
  });
});

describe('a call', () => {
  it.each([[[]], [null], [[0]], [[1.5]], [['7']]])('is not made on %j', (ids) => {
    expect(refused({ ids: ids as number[] | null })).toContain('needs');
  });

  it('of a model has no records', () => {
    const search = { method: 'search_read', args: { domain: [], fields: ['id'] } };
    expect(refused({ ...search, ids: null })).toBe('');
    expect(refused({ ...search, ids: [1] })).toContain('not called on records');
  });

  it('says which fields it reads, and only such as are on the list', () => {
    expect(refused({ args: {} })).toContain('has to say which fields');
    expect(refused({ args: { fields: [] } })).toContain('is empty');
    expect(refused({ args: { fields: ['message_ids'] } })).toContain('"message_ids"');
    expect(refused({ args: { fields: ['partner_id.user_ids.password'] } })).toContain('not on the list');
  });

  it('searches and sorts by fields of the list', () => {
    const search = (args: object): string =>
      refused({ method: 'search_read', ids: null, args: { fields: ['id'], ...args } });
    expect(
      search({ domain: ['|', ['state', '=', 'draft'], ['ref', 'ilike', 'x']], order: 'date desc, id' }),
    ).toBe('');
    expect(search({ domain: [['create_uid.password', '=', 'x']] })).toContain('not on the list');
    expect(search({ domain: [['state', 'any', [['x', '=', 1]]]] })).toContain('operator');
    expect(search({ domain: [['state', 'in', [[1]]]] })).toContain('no plain value');
    expect(search({ domain: ['!', ['state', '=', 'draft']] })).toContain('has a term that is none');
    expect(search({ domain: [], order: 'date; drop table x' })).not.toBe('');
    expect(search({ domain: [], limit: -1 })).toContain('is no count');
    expect(search({ domain: [], nonsense: 1 })).toContain('takes no nonsense');
  });

  it('writes on one record', () => {
    expect(refused(write({ ref: 'x', invoice_date: false }))).toBe('');
    expect(refused({ ...write({ ref: 'x' }), ids: [1, 2] })).toContain('one record');
  });

  it('replaces the lines of a draft', () => {
    const lines = [
      [5, 0, 0],
      [0, 0, { name: 'x', quantity: 1, price_unit: 2, tax_ids: [[6, 0, [1]]] }],
    ];
    expect(refused(write({ invoice_line_ids: lines }))).toBe('');
  });
});

describe('load', () => {
  const columns = [
    'id',
    'move_type',
    'partner_id/.id',
    'invoice_line_ids/name',
    'invoice_line_ids/tax_ids/.id',
  ];
  const row = [KEY, 'out_invoice', '7', 'x', '1,2'];

  it('makes one record with a key of ours and further lines', () => {
    expect(refused(load(columns, [row, ['', '', '', 'y', '']]))).toBe('');
  });

  it('needs the context that makes a repeat write nothing', () => {
    expect(refused(load(columns, [row], {}))).toContain('needs its whole context');
    expect(refused(load(columns, [row], { mode: 'update' }))).toContain('needs its whole context');
    expect(refused(load(columns, [row], { mode: 'init', noupdate: true }))).toContain('takes no mode');
    expect(refused(load(columns, [row], { ...ONCE, default_state: 'posted' }))).toContain('default_state');
  });

  it.each([
    ['a key of another module', ['base.main_company', ...row.slice(1)]],
    ['no key', ['', ...row.slice(1)]],
    ['a journal entry', [KEY, 'entry', '7', 'x', '']],
    ['a cell that is no text', [KEY, 'out_invoice', 7, 'x', '']],
    ['a row of another length', [KEY, 'out_invoice']],
  ])('takes no %s', (_what, first) => {
    expect(refused(load(columns, [first]))).not.toBe('');
  });

  it('makes no second record in the same call', () => {
    expect(refused(load(columns, [row, [`${KEY}b`, 'out_invoice', '7', 'y', '']]))).toContain('not ours');
  });

  it.each(['partner_id/name', 'partner_id/id', 'invoice_line_ids/tax_ids/name', 'invoice_line_ids/.id'])(
    'has no column %s',
    (column) => {
      expect(refused(load(['id', column], [[KEY, 'x']]))).not.toBe('');
    },
  );

  it('attaches to documents only', () => {
    const attach = (model: string): string =>
      refused({
        ...load(['id', 'name', 'res_model', 'res_id'], [[KEY, 'x', model, '1']]),
        model: 'ir.attachment',
      });
    expect(attach('account.move')).toBe('');
    expect(attach('res.users')).not.toBe('');
  });
});
