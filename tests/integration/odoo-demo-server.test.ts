/** The client against the demo's Odoo where a real one cannot be brought to it: broken answers, and version 14. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Fault } from '../../src/demo/odoo-server/faults.ts';
import { type OdooServer, startOdooServer } from '../../src/demo/odoo-server/server.ts';
import { LIVE_CALLS } from '../../src/odoo/allow-list.ts';
import { createDraft } from '../../src/odoo/create-draft.ts';
import type { OdooFaultCode } from '../../src/odoo/faults.ts';
import { LOOK_CALLS } from '../../src/odoo/guard/guard-calls.ts';
import { canPost } from '../../src/odoo/guard/can-post.ts';
import { keyExpiry } from '../../src/odoo/key-expiry.ts';
import type { Odoo, OdooProtocol } from '../../src/odoo/odoo.ts';
import { openOdoo, type OdooSettings } from '../../src/odoo/open-odoo.ts';
import { readInvoice } from '../../src/odoo/read-invoice.ts';
import { reviseDraft } from '../../src/odoo/revise-draft.ts';
import { faultOf, line, PROTOCOLS } from './odoo-contract/books.ts';

const settings = (
  { url, db, users }: OdooServer,
  protocol: OdooSettings['protocol'],
  more: Partial<OdooSettings> = {},
  who: keyof OdooServer['users'] = 'billing',
): OdooSettings => ({
  ...{ url, db, username: users[who].login, apiKey: users[who].apiKey },
  ...{ protocol, allow: LIVE_CALLS, ...more },
});
const input = { type: 'out_invoice', partnerId: 1, lines: [line('Work', 100)] } as const;

describe.each(PROTOCOLS)('a broken answer over %s', (protocol: OdooProtocol) => {
  let server: OdooServer;
  let odoo: Odoo;
  beforeAll(async () => {
    server = await startOdooServer();
    // Short: a silent server is waited for.
    odoo = await openOdoo(settings(server, protocol, { deadlineMs: 400 }));
  });
  afterAll(() => server.stop());
  afterEach(() => server.faults.clear());

  /** `done`: Odoo did it, whatever the client was told. */
  const FAULTS: readonly (readonly [Fault, write: OdooFaultCode, done: boolean, read: OdooFaultCode])[] = [
    ['answer_lost', 'unknown', true, 'unreachable'],
    ['silent_after', 'unknown', true, 'unreachable'],
    ['silent_before', 'unknown', false, 'unreachable'],
    ['cut_before', 'unknown', false, 'unreachable'],
    ['bad_gateway', 'unknown', false, 'unreachable'],
    ['half_answer', 'unknown', true, 'unreachable'],
    ['serialization_failure', 'busy', false, 'busy'],
    ['statement_timeout', 'busy', false, 'busy'],
    ['key_expired', 'authentication', false, 'authentication'],
    ['redirect', 'wrong_database', false, 'wrong_database'],
    ['login_page', 'wrong_database', false, 'wrong_database'],
  ];
  it.each(FAULTS)('%s: a write is %s', async (fault, code, done, readCode) => {
    const id = server.store.create('account.move', { move_type: 'out_invoice', ref: 'before' });
    server.faults.next(fault, 'account.move.write');
    const write = { model: 'account.move', method: 'write', ids: [id], args: { vals: { ref: 'after' } } };
    expect((await faultOf(odoo.call(write)))[0]).toBe(code);
    const row = server.store.rows('account.move').find((one) => one['id'] === id);
    expect(row?.['ref']).toBe(done ? 'after' : 'before');
    server.faults.next(fault, 'account.move.read');
    const read = { model: 'account.move', method: 'read', ids: [id], args: { fields: ['ref'] } };
    expect((await faultOf(odoo.call(read)))[0]).toBe(readCode);
  });

  it('an answer without an end is not read to its end', async () => {
    const id = server.store.create('account.move', { move_type: 'out_invoice' });
    server.faults.next('huge_answer', 'account.move.read');
    // Its size or the deadline, whichever comes first.
    expect(['malformed', 'unreachable']).toContain((await faultOf(readInvoice(odoo, id)))[0]);
  });

  it.each([
    ['database_down', 'unreachable'],
    ['wrong_database', 'wrong_database'],
    ['key_expired', 'authentication'],
  ] as const)('%s for a while: %s, and then it goes on', async (fault, code) => {
    const look = (): Promise<readonly [string, string]> => faultOf(readInvoice(odoo, 999_999));
    server.faults.always(fault);
    expect((await look())[0]).toBe(code);
    server.faults.clear();
    expect(await look()).toEqual(['none', 'null']);
  });

  it.each(['answer_lost', 'silent_after', 'half_answer', 'huge_answer'] as const)(
    '%s: the draft is found again, and is one',
    async (fault) => {
      const key = `handover_bridge.od_${fault}`;
      server.faults.next(fault, 'account.move.load');
      const made = await createDraft(odoo, key, input);
      expect(await createDraft(odoo, key, input)).toEqual({ id: made.id, created: false });
      expect(server.store.rows('ir.model.data').filter(({ name }) => name === `od_${fault}`)).toHaveLength(1);
    },
  );

  it('a conflict with another caller: busy, and nothing is made', async () => {
    server.faults.next('load_conflict', 'account.move.load');
    expect((await faultOf(createDraft(odoo, 'handover_bridge.od_conflict', input)))[0]).toBe('busy');
    expect(server.store.rows('ir.model.data').some(({ name }) => name === 'od_conflict')).toBe(false);
  });

  it('words of Odoo reach the user, a traceback and a key do not', async () => {
    server.faults.next({ refuse: 'The period is closed until 2026-12-31.' }, 'account.move.action_post');
    const post = { model: 'account.move', method: 'action_post', ids: [1], args: {} };
    expect(await faultOf(odoo.call(post))).toEqual(['refused', 'The period is closed until 2026-12-31.']);
    server.faults.next('database_down', 'account.move.read');
    const [, words] = await faultOf(readInvoice(odoo, 1));
    expect(words).not.toMatch(/Traceback|127\.0\.0\.1|5432|File "/);
  });
});

