/** The only way to an `Odoo`: every call goes through the list of what is allowed, whatever the transport. */
import { z } from 'zod';
import type { AllowedMethod, AllowList } from './allow-list.ts';
import { checkCall } from './check-call.ts';
import { OdooFault } from './faults.ts';
import { json2 } from './json2.ts';
import { jsonrpc } from './jsonrpc.ts';
import type { Odoo, OdooCall, OdooProtocol, OdooValue } from './odoo.ts';
import { askVersion, type Server } from './server-version.ts';
import type { Address, Transport } from './transport.ts';
import { xmlRpc } from './xml-rpc.ts';

export interface OdooSettings {
  /** https, or http on loopback; a path in front is kept. */
  readonly url: string;
  readonly db: string;
  readonly username: string;
  readonly apiKey: string;
  readonly protocol: OdooProtocol | 'auto';
  /** PEM of an own certificate authority. */
  readonly ca?: string | undefined;
  /** Instead of 60 s for calls that write and 20 s for those that read. */
  readonly deadlineMs?: number | undefined;
  /** What may be called and written: `DRAFT_CALLS`, `LIVE_CALLS`, or a list of the guard. */
  readonly allow: AllowList;
}

/** Odoo itself repeats what met a conflict, for up to about 30 s: a shorter deadline cuts calls that would succeed. */
const WRITE_DEADLINE_MS = 60_000;
const READ_DEADLINE_MS = 20_000;

/**
 * Names and refusals come in the language of the key's user, and the two hosts have different users: what is shown and what is
 * compared must be the same text. English is always there.
 */
const LANGUAGE = { lang: 'en_US' } as const;

const TRANSPORTS: Readonly<Record<OdooProtocol, (address: Address) => Transport>> = {
  json2,
  jsonrpc,
  xmlrpc: xmlRpc,
};

/**
 * Connects: asks the version without the key, takes the transport that fits, and proves the key.
 * @throws OdooFault
 */
export async function openOdoo(settings: OdooSettings, signal?: AbortSignal): Promise<Odoo> {
  const address = addressOf(settings);
  const deadlineMs = settings.deadlineMs ?? READ_DEADLINE_MS;
  const server = await askVersion(address, settings.protocol, deadlineMs, signal);
  const transport = TRANSPORTS[server.protocol](address);
  const uid = await transport.connect(deadlineMs, signal);
  const odoo = odooOf(settings, address, server, transport, uid);
  // JSON-2 asks for no user name: a key of somebody else would go unnoticed.
  if (server.protocol === 'json2') await checkLogin(odoo, settings.username, signal);
  return odoo;
}

function odooOf(
  settings: OdooSettings,
  address: Address,
  server: Server,
  transport: Transport,
  uid: number,
): Odoo {
  const deadlineOf = (method: AllowedMethod): number =>
    settings.deadlineMs ?? (method.writes ? WRITE_DEADLINE_MS : READ_DEADLINE_MS);
  return {
    protocol: server.protocol,
    version: server.version,
    url: address.url,
    db: address.db,
    uid,
    call: async (call: OdooCall, signal?: AbortSignal): Promise<OdooValue> => {
      const method = checkCall(call, settings.allow);
      const worded = { ...call, context: { ...LANGUAGE, ...call.context } };
      return transport.call({ call: worded, method, deadlineMs: deadlineOf(method), signal });
    },
  };
}

const logins = z.tuple([z.object({ login: z.string() })]);

async function checkLogin(odoo: Odoo, username: string, signal: AbortSignal | undefined): Promise<void> {
  const answer = await odoo.call(
    { model: 'res.users', method: 'read', ids: [odoo.uid], args: { fields: ['login'] } },
    signal,
  );
  const said = logins.safeParse(answer);
  if (!said.success) throw new OdooFault('malformed', 'Odoo does not say whose key this is');
  if (said.data[0].login.toLowerCase() !== username.toLowerCase()) {
    throw new OdooFault('authentication', `the key of Odoo belongs to another user than "${username}"`);
  }
}

/** @throws OdooFault `invalid_call` */
function addressOf(settings: OdooSettings): Address {
  const { url: given, db, username, apiKey, ca } = settings;
  const url = URL.canParse(given) ? new URL(given) : null;
  const loopback = url !== null && /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
  if (url === null || !(url.protocol === 'https:' || (url.protocol === 'http:' && loopback))) {
    throw new OdooFault('invalid_call', 'the address of Odoo must be https, or http on this machine itself');
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new OdooFault('invalid_call', 'the address of Odoo must hold no user, no query and no fragment');
  }
  // A line break in a header is another header.
  if (!/^[\x21-\x7e]{1,200}$/.test(apiKey) || !/^[\w.+-]{1,100}$/.test(db)) {
    throw new OdooFault(
      'invalid_call',
      'the key or the database of Odoo has characters that neither can have',
    );
  }
  return { url: `${url.origin}${url.pathname.replace(/\/+$/, '')}`, db, username, apiKey, ca };
}

/** A connection that is made when it is first needed, and made anew after a fault that a new one may heal. */
export interface OdooConnection {
  /** `signal` ends this caller's waiting; the connection is for all. @throws OdooFault */
  get(signal?: AbortSignal): Promise<Odoo>;
}

export function odooConnection(settings: OdooSettings): OdooConnection {
  let current: Promise<Odoo> | null = null;
  const forget = (made: Promise<Odoo>): void => {
    if (current === made) current = null;
  };
  const connect = (): Promise<Odoo> => {
    const made: Promise<Odoo> = openOdoo(settings).then((odoo) => ({
      ...odoo,
      call: async (call, signal) => {
        try {
          return await odoo.call(call, signal);
        } catch (error) {
          // Another version, another user behind the login, another database: asked again before the next call.
          if (error instanceof OdooFault && HEALED.includes(error.class)) forget(made);
          throw error;
        }
      },
    }));
    made.catch(() => forget(made));
    return made;
  };
  return { get: (signal) => waitFor((current ??= connect()), signal) };
}

const HEALED: readonly string[] = ['configuration', 'authentication'];

function waitFor<T>(made: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return made;
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(new OdooFault('unreachable', 'the call to Odoo was given up'));
    if (signal.aborted) return giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    void made.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}
