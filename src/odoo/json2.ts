/** JSON-2: `POST /json/2/<model>/<method>`, Odoo 19 and later. */
import { z } from 'zod';
import { faultOfError, faultOfNoAnswer, faultOfPage } from './fault-of.ts';
import { OdooFault } from './faults.ts';
import { exchange, type HttpAnswer, NoAnswer } from './http.ts';
import type { OdooValue } from './odoo.ts';
import { databaseIsDown } from './server-health.ts';
import { type Address, askedOf, type Transport, type TransportCall } from './transport.ts';

const failure = z.object({
  name: z.string(),
  message: z.string(),
  arguments: z.array(z.unknown()).catch([]),
});
const whoAmI = z.object({ uid: z.int().positive() });

export function json2(address: Address): Transport {
  const ask = async (path: string, body: object, writes: boolean, time: Time): Promise<OdooValue> => {
    const asked = askedOf(address, writes);
    const once = (): Promise<HttpAnswer> => post(address, path, body, writes, time);
    let answer = await once();
    // The same page for "no such database" and for "PostgreSQL is down"; either way nothing was done, so it can be asked again.
    if (isNotFoundPage(answer)) {
      if (await databaseIsDown(address, time.deadlineMs, time.signal)) {
        throw new OdooFault('unreachable', 'Odoo is there, but its database is down', { status: 404 });
      }
      answer = await once();
    }
    const json = parse(answer);
    if (json === undefined) throw faultOfPage(answer.status, answer.body, asked);
    if (answer.status >= 200 && answer.status < 300) return json;
    const said = failure.safeParse(json);
    if (!said.success) throw faultOfPage(answer.status, '', asked);
    const { name, message, arguments: all } = said.data;
    throw faultOfError({ name, message, first: all[0], status: answer.status }, asked);
  };
  return {
    protocol: 'json2',
    connect: async (deadlineMs, signal) => {
      const answer = await ask('res.users/context_get', {}, false, { deadlineMs, signal });
      const me = whoAmI.safeParse(answer);
      if (!me.success) throw new OdooFault('malformed', 'Odoo does not say whose key this is');
      return me.data.uid;
    },
    call: ({ call, method, deadlineMs, signal }: TransportCall) => {
      const body = {
        ...(call.ids === null ? {} : { ids: call.ids }),
        ...(call.context === undefined ? {} : { context: call.context }),
        ...call.args,
      };
      return ask(`${call.model}/${call.method}`, body, method.writes, { deadlineMs, signal });
    },
  };
}

interface Time {
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

async function post(
  address: Address,
  path: string,
  body: object,
  writes: boolean,
  time: Time,
): Promise<HttpAnswer> {
  try {
    return await exchange({
      method: 'POST',
      url: `${address.url}/json/2/${path}`,
      headers: {
        'content-type': 'application/json',
        'x-odoo-database': address.db,
        authorization: `bearer ${address.apiKey}`,
      },
      body: JSON.stringify(body),
      deadlineMs: time.deadlineMs,
      ca: address.ca,
      signal: time.signal,
    });
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    throw faultOfNoAnswer(error, askedOf(address, writes), time.deadlineMs);
  }
}

function isNotFoundPage(answer: HttpAnswer): boolean {
  return answer.status === 404 && parse(answer) === undefined;
}

function parse(answer: HttpAnswer): OdooValue | undefined {
  if (answer.contentType !== 'application/json') return undefined;
  try {
    return JSON.parse(answer.body) as OdooValue;
  } catch {
    return undefined;
  }
}
