/** The demo's Odoo by itself: what hostile clients get, and that a failed call leaves nothing behind. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentTotals } from '../../../src/demo/odoo-server/accounting/document-totals.ts';
import { round } from '../../../src/demo/odoo-server/accounting/round.ts';
import { LIMITS } from '../../../src/demo/odoo-server/limits.ts';
import { isLike } from '../../../src/demo/odoo-server/orm/like.ts';
import { plainHtml } from '../../../src/demo/odoo-server/orm/plain-html.ts';
import { drawPdf } from '../../../src/demo/odoo-server/pdf.ts';
import { type OdooServer, startOdooServer } from '../../../src/demo/odoo-server/server.ts';
import { readCall, XmlError } from '../../../src/demo/odoo-server/wire/xml/read-call.ts';
import { json2, send } from '../../integration/odoo-contract/raw.ts';

let server: OdooServer;
beforeAll(async () => {
  server = await startOdooServer();
});
afterAll(() => server.stop());

const JSON_TYPE = { 'content-type': 'application/json' };
const call = (method: string, args: object, model = 'account.move') =>
  json2(server, server.users.billing, { model, method, args: { ...args } });

describe('a hostile client', () => {
  it('cannot send more than the limit, on any path', async () => {
    const body = 'x'.repeat(LIMITS.bodyBytes + 1);
    for (const path of ['/json/2/account.move/read', '/jsonrpc', '/xmlrpc/2/object']) {
      const answer = await send(`${server.url}${path}`, { method: 'POST', headers: JSON_TYPE, body });
      expect(answer.status, path).toBe(413);
    }
  });

  it('cannot nest without end', async () => {
    const nest = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    const authorization = `bearer ${server.users.billing.apiKey}`;
    const deep = async (depth: number): Promise<number> => {
      const init = {
        method: 'POST',
        headers: { ...JSON_TYPE, authorization },
        body: `{"domain":${nest(depth)}}`,
      };
      return (await send(`${server.url}/json/2/account.move/search`, init)).status;
    };
    expect(await deep(LIMITS.depth)).toBe(400);
    expect(await deep(100_000)).toBe(400);
    expect(await deep(3)).toBe(500);
  });

  it('cannot make a search that never ends', async () => {
    const long = await call('search', { domain: Array.from({ length: 600 }, () => ['ref', '=', 'x']) });
    expect(long).toMatchObject({ status: 500, error: { message: 'Domain too long' } });
    server.store.create('account.move', { move_type: 'out_invoice', ref: 'a'.repeat(5000) });
    const slow = await call('search', { domain: [['ref', 'ilike', `${'%a'.repeat(40)}b`]] });
    expect(slow.body).toEqual([]);
  });

  it('reaches no property that is not a field', async () => {
    for (const name of ['__proto__', 'constructor', 'toString']) {
      expect((await call('search', { domain: [[name, '=', 1]] })).error?.message).toMatch(/^Invalid field/);
      expect((await call('read', { ids: [1], fields: [name] })).error?.message).toMatch(/^Invalid field/);
      expect([403, 404]).toContain((await call(name, {})).status);
      expect((await call('search', {}, name)).status).toBe(404);
    }
  });
});

describe('XML', () => {
  const xml = (value: string): string =>
    `<?xml version="1.0"?><methodCall><methodName>m</methodName><params><param>${value}</param></params></methodCall>`;
  const read = (value: string): unknown => readCall(xml(value)).params[0];

  it('of XML-RPC is read: types, bare text, entities, CDATA, empty elements', () => {
    expect(read('<value><int>-3</int></value>')).toBe(-3);
    expect(read('<value> bare &lt;&#228;&#x263A;&amp; </value>')).toBe(' bare <ä☺& ');
    expect(read('<value><string>a<![CDATA[<b> & ]]>c</string></value>')).toBe('a<b> & c');
    expect(read('<value><boolean>1</boolean></value>')).toBe(true);
    expect(read('<value><nil/></value>')).toBeNull();
    expect(read('<value/>')).toBe('');
    expect(JSON.stringify(read('<value><double>1.5</double></value>'))).toBe('1.5');
    const member = '<member><name>__proto__</name><value><int>1</int></value></member>';
    const struct = read(`<value><struct>${member}</struct></value>`) as object;
    expect(Object.getPrototypeOf(struct)).toBe(Object.prototype);
    expect(Object.entries(struct)).toEqual([['__proto__', 1]]);
    expect(read('<value><array><data><value><array><data/></array></value></data></array></value>')).toEqual([
      [],
    ]);
  });

  it.each([
    ['a document type', `<!DOCTYPE a [<!ENTITY b "c">]>${xml('<value/>')}`],
    [
      'entities that grow',
      `<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>${xml('<value>&b;</value>')}`,
    ],
    ['an unknown entity', xml('<value>&b;</value>')],
    ['a sign that is none', xml('<value>&#0;</value>')],
    ['an open end', xml('<value><string>a</value>')],
    ['a number that is none', xml('<value><int>1e9</int></value>')],
    ['no element at all', 'hello'],
    ['a file of a system', `<!DOCTYPE a SYSTEM "file:///etc/passwd">${xml('<value/>')}`],
    ['a call without its end', '<methodCall><methodName>m</methodName>'],
    ['depth', xml(`${'<value><array><data>'.repeat(100)}<value/>${'</data></array></value>'.repeat(100)}`)],
  ])('with %s is refused', (_what, text) => {
    expect(() => readCall(text)).toThrow(XmlError);
  });

  it('of some megabytes without an end is refused at once', () => {
    expect(() => readCall(`<methodCall>${'<a '.repeat(1_000_000)}`)).toThrow(XmlError);
    expect(() => readCall(xml(`<value>${'&'.repeat(1_000_000)}</value>`))).toThrow(XmlError);
  });
});

describe('a call', () => {
  it('that fails leaves nothing: its records, their lines and its external id', async () => {
    const count = () =>
      ['account.move', 'account.move.line', 'ir.model.data'].map((model) => server.store.rows(model).length);
    const before = count();
    const lines = [
      [0, 0, { name: 'good', price_unit: 1 }],
      [0, 0, { name: 'bad', price_unit: 'x' }],
    ];
    const failed = await call('create', {
      vals_list: [{ move_type: 'out_invoice', invoice_line_ids: lines }],
    });
    expect(failed.status).toBe(500);
    const loaded = await call('load', {
      fields: ['id', 'move_type', 'invoice_line_ids/name'],
      data: [
        ['m.one', 'out_invoice', 'x'],
        ['m.two', 'no_such', 'x'],
      ],
    });
    expect(loaded.body).toMatchObject({ ids: false, messages: [{ record: 1 }] });
    expect(count()).toEqual(before);
  });

  it('is counted, and a fault at one method leaves the others alone', async () => {
    const before = server.calls.get('account.move.search') ?? 0;
    server.faults.next('serialization_failure', 'account.move.write');
    expect((await call('search', { domain: [] })).status).toBe(200);
    expect(server.calls.get('account.move.search')).toBe(before + 1);
    const id = server.store.create('account.move', { move_type: 'out_invoice' });
    const write = () =>
      json2(server, server.users.billing, {
        model: 'account.move',
        method: 'write',
        ids: [id],
        args: { vals: {} },
      });
    expect((await write()).status).toBe(500);
    expect((await write()).status).toBe(200);
  });
});

describe('LIKE', () => {
  it.each([
    ['Consulting', 'cons%', false],
    ['Consulting', 'Cons%', true],
    ['Consulting', '%sult%', true],
    ['Consulting', 'C_nsulting', true],
    ['Consulting', 'C_sulting', false],
    ['100%', '100\\%', true],
    ['1000', '100\\%', false],
    ['a_b', 'a\\_b', true],
    ['axb', 'a\\_b', false],
    ['abcabd', '%abd', true],
    ['abcab', '%abd', false],
    ['', '%', true],
    ['', '', true],
    ['☕', '_', true],
    ['x\\y', '%\\\\%', true],
  ])('%j like %j: %j', (text, pattern, answer) => {
    expect(isLike(text, pattern)).toBe(answer);
  });
});

describe('figures', () => {
  it('round halves away from zero, binary fractions too', () => {
    expect([1.005, -1.005, 2.675, 0.5].map((value) => round(value, 2))).toEqual([1.01, -1.01, 2.68, 0.5]);
    expect(round(1000.5, 0)).toBe(1001);
    expect(Object.is(round(-0.001, 2), 0)).toBe(true);
  });

  it('of a document add up: lines, taxes and total, rounded by line as 14 does, or as a whole', () => {
    const tax = {
      id: 1,
      name: '15%',
      type: 'percent',
      amount: 15,
      priceInclude: false,
      affectsBase: false,
    } as const;
    const line = { quantity: 12.12, priceUnit: 12.12, discount: 0, taxes: [tax] };
    const whole = documentTotals([line, line], 2, 'round_globally');
    expect(whole).toMatchObject({ untaxed: 293.79, tax: 44.07, total: 337.86 });
    expect(whole.lines.map(({ booked }) => booked)).toEqual([146.9, 146.89]);
    expect(documentTotals([line, line], 2, 'round_per_line')).toMatchObject({ untaxed: 293.78, tax: 44.06 });
  });
});

describe('papers', () => {
  it('HTML keeps harmless elements, and a bare text becomes a paragraph', () => {
    expect(plainHtml('a & b < c')).toBe('<p>a &amp; b &lt; c</p>');
    expect(plainHtml('<p>a<br>b</p><script>x</script><i onclick="x">q</i>')).toBe('<p>a<br>b</p><i>q</i>');
    expect(plainHtml('')).toBe('');
  });

  it('a PDF names where its parts are', () => {
    const pdf = drawPdf(['Total (1) \\ 5', 'Müller ☕']).toString('latin1');
    expect(pdf).toContain('(Total \\(1\\) \\\\ 5) Tj');
    expect(pdf).toContain('(Müller ?) Tj');
    const start = Number(/startxref\n(\d+)/.exec(pdf)?.[1]);
    expect(pdf.slice(start, start + 4)).toBe('xref');
    const offsets = [...pdf.matchAll(/^(\d{10}) 00000 n/gm)].map(([, offset]) => Number(offset));
    expect(offsets.map((offset, at) => pdf.startsWith(`${at + 1} 0 obj`, offset))).toEqual(
      offsets.map(() => true),
    );
  });
});
