/** A recorded request, asked of the demo server: other people, other ids, the same question. */
import { type DemoUser, type OdooServer, startOdooServer } from '../../../src/demo/odoo-server/server.ts';
import { type RawAnswer, send, xml } from '../odoo-contract/raw.ts';
import type { Folder, Transcript } from './recorded.ts';
import { PREPARED } from './judged.ts';

export interface Player {
  readonly server: OdooServer;
  play(transcript: Transcript): Promise<RawAnswer>;
}

const ENDED_KEY = 'e'.repeat(40);

export async function startPlayer(folder: Folder): Promise<Player> {
  const is14 = folder.endsWith('14');
  const server = await startOdooServer({
    version: is14 ? '14.0' : '19.0',
    db: is14 ? 'odoo14' : 'odoo1',
    otherDatabases: ['odoo2'],
    now: () => new Date('2026-11-20T20:00:00Z'),
  });
  server.addKey(server.users.billing.login, ENDED_KEY, new Date('2026-01-01T00:00:00Z'));
  const ids = translator(server);
  return {
    server,
    play: async (transcript) => {
      const undo = PREPARED[transcript.id]?.(server) ?? null;
      const answer = await ask(server, transcript, ids);
      undo?.();
      learn(transcript, answer, ids);
      return answer;
    },
  };
}

interface Ids {
  of(model: string, recorded: number): number;
  learn(model: string, recorded: number, own: number): void;
}

/** A record of another day is made when it is first spoken of. */
function translator(server: OdooServer): Ids {
  const known = new Map<string, number>();
  const make = (model: string): number | null => {
    const line = [0, 0, { name: 'Recorded', quantity: 1, price_unit: 1 }];
    if (model === 'res.partner') return server.store.create(model, { name: 'Recorded' });
    if (model !== 'account.move') return null;
    return server.store.create(model, { move_type: 'out_invoice', partner_id: 1, invoice_line_ids: [line] });
  };
  return {
    of: (model, recorded) => {
      if (model === 'res.users') return personOf(server, LOGINS[recorded] ?? '').uid;
      if (recorded >= 99_999 || (model === 'res.partner' && recorded === 1)) return recorded;
      const own = known.get(`${model} ${recorded}`) ?? make(model) ?? recorded;
      known.set(`${model} ${recorded}`, own);
      return own;
    },
    learn: (model, recorded, own) => {
      known.set(`${model} ${recorded}`, own);
    },
  };
}

type Json = Record<string, unknown>;

function ask(server: OdooServer, transcript: Transcript, ids: Ids): Promise<RawAnswer> {
  const { method, path, headers = {}, call, body } = transcript.request;
  const url = `${server.url}${path}`;
  if (method === 'GET') return send(url, { headers: keyed(server, transcript, headers) });
  const post = (type: string, text: string | null | undefined): Promise<RawAnswer> =>
    send(url, {
      method,
      headers: { 'content-type': type, ...keyed(server, transcript, headers) },
      ...(text === null || text === undefined ? {} : { body: text }),
    });
  if (call === null || call === undefined)
    return post(path.startsWith('/xmlrpc') ? 'text/xml' : 'application/json', body);
  if (path.startsWith('/json/2/')) {
    const [, , , model = '', of = ''] = path.split('/');
    const { context, ...named } = call as Json;
    const own = { ...translateNamed(ids, model, of, named), ...(context === undefined ? {} : { context }) };
    return post('application/json', body === '' || body === null ? body : JSON.stringify(own));
  }
  if (path === '/jsonrpc') {
    const { params, ...rest } = call as { params: { args: unknown[] } & Json } & Json;
    const args = translateService(server, ids, params.args);
    return post('application/json', JSON.stringify({ ...rest, params: { ...params, args } }));
  }
  const { method: name, params } = call as { method: string; params: unknown[] };
  const own = translateService(server, ids, params).map((param) => `<param>${xml(param)}</param>`);
  return post(
    'text/xml',
    `<?xml version="1.0"?><methodCall><methodName>${name}</methodName><params>${own.join('')}</params></methodCall>`,
  );
}

/** Who it was, by user id, and who it is here. People with the same rights are one. */
function personOf({ users }: OdooServer, login: string): DemoUser {
  const { admin, billing, readOnly, internal, draftBot } = users;
  const people: Record<string, DemoUser> = {
    admin,
    billing,
    readonly: readOnly,
    internal,
    draftbot: draftBot,
  };
  return people[login] ?? billing;
}

const LOGINS: Readonly<Record<number, string>> = {
  ...{ 2: 'admin', 5: 'billing', 6: 'basic', 7: 'readonly', 8: 'accountant' },
  ...{ 9: 'manager', 10: 'internal', 11: 'draftbot' },
};

function keyed(
  server: OdooServer,
  { user, response }: Transcript,
  headers: Record<string, string>,
): Record<string, string> {
  const own = Object.entries(headers).filter(([name]) =>
    /^(content-type|x-odoo-database|authorization)$/.test(name),
  );
  const isRefused = user === undefined && response.status === 401;
  const key = isRefused ? ENDED_KEY : personOf(server, user ?? 'billing').apiKey;
  return Object.fromEntries(own.map(([name, value]) => [name, value.replace('<api-key>', key)]));
}

