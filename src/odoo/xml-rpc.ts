/**
 * XML-RPC over npm `odoo-xmlrpc`, for servers whose proxy opens nothing else. The package knows no deadline, no limit, no
 * certificate authority and no path in front, and it hands out no request that one could stop; what it lacks is added
 * around it by call-agent.ts and here. Its errors carry the whole request and answer, so none of them goes further.
 */
import OdooXmlRpc from 'odoo-xmlrpc';
import { z } from 'zod';
import { type CallAgent, callAgent, withAgent } from './call-agent.ts';
import { type Asked, faultOfNoAnswer, faultOfPage, faultOfXml } from './fault-of.ts';
import { OdooFault } from './faults.ts';
import { brokenBy, NoAnswer } from './http.ts';
import { WRONG_KEY } from './jsonrpc.ts';
import type { OdooValue } from './odoo.ts';
import { type Address, askedOf, splitArgs, type Transport } from './transport.ts';
import { asValue } from './values.ts';

const fault = z.object({ faultCode: z.union([z.number(), z.string()]), faultString: z.string() });

export function xmlRpc(address: Address): Transport {
  const { url, db, username, apiKey: password } = address;
  const server = new URL(url);
  // Without a port of its own it would ask the scheme's; with a path it would drop it.
  const library = new OdooXmlRpc({ url: server.origin, db, username, password });
  const run = (start: Start, writes: boolean, deadlineMs: number, signal?: AbortSignal): Promise<OdooValue> =>
    finish(start, {
      asked: askedOf(address, writes),
      path: server.pathname,
      ca: address.ca,
      deadlineMs,
      signal,
    });
  return {
    protocol: 'xmlrpc',
    connect: async (deadlineMs, signal) => {
      const uid = await run((done) => library.connect(done), false, deadlineMs, signal);
      if (typeof uid !== 'number') throw new OdooFault('malformed', 'Odoo does not say whose key this is');
      return uid;
    },
    call: ({ call, method, deadlineMs, signal }) => {
      const { positional, named } = splitArgs(call, method);
      return run(
        (done) => library.execute_kw(call.model, call.method, [positional, named], done),
        method.writes,
        deadlineMs,
        signal,
      );
    },
  };
}

type Start = (done: (error: unknown, value: unknown) => void) => void;

interface Frame {
  readonly asked: Asked;
  readonly path: string;
  readonly ca: string | undefined;
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Settles once: with the library's answer, or with our own deadline. What comes later is not looked at. */
function finish(start: Start, frame: Frame): Promise<OdooValue> {
  return new Promise((resolve, reject) => {
    const lost = (failure: NoAnswer): void => {
      stop();
      reject(faultOfNoAnswer(failure, frame.asked, frame.deadlineMs));
    };
    const agent = callAgent({
      path: frame.path,
      ca: frame.ca,
      tooLarge: () => lost(new NoAnswer('too_large', true)),
    });
    const timer = setTimeout(() => lost(new NoAnswer('deadline', agent.sent())), frame.deadlineMs);
    const giveUp = (): void => lost(new NoAnswer('given_up', agent.sent()));
    const stop = (): void => {
      clearTimeout(timer);
      frame.signal?.removeEventListener('abort', giveUp);
      agent.destroy();
    };
    if (frame.signal?.aborted === true) return giveUp();
    frame.signal?.addEventListener('abort', giveUp, { once: true });
    const done = (error: unknown, value: unknown): void => {
      // Before the connection is ended by us.
      const outcome = outcomeOf(error, value, agent, frame);
      stop();
      if (outcome instanceof OdooFault) reject(outcome);
      else resolve(outcome);
    };
    try {
      withAgent(agent, () => start(done));
    } catch (error) {
      stop();
      reject(error instanceof Error ? error : new Error('the XML-RPC library threw no error'));
    }
  });
}

function outcomeOf(error: unknown, value: unknown, agent: CallAgent, frame: Frame): OdooValue | OdooFault {
  if (error === null || error === undefined) {
    const answer = asValue(value);
    return answer === undefined
      ? new OdooFault('malformed', 'Odoo gave an answer that cannot be understood')
      : answer;
  }
  const said = fault.safeParse(error);
  if (said.success) {
    const { faultCode: code, faultString: text } = said.data;
    const known = faultOfXml({ code, text }, frame.asked);
    // The transaction is committed; only the result could not be written as XML.
    return known === 'returned_nothing' ? null : known;
  }
  if (isNoUser(error)) return new OdooFault('authentication', WRONG_KEY);
  const status = agent.status();
  if (status === null) return faultOfNoAnswer(brokenBy(error, agent.sent()), frame.asked, frame.deadlineMs);
  // An answer, and no XML-RPC in it: the status says whose page it is.
  if (status === 200 && !agent.complete()) {
    return faultOfNoAnswer(new NoAnswer('connection', true), frame.asked, frame.deadlineMs);
  }
  return faultOfPage(status, agent.isHtml() ? '<html>' : '', frame.asked);
}

/** `connect` gives a plain object, and no Error, when the user or the key is wrong. */
function isNoUser(error: unknown): boolean {
  return !(error instanceof Error) && typeof error === 'object' && error !== null && 'message' in error;
}
