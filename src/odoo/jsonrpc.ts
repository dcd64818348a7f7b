/** JSON-RPC: `POST /jsonrpc`, Odoo 14 to 19 and until it is taken out. */
import { z } from 'zod';
import { faultOfError, faultOfNoAnswer, faultOfPage } from './fault-of.ts';
import { OdooFault } from './faults.ts';
import { exchange, NoAnswer } from './http.ts';
import type { OdooValue } from './odoo.ts';
import { type Address, askedOf, splitArgs, type Transport } from './transport.ts';

const envelope = z.object({
  result: z.unknown().optional(),
  error: z
    .object({
      message: z.string().catch(''),
      data: z
        .object({
          name: z.string().catch(''),
          message: z.string().catch(''),
          arguments: z.array(z.unknown()).catch([]),
        })
        .catch({ name: '', message: '', arguments: [] }),
    })
    .optional(),
});

export interface JsonRpcCall {
  readonly service: 'common' | 'object';
  readonly method: string;
  readonly args: readonly OdooValue[];
  readonly writes: boolean;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

export function jsonrpc(address: Address): Transport {
  // Odoo wants the user's id with every call; it is the same for ever.
  let uid = 0;
  const connect = async (deadlineMs: number, signal?: AbortSignal): Promise<number> => {
    const args = [address.db, address.username, address.apiKey, {}];
    const call = {
      service: 'common',
      method: 'authenticate',
      args,
      writes: false,
      deadlineMs,
      signal,
    } as const;
    const answer = await askJsonRpc(address, call);
    if (answer === false) throw new OdooFault('authentication', WRONG_KEY);
    if (typeof answer !== 'number') throw new OdooFault('malformed', 'Odoo does not say whose key this is');
    uid = answer;
    return answer;
  };
  return {
    protocol: 'jsonrpc',
    connect,
    call: ({ call, method, deadlineMs, signal }) => {
      const { positional, named } = splitArgs(call, method);
      const args = [address.db, uid, address.apiKey, call.model, call.method, positional, named];
      return askJsonRpc(address, {
        ...{ service: 'object', method: 'execute_kw', args },
        ...{ writes: method.writes, deadlineMs, signal },
      });
    },
  };
}

export const WRONG_KEY =
  'Odoo does not accept the key: the user or the key is wrong, or the key has expired, or the user is switched off';

/** A method that returns nothing answers with neither result nor error: null. @throws OdooFault */
async function askJsonRpc(address: Address, call: JsonRpcCall): Promise<OdooValue> {
  const asked = askedOf(address, call.writes);
  const { service, method, args } = call;
  let answer: Awaited<ReturnType<typeof exchange>>;
  try {
    answer = await exchange({
      method: 'POST',
      url: `${address.url}/jsonrpc`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', method: 'call', id: 1, params: { service, method, args } }),
      deadlineMs: call.deadlineMs,
      ca: address.ca,
      signal: call.signal,
    });
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    throw faultOfNoAnswer(error, asked, call.deadlineMs);
  }
  const said = answer.status === 200 ? envelope.safeParse(parse(answer.body)) : null;
  if (said?.success !== true) throw faultOfPage(answer.status, answer.body, asked);
  const { error, result } = said.data;
  if (error === undefined) return (result ?? null) as OdooValue;
  const { name, message, arguments: all } = error.data;
  throw faultOfError({ name, message: message || error.message, first: all[0], status: 200 }, asked);
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
