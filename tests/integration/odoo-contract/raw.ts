/** Requests by hand, without src/odoo: what is on the wire. */
import type { ContractServer, ContractUser } from './books.ts';

/** By what a transport tells of a failure; null where it tells nothing. */
export interface RawAnswer {
  readonly status: number;
  readonly type: string;
  /** The answer, read as JSON; an XML answer as text. */
  readonly body: unknown;
  readonly error: { readonly name: string | number; readonly message: string } | null;
}

export interface RawCall {
  readonly model: string;
  readonly method: string;
  /** Absent for a method of the model. */
  readonly ids?: readonly number[];
  /** By name, in the order of the method. */
  readonly args?: Readonly<Record<string, unknown>>;
}

type Place = Pick<ContractServer, 'url' | 'db'>;

export async function send(url: string, init: RequestInit = {}): Promise<RawAnswer> {
  const answer = await fetch(url, { redirect: 'manual', ...init });
  const text = await answer.text();
  const type = answer.headers.get('content-type') ?? '';
  const body: unknown = type.startsWith('application/json') ? JSON.parse(text) : text;
  return { status: answer.status, type: type.split(';')[0] ?? '', body, error: errorOf(type, body) };
}

function errorOf(type: string, body: unknown): RawAnswer['error'] {
  if (type.startsWith('text/xml')) return faultIn(String(body));
  const { error, ...own } = (body ?? {}) as Record<string, unknown>;
  const said = (error as { data?: Record<string, unknown> } | undefined)?.data ?? own;
  return 'debug' in said ? { name: String(said['name']), message: String(said['message']) } : null;
}

function faultIn(xml: string): RawAnswer['error'] {
  const code = /<name>faultCode<\/name>\s*<value><(?:int|string)>([^<]*)</.exec(xml)?.[1];
  const text = /<name>faultString<\/name>\s*<value><string>([^<]*)</.exec(xml)?.[1] ?? '';
  if (code === undefined) return null;
  return { name: /^\d+$/.test(code) ? Number(code) : code, message: unescaped(text) };
}

const unescaped = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

export const json2 = ({ url, db }: Place, user: ContractUser, call: RawCall): Promise<RawAnswer> =>
  send(`${url}/json/2/${call.model}/${call.method}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-odoo-database': db,
      authorization: `bearer ${user.apiKey}`,
    },
    body: JSON.stringify({ ...(call.ids ? { ids: call.ids } : {}), ...call.args }),
  });

export const service = ({ url }: Place, name: string, method: string, args: readonly unknown[]) =>
  send(`${url}/jsonrpc`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', method: 'call', id: 7, params: { service: name, method, args } }),
  });

export const xmlService = ({ url }: Place, name: string, method: string, args: readonly unknown[]) =>
  send(`${url}/xmlrpc/2/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'text/xml' },
    body:
      `<?xml version="1.0"?><methodCall><methodName>${method}</methodName><params>` +
      `${args.map((arg) => `<param>${xml(arg)}</param>`).join('')}</params></methodCall>`,
  });

export function xml(value: unknown): string {
  if (value === null) return '<value><nil/></value>';
  if (typeof value === 'boolean') return `<value><boolean>${value ? 1 : 0}</boolean></value>`;
  if (typeof value === 'number') {
    return Number.isInteger(value)
      ? `<value><int>${value}</int></value>`
      : `<value><double>${value}</double></value>`;
  }
  if (typeof value === 'string') {
    const text = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
    return `<value><string>${text}</string></value>`;
  }
  if (Array.isArray(value)) return `<value><array><data>${value.map(xml).join('')}</data></array></value>`;
  const members = Object.entries(value as object).map(
    ([name, item]) => `<member><name>${name}</name>${xml(item)}</member>`,
  );
  return `<value><struct>${members.join('')}</struct></value>`;
}

/** The arguments of `execute_kw`. */
export const executeKw = (place: Place, user: ContractUser, { model, method, ids, args = {} }: RawCall) => [
  ...[place.db, user.uid, user.apiKey, model, method],
  ids ? [ids] : [],
  args,
];
