/** What server is it, and which of its doors are open. Asked without the key. */
import { z } from 'zod';
import { faultOfNoAnswer, faultOfPage } from './fault-of.ts';
import { OdooFault } from './faults.ts';
import { exchange, type HttpAnswer, NoAnswer } from './http.ts';
import type { OdooProtocol } from './odoo.ts';
import { type Address, askedOf } from './transport.ts';

export interface Server {
  /** '19.0' */
  readonly version: string;
  readonly protocol: OdooProtocol;
}

const VERSION_CALL =
  '<?xml version="1.0"?><methodCall><methodName>version</methodName><params></params></methodCall>';

interface Probe {
  readonly protocol: OdooProtocol;
  readonly path: string;
  /** Null: GET. */
  readonly body: string | null;
  readonly type: string;
  readonly read: (body: string) => string | undefined;
}

const PROBES: readonly Probe[] = [
  { protocol: 'json2', path: '/web/version', body: null, type: 'application/json', read: fromWeb },
  {
    protocol: 'jsonrpc',
    path: '/jsonrpc',
    body: '{"jsonrpc":"2.0","method":"call","id":1,"params":{"service":"common","method":"version","args":[]}}',
    type: 'application/json',
    read: fromJsonRpc,
  },
  { protocol: 'xmlrpc', path: '/xmlrpc/2/common', body: VERSION_CALL, type: 'text/xml', read: fromXml },
];

/**
 * `wanted` auto: JSON-2 from 19 on, else JSON-RPC, else XML-RPC, as far as the server answers there.
 * @throws OdooFault
 */
export async function askVersion(
  address: Address,
  wanted: OdooProtocol | 'auto',
  deadlineMs: number,
  signal?: AbortSignal,
): Promise<Server> {
  const asked = askedOf(address, false);
  let last: HttpAnswer | null = null;
  for (const probe of PROBES.filter(({ protocol }) => wanted === 'auto' || protocol === wanted)) {
    try {
      last = await askProbe(address, probe, deadlineMs, signal);
    } catch (error) {
      // The connection itself: the next door is in the same house.
      if (error instanceof NoAnswer) throw faultOfNoAnswer(error, asked, deadlineMs);
      throw error;
    }
    const version = last.status === 200 ? plainVersion(probe.read(last.body)) : null;
    if (version === null) continue;
    if (probe.protocol === 'json2' && majorOf(version) < 19) continue;
    return { version, protocol: probe.protocol };
  }
  throw last === null || last.status === 404 || last.status === 405
    ? new OdooFault('wrong_database', 'no Odoo answers at this address', { status: last?.status ?? null })
    : faultOfPage(last.status, last.body, asked);
}

/** 19 of '19.0'. */
export function majorOf(version: string): number {
  return Number.parseInt(version, 10);
}

function askProbe(
  address: Address,
  probe: Probe,
  deadlineMs: number,
  signal: AbortSignal | undefined,
): Promise<HttpAnswer> {
  return exchange({
    method: probe.body === null ? 'GET' : 'POST',
    url: `${address.url}${probe.path}`,
    headers: { 'content-type': probe.type },
    body: probe.body,
    deadlineMs,
    ca: address.ca,
    signal,
  });
}

/** `saas~18.3` and `19.0+e` of hosted servers -> '18.3', '19.0'. */
function plainVersion(said: string | undefined): string | null {
  return /^(?:saas[~-])?(\d{1,3}\.\d{1,2})(?!\d)/.exec(said ?? '')?.[1] ?? null;
}

const web = z.object({ version: z.string() });
const rpc = z.object({ result: z.object({ server_version: z.string() }) });

function fromWeb(body: string): string | undefined {
  return web.safeParse(parse(body)).data?.version;
}

function fromJsonRpc(body: string): string | undefined {
  return rpc.safeParse(parse(body)).data?.result.server_version;
}

function fromXml(body: string): string | undefined {
  const found = /<name>server_version<\/name>\s*<value>(?:<string>)?([^<]{1,40})</.exec(
    body.slice(0, 10_000),
  );
  return found?.[1];
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
