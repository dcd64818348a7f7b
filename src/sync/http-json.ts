import { Agent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as TlsAgent, request as httpsRequest } from 'node:https';
import { errno } from '../files/errno.ts';

/**
 * Why a call failed. `unreachable`: nobody listens, or the connection broke; `timeout`: no whole answer within
 * the deadline; `forbidden`: the API key is not accepted; `refused`: Syncthing says no, in `status` and the
 * message; `malformed`: the answer is not what this API gives, or larger than any answer should be.
 */
export class SyncthingFault extends Error {
  readonly code: 'unreachable' | 'timeout' | 'forbidden' | 'refused' | 'malformed';
  /** Of the HTTP answer, when there was one. */
  readonly status: number | null;

  constructor(code: SyncthingFault['code'], message: string, status: number | null = null, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'SyncthingFault';
    this.code = code;
    this.status = status;
  }
}

/** The largest true answer, 1,000 events with long paths, has about 1 MB. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;
const MAX_SOCKETS = 16;

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  /** Path and query, encoded. */
  readonly path: string;
  readonly body?: unknown;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** JSON over HTTP to one address, with kept connections: a call costs well under a millisecond. */
export class HttpJson {
  readonly #url: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #agent: Agent;
  #closed = false;

  constructor(url: string, headers: Readonly<Record<string, string>>) {
    this.#url = new URL(url);
    this.#headers = headers;
    const kept = { keepAlive: true, maxSockets: MAX_SOCKETS };
    // Syncthing makes its own certificate. The address is this machine's own, where plain HTTP is usual too.
    this.#agent =
      this.#url.protocol === 'https:'
        ? new TlsAgent({ ...kept, rejectUnauthorized: false })
        : new Agent(kept);
  }

  /** The body of a 2xx answer; '' when it has none. @throws SyncthingFault */
  async text(call: Call): Promise<string> {
    try {
      return await this.#once(call);
    } catch (error) {
      // Syncthing was restarted since the last call and the kept connection is gone: every call of this API
      // may be made twice.
      if (error instanceof StaleConnection) return await this.#once(call);
      throw error;
    }
  }

  #once(call: Call): Promise<string> {
    if (this.#closed) return Promise.reject(new SyncthingFault('unreachable', 'the client was closed'));
    const what = `${call.method} ${call.path.replace(/\?.*/, '')}`;
    return new Promise((resolve, reject) => {
      const body = call.body === undefined ? undefined : JSON.stringify(call.body);
      const request = (this.#url.protocol === 'https:' ? httpsRequest : httpRequest)({
        agent: this.#agent,
        hostname: this.#url.hostname.replace(/^\[|\]$/g, ''),
        port: this.#url.port,
        method: call.method,
        path: call.path,
        headers: {
          ...this.#headers,
          ...(body === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
        },
      });
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        call.signal?.removeEventListener('abort', aborted);
        act();
      };
      const fail = (fault: Error): void => {
        settle(() => reject(fault));
        request.destroy();
      };
      const aborted = (): void => fail(new SyncthingFault('unreachable', `${what}: given up`));
      const timer = setTimeout(
        () => fail(new SyncthingFault('timeout', `${what}: no answer within ${call.deadlineMs} ms`)),
        call.deadlineMs,
      );
      request.on('error', (error) => settle(() => reject(broken(what, error, request.reusedSocket))));
      if (call.signal?.aborted) return aborted();
      call.signal?.addEventListener('abort', aborted, { once: true });
      request.on('response', (response) => {
        collect(response).then(
          (text) => settle(() => (ok(response) ? resolve(text) : reject(refusal(what, response, text)))),
          (error: unknown) => fail(error instanceof SyncthingFault ? error : broken(what, error, false)),
        );
      });
      request.end(body);
    });
  }

  /** Calls under way fail as `unreachable`, and so does every later one. */
  close(): void {
    this.#closed = true;
    this.#agent.destroy();
  }
}

class StaleConnection extends SyncthingFault {}

function broken(what: string, error: unknown, reused: boolean): SyncthingFault {
  const name = errno(error) ?? (error instanceof Error ? error.message : String(error));
  const stale = reused && (name === 'ECONNRESET' || name === 'EPIPE');
  return new (stale ? StaleConnection : SyncthingFault)('unreachable', `${what}: ${name}`, null, error);
}

async function collect(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) {
      throw new SyncthingFault('malformed', `the answer is larger than ${MAX_ANSWER_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function ok(response: IncomingMessage): boolean {
  return response.statusCode !== undefined && response.statusCode >= 200 && response.statusCode < 300;
}

function refusal(what: string, response: IncomingMessage, text: string): SyncthingFault {
  const status = response.statusCode ?? 0;
  const words = text.trim().slice(0, 200).replace(/\s+/g, ' ');
  const code = status === 401 || status === 403 ? 'forbidden' : 'refused';
  return new SyncthingFault(code, `${what}: ${status} ${words}`, status);
}