describe('version 14', () => {
  let server: OdooServer;
  beforeAll(async () => {
    server = await startOdooServer({ version: '14.0' });
  });
  afterAll(() => server.stop());

  it('is spoken to over JSON-RPC; there is no JSON-2', async () => {
    expect(await openOdoo(settings(server, 'auto'))).toMatchObject({ protocol: 'jsonrpc', version: '14.0' });
    expect((await faultOf(openOdoo(settings(server, 'json2'))))[0]).toBe('wrong_database');
  });

  it.each(['jsonrpc', 'xmlrpc'] as const)('a draft is made, revised and posted over %s', async (protocol) => {
    const odoo = await openOdoo(settings(server, protocol));
    const key = `handover_bridge.od_14_${protocol}`;
    const { id } = await createDraft(odoo, key, {
      ...input,
      terms: 'Net\n30 & more',
      invoiceDate: '2026-11-20',
    });
    expect(await readInvoice(odoo, id)).toMatchObject({
      terms: 'Net\n30 & more',
      autoPost: 'no',
      total: 100,
    });
    await reviseDraft(odoo, key, { ...input, lines: [line('More', 250)] });
    // 14 gives the record back, which XML-RPC cannot say.
    await odoo.call({ model: 'account.move', method: 'action_post', ids: [id], args: {} });
    const posted = await readInvoice(odoo, id);
    expect(posted).toMatchObject({
      state: 'posted',
      total: 250,
      lines: [{ display: 'product', label: 'More' }],
    });
    expect(posted?.number).toMatch(/^INV\/\d{4}\/\d\d\/\d{4}$/);
    // Not refused, and nothing happens.
    await odoo.call({ model: 'account.move', method: 'action_post', ids: [id], args: {} });
    expect(await readInvoice(odoo, id)).toEqual(posted);
  });

  it('refuses a second bill with the same vendor, day and reference', async () => {
    const odoo = await openOdoo(settings(server, 'jsonrpc'));
    const bill = { ...input, type: 'in_invoice', reference: 'VB-1', invoiceDate: '2026-11-20' } as const;
    await createDraft(odoo, 'handover_bridge.od_14_bill', bill);
    const [code, words] = await faultOf(createDraft(odoo, 'handover_bridge.od_14_twin', bill));
    expect([code, words]).toEqual(['refused', expect.stringContaining('Duplicated vendor reference')]);
  });
});

describe('the guard of the demo', () => {
  it.each([
    ['19.0', true, 'draftBot', 'no'],
    ['19.0', true, 'billing', 'yes'],
    ['19.0', true, 'readOnly', 'no'],
    ['19.0', false, 'draftBot', 'yes'],
    ['14.0', true, 'draftBot', 'no'],
    ['14.0', false, 'draftBot', 'yes'],
  ] as const)('version %s, guard %s: may %s post? %s', async (version, guard, who, answer) => {
    const server = await startOdooServer({ version, guard });
    try {
      const odoo = await openOdoo(settings(server, 'auto', { allow: LOOK_CALLS }, who));
      const before = server.store.rows('account.move').length;
      expect(await canPost(odoo)).toBe(answer);
      expect(server.store.rows('account.move')).toHaveLength(before);
    } finally {
      await server.stop();
    }
  });

  it('tells when a key ends', async () => {
    const server = await startOdooServer();
    try {
      server.addKey('draft-bot', 'a'.repeat(40), new Date('2030-01-02T03:04:05Z'));
      const odoo = await openOdoo(settings(server, 'auto', { allow: LOOK_CALLS }, 'draftBot'));
      expect(await keyExpiry(odoo, '')).toEqual({ at: Date.parse('2030-01-02T03:04:05Z'), source: 'odoo' });
    } finally {
      await server.stop();
    }
  });
});
