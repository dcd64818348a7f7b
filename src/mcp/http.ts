/**
 * An MCP server on HTTP, for this machine alone: Streamable HTTP on 127.0.0.1, without sessions. Each POST
 * gets a server of its own and one JSON answer, so nothing is kept for a client that went away.
 *
 * Who gets in, in this order; whoever fails hears a plain sentence and no more:
 *   403  the Host is not this server's own, or the Origin is not of this machine: a web page whose name was
 *        rebound to 127.0.0.1 sends its own Host, and any page sends its Origin
 *   404  another path than /mcp
 *   401  no bearer token, or a wrong one
 *   405  anything but POST (the SDK's client takes that as "no events, no session to end")
 *   415  a body that is no JSON; 413 one that is too large; 400 one that cannot be read, or many at once
 * Slow clients are cut off: headers, body and silence have their limits. Calls beyond `calls` wait.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { Calls } from './tool.ts';
import { Turns } from './turns.ts';

const HOST = '127.0.0.1';
const PATH = '/mcp';

export interface HttpLimits {
  readonly bodyBytes: number;
  readonly connections: number;
  /** Calls worked on at a time; the others wait their turn. */
  readonly calls: number;
  readonly headersMs: number;
  /** Headers and body together. */
  readonly requestMs: number;
  /** A connection on which nothing moves, neither a request nor an answer. */
  readonly silenceMs: number;
  /** How long `stop` waits for calls under way. */
  readonly stopMs: number;
}

const LIMITS: HttpLimits = {
  bodyBytes: 64 * 1024,
  connections: 512,
  calls: 8,
  headersMs: 5_000,
  requestMs: 15_000,
  silenceMs: 120_000,
  stopMs: 20_000,
};

export class HttpFault extends Error {
  readonly code: 'port-taken' | 'port-refused' | 'no-token';

  constructor(code: HttpFault['code'], message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'HttpFault';
    this.code = code;
  }
}

export interface McpHttp {
  /** Where it listens; the one that was given unless that was 0. */
  readonly port: number;
  /** Takes no new request, finishes the calls under way, then ends every connection. */
  stop(): Promise<void>;
}

/**
 * Serves until `stop`.
 * @param deps.make a fresh server for one request, whose tools count in `calls`; the SDK binds a server to
 *   one transport.
 * @throws HttpFault when the port cannot be had, or without a token.
 */
export async function serveHttp(deps: {
  readonly port: number;
  readonly token: string;
  readonly make: (calls: Calls) => McpServer;
  /** Told the status of a request that was turned away; never a header, a path or a body. */
  readonly onRefused: (status: number) => void;
  readonly onError: (error: unknown) => void;
  readonly limits?: Partial<HttpLimits>;
}): Promise<McpHttp> {
  if (deps.token === '') throw new HttpFault('no-token', 'a server that asks for no token is not started');
  const limits = { ...LIMITS, ...deps.limits };
  const own = { port: deps.port, token: digest(deps.token) };
  const turns = new Turns(limits.calls);
  const open = new Set<ServerResponse>();
  let stopping = false;
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const read = refuse(request, own) ?? (await readBody(request, response, limits.bodyBytes));
    if (read === 'gone') return;
    const refusal = 'status' in read ? read : stopping ? STOPPING : null;
    if (refusal) {
      deps.onRefused(refusal.status);
      turnAway(request, response, refusal);
    } else if ('body' in read) {
      await turns.take(() => answer(request, response, { make: deps.make, body: read.body }));
    }
  };
  const server = makeServer(limits, (request, response) => {
    open.add(response);
    response.once('close', () => open.delete(response));
    serve(request, response).catch((error: unknown) => {
      deps.onError(error);
      if (response.headersSent) response.destroy();
      else say(response, 500, 'internal error');
    });
  });
  own.port = await listen(server, deps.port);
  return {
    port: own.port,
    stop: async () => {
      stopping = true;
      // Ends connections that are in no request, too.
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const response of open) response.shouldKeepAlive = false;
      await within(turns.idle(), limits.stopMs);
      const answers = [...open].filter((response) => response.writableEnded);
      await within(Promise.all(answers.map(sent)), ANSWER_MS);
      // What is left is half a request, or an answer that nobody fetches.
      server.closeAllConnections();
      await closed;
    },
  };
}

const STOPPING = { status: 503, words: 'the server is stopping' } as const;

/** On this machine an answer that was made is fetched at once, or not at all. */
const ANSWER_MS = 1_000;

function sent(response: ServerResponse): Promise<void> {
  if (response.writableFinished) return Promise.resolve();
  return new Promise((resolve) => {
    response.once('finish', resolve);
    response.once('close', resolve);
  });
}

async function within(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}

