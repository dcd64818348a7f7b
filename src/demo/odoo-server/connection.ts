import type { IncomingMessage, ServerResponse } from 'node:http';
import { LIMITS } from './limits.ts';
import type { Disturbance } from './machine.ts';
import { html, type Reply, type Request } from './wire/reply.ts';

export class TooLarge extends Error {}

export async function readRequest(request: IncomingMessage): Promise<Request> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > LIMITS.bodyBytes) throw new TooLarge();
    chunks.push(bytes);
  }
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
  );
  return {
    method: request.method ?? 'GET',
    path: pathname,
    query: searchParams,
    headers,
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

export function deliver(response: ServerResponse, reply: Reply): void {
  switch (reply.delivery) {
    case 'answer_lost':
      response.socket?.destroy();
      return;
    case 'silent_after':
      return;
    case 'half_answer':
      response.writeHead(reply.status, {
        ...headersOf(reply),
        'content-length': Buffer.byteLength(reply.body) + 100,
      });
      response.write(reply.body.slice(0, reply.body.length / 2), () => response.socket?.destroy());
      return;
    case 'garbage':
      send(response, { ...reply, body: '\u0000\u0001 not what you asked for <' });
      return;
    case 'huge_answer':
      pour(response, reply);
      return;
    default:
      send(response, reply);
  }
}

const headersOf = ({ type, headers }: Reply): Record<string, string> => ({
  ...headers,
  'content-type': type,
});

function send(response: ServerResponse, reply: Reply): void {
  response.writeHead(reply.status, headersOf(reply));
  response.end(reply.body);
}

/** Blanks, for as long as anybody reads. */
function pour(response: ServerResponse, reply: Reply): void {
  response.writeHead(reply.status, headersOf(reply));
  const blanks = ' '.repeat(1024 * 1024);
  const more = (): void => {
    if (response.destroyed) return;
    if (response.write(blanks)) setImmediate(more);
    else response.once('drain', more);
  };
  more();
}

export function disturb(response: ServerResponse, what: Disturbance['what']): void {
  switch (what) {
    case 'silent':
      return;
    case 'cut':
      response.socket?.destroy();
      return;
    case 'bad_gateway':
      send(response, html(502, 'Bad Gateway', 'The server behind this proxy does not answer.'));
      return;
    case 'login_page':
      send(response, html(200, 'Log in', 'Please log in to go on.'));
      return;
    case 'redirect':
      response.writeHead(301, { location: 'http://127.0.0.1:9/elsewhere' });
      response.end();
  }
}
