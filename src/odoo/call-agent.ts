/**
 * A hand on one request of a library that gives none: an agent of our own for the moment in which it is made. Node takes
 * the global agent when a request is created, and that happens before the library's function returns.
 */
import http, { Agent, type ClientRequest, type IncomingMessage } from 'node:http';
import https, { Agent as TlsAgent } from 'node:https';
import { MAX_ANSWER_BYTES } from './http.ts';

export interface CallAgentOptions {
  /** Put before the path of the request; '/' for none. */
  readonly path: string;
  readonly ca: string | undefined;
  /** More than 20 MB came; the connection is cut. */
  readonly tooLarge: () => void;
}

export interface CallAgent {
  readonly plain: Agent;
  readonly tls: TlsAgent;
  /** May the server have got the request? */
  sent(): boolean;
  /** HTTP status; null before there is one. */
  status(): number | null;
  isHtml(): boolean;
  complete(): boolean;
  /** Ends the connection, whatever it is doing. */
  destroy(): void;
}

/** What every agent has and no type says: the place where a request is given to a connection. */
interface Adds {
  addRequest(request: ClientRequest, options: unknown): void;
}

export function callAgent(options: CallAgentOptions): CallAgent {
  const prefix = options.path.replace(/\/+$/, '');
  let request: ClientRequest | null = null;
  let answer: IncomingMessage | null = null;
  let sent = false;
  const watch = (agent: Agent, ready: 'connect' | 'secureConnect'): void => {
    const adds = agent as Agent & Adds;
    const add = adds.addRequest.bind(adds);
    adds.addRequest = (made, how) => {
      request = made;
      made.path = prefix + made.path;
      made.on('socket', (socket) => socket.once(ready, () => (sent = true)));
      // Behind the library's own: it is told of the first error, and a second one must not end the process.
      made.on('error', () => undefined);
      made.on('response', (response) => {
        answer = response;
        let bytes = 0;
        response.on('error', () => undefined);
        response.on('data', (part: Buffer | string) => {
          bytes += Buffer.byteLength(part);
          if (bytes <= MAX_ANSWER_BYTES) return;
          options.tooLarge();
          made.destroy();
        });
      });
      add(made, how);
    };
  };
  const plain = new Agent({ keepAlive: false });
  const tls = new TlsAgent({ keepAlive: false, ...(options.ca === undefined ? {} : { ca: options.ca }) });
  watch(plain, 'connect');
  watch(tls, 'secureConnect');
  return {
    plain,
    tls,
    sent: () => sent,
    status: () => answer?.statusCode ?? null,
    isHtml: () => /html/i.test(answer?.headers['content-type'] ?? ''),
    complete: () => answer?.complete ?? false,
    destroy: () => request?.destroy(),
  };
}

/** Synchronous, so no other request of the process can fall into it. */
export function withAgent(agent: CallAgent, make: () => void): void {
  const before = { plain: http.globalAgent, tls: https.globalAgent };
  http.globalAgent = agent.plain;
  https.globalAgent = agent.tls;
  try {
    make();
  } finally {
    http.globalAgent = before.plain;
    https.globalAgent = before.tls;
  }
}