/** The arguments of a service; those of `execute_kw` hold ids. */
function translateService(server: OdooServer, ids: Ids, args: readonly unknown[]): unknown[] {
  const [db, who, secret, model, method, positional = [], named = {}] = args;
  if (typeof model !== 'string' || typeof method !== 'string') {
    const person = typeof who === 'string' ? personOf(server, who) : null;
    return args.map((arg, at) =>
      at === 2 && person
        ? secretOf(person, String(who), arg)
        : at === 1 && person && who !== 'ghost'
          ? person.login
          : arg,
    );
  }
  const login = LOGINS[Number(who)] ?? '';
  const person = personOf(server, login);
  const own = translatePositional(ids, model, method, positional as unknown[]);
  return [db, login === '' ? who : person.uid, secretOf(person, login, secret), model, method, own, named];
}

/** A right secret stays right, a wrong one wrong. */
function secretOf(person: DemoUser, login: string, secret: unknown): unknown {
  const right = secret === '<api-key>' || secret === login || secret === `${login}-pw-1`;
  return right ? (secret === '<api-key>' ? person.apiKey : person.password) : secret;
}

const OF_MODEL =
  /^(search|search_read|search_count|create|load|fields_get|name_search|check_object_reference|context_get)$/;

function translatePositional(ids: Ids, model: string, method: string, args: readonly unknown[]): unknown[] {
  const [first, second] = args;
  if (method === 'create')
    return [Array.isArray(first) ? first.map((one) => values(ids, one)) : values(ids, first)];
  if (method === 'load') return [first, rows(ids, first as string[], second as string[][])];
  if (/^search/.test(method)) return [domain(ids, first), ...args.slice(1)];
  if (OF_MODEL.test(method)) return [...args];
  return [
    recordIds(ids, model, first),
    ...args.slice(1).map((arg) => (method === 'write' ? values(ids, arg) : arg)),
  ];
}

function translateNamed(ids: Ids, model: string, method: string, named: Json): Json {
  const { ids: own, vals_list: list, vals, data, fields, domain: where, ...rest } = named;
  return {
    ...rest,
    ...(fields === undefined ? {} : { fields }),
    ...(own === undefined ? {} : { ids: recordIds(ids, model, own) }),
    ...(list === undefined
      ? {}
      : { vals_list: Array.isArray(list) ? list.map((one) => values(ids, one)) : values(ids, list) }),
    ...(vals === undefined ? {} : { vals: values(ids, vals) }),
    ...(data === undefined ? {} : { data: rows(ids, fields as string[], data as string[][]) }),
    ...(where === undefined || method === 'load' ? {} : { domain: domain(ids, where) }),
  };
}

const recordIds = (ids: Ids, model: string, given: unknown): unknown =>
  Array.isArray(given)
    ? given.map((id: unknown) => (typeof id === 'number' ? ids.of(model, id) : id))
    : given;

const REFERENCES: Readonly<Record<string, string>> = { partner_id: 'res.partner', move_id: 'account.move' };

function values(ids: Ids, given: unknown): unknown {
  const own = Object.entries((given ?? {}) as Json).map(([name, value]) => {
    const model = REFERENCES[name];
    return [name, model !== undefined && typeof value === 'number' ? ids.of(model, value) : value];
  });
  return Object.fromEntries(own);
}

const domain = (ids: Ids, given: unknown): unknown =>
  Array.isArray(given)
    ? given.map((leaf: unknown): unknown => {
        const [name, operator, value] = Array.isArray(leaf) ? (leaf as unknown[]) : [];
        const model = REFERENCES[String(name)];
        return model !== undefined && typeof value === 'number'
          ? [name, operator, ids.of(model, value)]
          : leaf;
      })
    : given;

function rows(ids: Ids, columns: readonly string[], data: readonly (readonly string[])[]): unknown {
  const own = (cell: string, at: number): string => {
    const [name = '', by] = (columns[at] ?? '').split('/');
    const model = REFERENCES[name];
    if (columns[at] === '.id') return cell === '' ? '' : String(ids.of('account.move', Number(cell)));
    return model !== undefined && by === '.id' && cell !== '' ? String(ids.of(model, Number(cell))) : cell;
  };
  return data.map((row) => row.map(own));
}

/** What was made then, and what is made now. */
function learn({ request, response }: Transcript, answer: RawAnswer, ids: Ids): void {
  const call = request.call as { method?: string; params?: unknown } | undefined;
  const args = (
    Array.isArray(call?.params)
      ? call.params
      : ((call?.params as { args?: unknown[] } | undefined)?.args ?? [])
  ) as unknown[];
  const [, , , of = '', name = ''] = request.path.startsWith('/json/2/') ? request.path.split('/') : args;
  if (name !== 'create' && name !== 'load') return;
  const then = madeIds(response.decoded ?? null);
  const now = madeIds(answer.type === 'text/xml' ? xmlIds(String(answer.body)) : answer.body);
  then.forEach((id, at) => {
    if (now[at] !== undefined) ids.learn(String(of), id, now[at]);
  });
}

function madeIds(value: unknown): readonly number[] {
  if (typeof value === 'number') return [value];
  if (Array.isArray(value)) return value.filter((id) => typeof id === 'number');
  const { result, ids } = (value ?? {}) as { result?: unknown; ids?: unknown };
  return result === undefined ? (ids === undefined ? [] : madeIds(ids)) : madeIds(result);
}

const xmlIds = (text: string): unknown =>
  /faultCode/.test(text)
    ? null
    : [...text.matchAll(/<int>(\d+)<\/int>/g)].map(([, id]) => Number(id)).filter((id) => id > 0);
