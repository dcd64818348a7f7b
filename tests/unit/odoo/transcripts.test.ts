/**
 * Every recorded answer of a real Odoo (tests/fixtures/odoo-transcripts), given once more by a server here and read through
 * the transport it was recorded on. What was recorded as a failure has to stand in the table below.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { AllowedMethod } from '../../../src/odoo/allow-list.ts';
import { OdooFault, type OdooFaultCode } from '../../../src/odoo/faults.ts';
import { json2 } from '../../../src/odoo/json2.ts';
import { jsonrpc } from '../../../src/odoo/jsonrpc.ts';
import { loadOnce } from '../../../src/odoo/load-once.ts';
import type { OdooValue } from '../../../src/odoo/odoo.ts';
import { databaseIsDown } from '../../../src/odoo/server-health.ts';
import type { Address, Transport } from '../../../src/odoo/transport.ts';
import { xmlRpc } from '../../../src/odoo/xml-rpc.ts';
import { scriptedApi } from '../../helpers/scripted-api.ts';
import { PROJECT } from '../../helpers/source-tree.ts';

const ROOT = join(PROJECT, 'tests/fixtures/odoo-transcripts');

const transcript = z.object({
  request: z.object({ path: z.string(), call: z.unknown().optional() }),
  response: z.object({
    status: z.int(),
    headers: z.record(z.string(), z.string()).optional(),
    body: z.string(),
    decoded: z.unknown().optional(),
  }),
});
type Transcript = z.infer<typeof transcript>;

/** A call that ends in this fault, or `returned nothing`: done, though XML-RPC calls it a fault. */
type Expected = OdooFaultCode | 'returned nothing';

const TABLE: readonly (readonly [Expected, readonly RegExp[]])[] = [
  [
    'authentication',
    [
      /^json2\/00[567]-/,
      /^(json2|xmlrpc)\/err-0[45]-/,
      /^xmlrpc\/err-06-login-cooldown$/,
      /^jsonrpc(-odoo14)?\/0(03|04|27)-/,
      /^xmlrpc\/0(04|06|10|12|14|15|16|20)-(?!db-exist)/,
      /^xmlrpc-odoo14\/0(04|12)-/,
    ],
  ],
  ['wrong_database', [/^json2\/00[89]-/, /(authenticate|object)-wrong-db$/, /^jsonrpc\/005-wrong-db$/]],
  ['unreachable', [/^(json2|xmlrpc)\/err-10-database-down$/]],
  ['busy', [/^json2\/err-0[12]-/]],
  // The records were cut to the last line of the traceback, which here names no exception.
  ['malformed', [/^xmlrpc\/err-0[12]-/, /^xmlrpc\/056-partner-wrong-type$/]],
  // Not kept whole in the records: 1.5 MB.
  ['malformed', [/^json2\/30[01]-doc-/]],
  [
    'unsupported',
    [
      /^json2\/01[0-5]-/,
      /^json2\/(034|035|036|037|039|040|041|052|054)-/,
      /^jsonrpc\/007-unknown-field$/,
      /^xmlrpc\/(008|009|018|034|035|036|037|041|042|043|053)-/,
      /^xmlrpc\/idem-1[02]-/,
      /^xmlrpc-odoo14\/03[567]-/,
    ],
  ],
  [
    'access',
    [
      /-private(-method)?$/,
      /^(json2|xmlrpc)\/20[0-3]b?-internal-/,
      /^(json2|xmlrpc)\/20[1-3]b?-readonly-/,
      /^xmlrpc\/204-/,
      /^jsonrpc\/008-access-error$/,
      /^xmlrpc\/guard-(13|21|24|50|51|52|53|54b|82|85|87|88|89|90|91|93)-/,
      /^xmlrpc\/guard-7[35]-d3-draftbot-/,
      /^xmlrpc\/idem-(09|13)-/,
    ],
  ],
  [
    'missing',
    [
      /-(write|post)-missing(-record)?$/,
      /^jsonrpc(-odoo14)?\/028-missing$/,
      /^xmlrpc\/133(-action-post-missing-id|p-repost)$/,
      /^xmlrpc\/guard-39-bot-reversal$/,
      /check-object-reference-missing$/,
      /^apikey\/06-/,
    ],
  ],
  [
    'refused',
    [
      /^apikey\/04-/,
      /^json2\/(053|055|105|106|107|109|112|113|125)-/,
      /^jsonrpc\/(009|023)-/,
      /^(json2|xmlrpc)\/err-03-lock-error$/,
      /^xmlrpc\/(054|055|057|107|108|110|113|114|116|119|122|128|161|177)-/,
      /^xmlrpc\/guard-(54|83|84|86|92)-/,
      /^xmlrpc\/guard-7[246]-d3-/,
      /^xmlrpc\/guard-73-d3-billing-/,
      /^xmlrpc\/idem-(15|23)-/,
      /^xmlrpc-odoo14\/172-bill-same-ref$/,
      // `load`, which answers with messages.
      /^xmlrpc\/idem-(08|11|56|57|59b|59d)-/,
      /^xmlrpc\/guard-(38|99d-d5|99f-d5)-load-/,
    ],
  ],
  [
    'returned nothing',
    [
      /^xmlrpc\/1(17|20|24)-invoice-/,
      /^xmlrpc\/133(i-cancel|n-unlink-not-last)$/,
      /^xmlrpc\/guard-33-/,
      /^xmlrpc-odoo14\/(43|111|113|117|120|173)-/,
    ],
  ],
];

const names = readdirSync(ROOT, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap(({ name: folder }) => readdirSync(join(ROOT, folder)).map((file) => `${folder}/${file}`))
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.slice(0, -'.json'.length));