function makeServer(
  limits: HttpLimits,
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
): Server {
  const server = createServer({
    maxHeaderSize: 8 * 1024,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.headersMs,
    // How often the two limits above are looked at; by default every 30 s.
    connectionsCheckingInterval: Math.min(1_000, limits.headersMs),
  });
  server.maxConnections = limits.connections;
  server.timeout = limits.silenceMs;
  server.on('request', onRequest);
  // A client that asks before it uploads is answered by the same rules, not by a blind "100 Continue".
  server.on('checkContinue', onRequest);
  return server;
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        cause.code === 'EADDRINUSE'
          ? new HttpFault('port-taken', `port ${port} of ${HOST} is taken by another program`, { cause })
          : new HttpFault('port-refused', `cannot listen on port ${port} of ${HOST}`, { cause }),
      ),
    );
    server.listen(port, HOST, () => resolve((server.address() as AddressInfo).port));
  });
}

interface Refusal {
  readonly status: number;
  readonly words: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The rules that need no body. */
function refuse(
  request: IncomingMessage,
  own: { readonly port: number; readonly token: Buffer },
): Refusal | null {
  if (!isOwnHost(request, own.port)) return { status: 403, words: 'this Host is not served here' };
  if (!isOwnOrigin(request)) return { status: 403, words: 'pages of this Origin may not call' };
  if (request.url !== PATH) return { status: 404, words: 'not found' };
  if (!isAuthorised(request, own.token)) {
    const headers = { 'WWW-Authenticate': 'Bearer' };
    return { status: 401, words: 'the bearer token is missing or wrong', headers };
  }
  if (request.method !== 'POST') return { status: 405, words: 'only POST', headers: { Allow: 'POST' } };
  return null;
}

/** The one value of a header; null when it is not there or there twice. */
function only(request: IncomingMessage, header: string): string | null {
  const values = request.headersDistinct[header] ?? [];
  return values.length === 1 ? (values[0] ?? null) : null;
}

function isOwnHost(request: IncomingMessage, port: number): boolean {
  const host = only(request, 'host')?.toLowerCase();
  return host === `${HOST}:${port}` || host === `localhost:${port}`;
}

/** Programs send none. `null`, as a page from a file or a sandbox sends it, is nobody's. */
function isOwnOrigin(request: IncomingMessage): boolean {
  if (request.headersDistinct['origin'] === undefined) return true;
  return /^https?:\/\/(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/i.test(only(request, 'origin') ?? '');
}

/** Digests are of one length and say nothing by the time their comparison takes. */
function isAuthorised(request: IncomingMessage, token: Buffer): boolean {
  const given = /^Bearer +([^\s,]+)$/i.exec(only(request, 'authorization') ?? '')?.[1];
  return timingSafeEqual(digest(given ?? ''), token) && given !== undefined;
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  maxBytes: number,
): Promise<Refusal | { readonly body: unknown } | 'gone'> {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') return { status: 415, words: 'the body must be application/json' };
  const tooLarge = { status: 413, words: `the body has more than ${maxBytes} bytes` };
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return tooLarge;
  if (request.headers.expect !== undefined) response.writeContinue();
  const bytes = await take(request, maxBytes);
  if (bytes === 'gone') return 'gone';
  if (bytes === 'too-large') return tooLarge;
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return { status: 400, words: 'the body is not readable as JSON' };
  }
  // The protocol dropped batches in 2025-06-18; here one of them would be many calls in one turn.
  return Array.isArray(body) ? { status: 400, words: 'one message per request' } : { body };
}

async function take(request: IncomingMessage, maxBytes: number): Promise<Buffer | 'gone' | 'too-large'> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) return 'too-large';
      chunks.push(chunk);
    }
  } catch {
    // The client hung up or was cut off for being slow.
    return 'gone';
  }
  return Buffer.concat(chunks);
}

/** What of the request was not read is not waited for: the connection ends with the answer. */
function turnAway(request: IncomingMessage, response: ServerResponse, refusal: Refusal): void {
  response.setHeader('Connection', 'close');
  response.on('finish', () => request.destroy());
  say(response, refusal.status, refusal.words, refusal.headers);
}

function say(
  response: ServerResponse,
  status: number,
  words: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', ...headers });
  response.end(`${words}\n`);
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  call: { readonly make: (calls: Calls) => McpServer; readonly body: unknown },
): Promise<void> {
  const calls = new Calls();
  const server = call.make(calls);
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
  // The client hung up: the transport would wait for ever.
  const gone = new Promise<void>((resolve) => response.once('close', resolve));
  try {
    await server.connect(transport);
    response.setHeader('Cache-Control', 'no-store');
    await Promise.race([transport.handleRequest(request, response, call.body), gone]);
  } finally {
    await server.close();
    // A tool that is still at work keeps its turn, and `stop` waits for it.
    await calls.idle();
  }
}
