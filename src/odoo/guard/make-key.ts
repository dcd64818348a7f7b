/**
 * A new API key. Odoo gives one only to the user itself, in a browser's session and against its password, so this logs
 * in as a browser does. The transcripts in tests/fixtures/odoo-transcripts/apikey are of this.
 */
import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { z } from 'zod';
import { cleanWords } from '../clean-words.ts';
import { OdooFault } from '../faults.ts';
import type { OdooValue } from '../odoo.ts';

export interface Login {
  readonly url: string;
  readonly db: string;
  readonly login: string;
  readonly password: string;
  readonly ca?: string | undefined;
}

const DEADLINE_MS = 20_000;
const MAX_BYTES = 2_000_000;
/** What the wizard offers, in days, before "a date of your own". */
const OFFERED = [365, 180, 90, 30, 7, 1] as const;

const said = z.object({
  result: z.unknown().optional(),
  error: z.object({ data: z.object({ message: z.string().catch('') }) }).optional(),
});
const whoAmI = z.object({ uid: z.int().positive() });
const wizard = z.int().positive();
const identity = z.object({ res_model: z.literal('res.users.identitycheck'), res_id: z.int().positive() });
const ready = z.object({ context: z.object({ default_key: z.string().regex(/^[0-9a-f]{20,100}$/) }) });

/** @param days at most that many @throws OdooFault in words for the one who installs */
export async function makeKey(login: Login, name: string, days: number): Promise<string> {
  const session = new Session(login);
  const { db, password } = login;
  const me = await session.ask('/web/session/authenticate', { db, login: login.login, password });
  // Without a number: a second factor is wanted, or the password is not taken.
  if (!whoAmI.safeParse(me).success) throw unable('Odoo does not let this user log in with a password');
  const made = wizard.safeParse(
    await session.call('res.users.apikeys.description', 'create', [{ name, duration: durationOf(days) }]),
  );
  if (!made.success) throw unable('Odoo does not offer the wizard for keys');
  const asks = identity.safeParse(
    await session.call('res.users.apikeys.description', 'make_key', [[made.data]]),
  );
  if (!asks.success) throw unable('Odoo does not ask for the password in the way that is known');
  const shown = await session.call('res.users.identitycheck', 'run_check', [[asks.data.res_id]], {
    password,
  });
  const key = ready.safeParse(shown);
  if (!key.success) throw unable('Odoo does not show the key in the way that is known');
  return key.data.context.default_key;
}

function durationOf(days: number): string {
  return String(OFFERED.find((offered) => offered <= days) ?? 1);
}

function unable(why: string): OdooFault {
  return new OdooFault('unsupported', why);
}

class Session {
  readonly #login: Login;
  #cookie = '';

  constructor(login: Login) {
    this.#login = login;
  }

  call(model: string, method: string, args: readonly OdooValue[], context: object = {}): Promise<unknown> {
    // In English, so that a refusal can be told on.
    const kwargs = { context: { lang: 'en_US', ...context } };
    return this.ask('/web/dataset/call_kw', { model, method, args, kwargs });
  }

  async ask(path: string, params: object): Promise<unknown> {
    const body = JSON.stringify({ jsonrpc: '2.0', method: 'call', id: 1, params });
    const answer = await this.#post(path, body);
    const parsed = said.safeParse(answer);
    if (!parsed.success) throw unable('the pages of Odoo for browsers do not answer here');
    const { error, result } = parsed.data;
    if (error !== undefined) {
      throw new OdooFault('refused', cleanWords(error.data.message, [this.#login.password]));
    }
    return result;
  }

  #post(path: string, body: string): Promise<unknown> {
    const { url, ca } = this.#login;
    const send = url.startsWith('https:') ? tlsRequest : plainRequest;
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...(this.#cookie === '' ? {} : { cookie: this.#cookie }),
    };
    const options = { method: 'POST', agent: false, headers, signal: AbortSignal.timeout(DEADLINE_MS) };
    return new Promise((resolve, reject) => {
      const fail = (): void =>
        reject(new OdooFault('unreachable', 'Odoo gave no answer while the key was made'));
      const request = send(
        `${url}${path}`,
        { ...options, ...(ca === undefined ? {} : { ca }) },
        (response) => {
          const parts: Buffer[] = [];
          let bytes = 0;
          response.on('data', (part: Buffer) => {
            bytes += part.length;
            if (bytes > MAX_BYTES) request.destroy(new Error('too large'));
            else parts.push(part);
          });
          response.on('error', fail);
          response.on('end', () => {
            const cookie = response.headers['set-cookie']?.find((one) => one.startsWith('session_id='));
            if (cookie !== undefined) this.#cookie = cookie.split(';')[0] ?? '';
            resolve(parse(Buffer.concat(parts).toString('utf8')));
          });
        },
      );
      request.on('error', fail);
      request.end(body);
    });
  }
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