const read = (name: string): Transcript =>
  transcript.parse(JSON.parse(readFileSync(join(ROOT, `${name}.json`), 'utf8')));

const rulesFor = (name: string): Expected[] =>
  TABLE.flatMap(([expected, patterns]) => patterns.filter((p) => p.test(name)).map(() => expected));

const answerOf = z.object({ result: z.object({ ids: z.literal(false), messages: z.array(z.unknown()) }) });

/** What the recorder saw, without any code of ours. */
function recordedFailure({ response }: Transcript): boolean {
  const { decoded, status, body } = response;
  if (status >= 400 || /<fault>/.test(body)) return true;
  return answerOf.safeParse(decoded).success || /"error": ?\{"code"/.test(body.slice(0, 200));
}

let server: Awaited<ReturnType<typeof scriptedApi>>;
beforeAll(async () => (server = await scriptedApi()));
afterAll(() => server.close());

/** The answer, given again, and again when it is asked twice; the health page as it was at that moment. */
function replay(name: string, { response }: Transcript): void {
  server.on('/', {
    write: (out) => {
      const type = Object.entries(response.headers ?? {}).find(([key]) => /^content-type$/i.test(key))?.[1];
      out.writeHead(response.status, { 'content-type': type ?? 'text/xml' });
      out.end(response.body);
    },
  });
  const down = name.includes('database-down');
  server.on('/web/health', {
    ...{ status: down ? 500 : 200, json: { status: down ? 'fail' : 'pass', db_server_status: !down } },
  });
}

function transportFor(name: string): Transport {
  const address: Address = { url: server.url, db: 'nodb', username: 'admin', apiKey: 'a-key-of-its-own' };
  if (name.startsWith('json2/')) return json2(address);
  return name.startsWith('xmlrpc') ? xmlRpc(address) : jsonrpc(address);
}

const ANY: AllowedMethod = { args: {}, writes: true, on: 'model' };

const login = z.union([
  z.object({ method: z.enum(['authenticate', 'login']) }),
  z.object({ params: z.object({ method: z.literal('authenticate') }) }),
]);
const isLogin = (call: unknown): boolean => login.safeParse(call).success;

async function ask(name: string, { request }: Transcript): Promise<OdooValue> {
  const transport = transportFor(name);
  if (isLogin(request.call)) return transport.connect(5000);
  const call = (model: string, method: string): Promise<OdooValue> =>
    transport.call({ call: { model, method, ids: null, args: {} }, method: ANY, deadlineMs: 5000 });
  if (!JSON.stringify(request.call ?? {}).includes('"load"')) return call('any.model', 'any_method');
  const odoo = { protocol: transport.protocol, version: '19.0', url: server.url, db: 'nodb', uid: 2 };
  return loadOnce({ ...odoo, call: () => call('any.model', 'load') }, 'any.model', { columns: [], rows: [] });
}

async function outcome(name: string): Promise<Expected | 'answered'> {
  const recorded = read(name);
  replay(name, recorded);
  try {
    const answer = await ask(name, recorded);
    return answer === null && recordedFailure(recorded) ? 'returned nothing' : 'answered';
  } catch (error) {
    if (error instanceof OdooFault) return error.code;
    throw error;
  }
}

/** A page of its own, which is asked by databaseIsDown alone. */
const HEALTH_PAGE = 'json2/err-11-health-db-down';

const SECRET = /[0-9a-f]{40}|session_id=(?!<session>)|\/(?:work|root|home)\//;
const WEB_SUMS = 'apikey/01-web-session-authenticate';

describe('the recorded answers of Odoo', () => {
  it('are 454', () => {
    expect(names.length).toBe(454);
  });

  it('hold no key and no session', () => {
    for (const name of names) {
      const text = readFileSync(join(ROOT, `${name}.json`), 'utf8');
      // The sums of the web client's files are as long as a key; they are in this answer alone.
      expect(name === WEB_SUMS ? '' : text, name).not.toMatch(SECRET);
    }
  });

  it('are each expected by one rule, and each rule expects one', () => {
    for (const [, patterns] of TABLE) {
      for (const pattern of patterns) {
        expect(names.filter((name) => pattern.test(name)).length, String(pattern)).toBeGreaterThan(0);
      }
    }
    const twice = names.filter((name) => new Set(rulesFor(name)).size > 1);
    expect(twice).toEqual([]);
  });

  it('leave no recorded failure out of the table', () => {
    const failures = names.filter((name) => name !== HEALTH_PAGE && recordedFailure(read(name)));
    expect(failures.length).toBeGreaterThan(150);
    expect(failures.filter((name) => rulesFor(name).length === 0)).toEqual([]);
  });

  it.each(names.filter((name) => name !== HEALTH_PAGE))('%s', async (name) => {
    expect(await outcome(name)).toBe(rulesFor(name)[0] ?? 'answered');
  });

  it('say that the database is down on the health page', async () => {
    const { response } = read(HEALTH_PAGE);
    server.on('/web/health', { status: response.status, text: response.body });
    expect(await databaseIsDown({ url: server.url }, 5000)).toBe(true);
  });
});

describe('what a fault says', () => {
  it('holds no traceback, no key, and no host of a database', async () => {
    for (const name of names) {
      const recorded = read(name);
      replay(name, recorded);
      const words = await ask(name, recorded).then(
        () => '',
        (error: unknown) => (error as Error).message,
      );
      expect(words, name).not.toMatch(/Traceback|127\.0\.0\.1|54190|port \d|\n|a-key-of-its-own|psycopg2/);
    }
  });
});
