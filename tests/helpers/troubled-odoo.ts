import { once as happens } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** What stands between us and Odoo, and what it does to us. */
export type Trouble =
  /** Passes everything on. */
  | 'none'
  /** The page of a proxy whose Odoo is away, with all that such pages let slip. */
  | 'error-page'
  /** A web site that is not Odoo's. */
  | 'web-site'
  /** Takes every request and answers none. */
  | 'slow';

/** What is done to the next call of one method only. */
export type CallTrouble =
  /** Odoo does not get it, and we get the page of the proxy. */
  | 'not-passed-on'
  /** Odoo does it, and we get the page of the proxy. */
  | 'answer-replaced'
  /** Odoo does it, and the connection breaks. */
  | 'answer-lost'
  /** Odoo does it and answers; from then on there are error pages. */
  | 'error-page-after';

export interface TroubledOdoo {
  /** `http://127.0.0.1:port`, instead of Odoo's own. */
  readonly url: string;
  trouble: Trouble;
  /** @param method of the API, e.g. `action_post` */
  once(method: string, what: CallTrouble): void;
  /** How often a method was asked for, whatever became of it. */
  asked(method: string): number;
  stop(): Promise<void>;
}

/** What must never come before a bookkeeper: it stands in the pages that this one sends. */
export const LET_SLIP = ['db.internal', 'nginx/1.22.1', 'Traceback', 'psycopg2', 's3cret-of-the-proxy'];

const PAGE = `<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center>
<pre>Traceback (most recent call last):
  File "/usr/lib/python3/dist-packages/odoo/sql_db.py", line 757, in borrow
psycopg2.OperationalError: connection to server at "db.internal" (10.1.2.3), port 5432 failed
password=s3cret-of-the-proxy
</pre><hr><center>nginx/1.22.1</center></body></html>`;
const SITE = '<!DOCTYPE html><html><head><title>Welcome</title></head><body>A shop.</body></html>';

const PAGES = { 'error-page': [502, PAGE], 'web-site': [200, SITE] } as const;

/** A proxy in front of a real Odoo that can go wrong as real ones do. */
export async function troubledOdoo(odoo: string): Promise<TroubledOdoo> {
  const next = new Map<string, CallTrouble>();
  const asked = new Map<string, number>();
  const proxy = {
    trouble: 'none' as Trouble,
    once: (method: string, what: CallTrouble) => void next.set(method, what),
    asked: (method: string) => asked.get(method) ?? 0,
  };
  const handle = async (incoming: IncomingMessage, answer: ServerResponse): Promise<void> => {
    const body = await buffer(incoming);
    const method = incoming.url?.split('/').at(-1) ?? '';
    asked.set(method, proxy.asked(method) + 1);
    if (proxy.trouble === 'slow') return;
    if (proxy.trouble !== 'none') {
      page(answer, proxy.trouble);
      return;
    }
    const once = next.get(method);
    next.delete(method);
    const said = once === 'not-passed-on' ? null : await passOn(odoo, incoming, body);
    if (said === null || once === 'answer-replaced') {
      page(answer, 'error-page');
      return;
    }
    if (once === 'answer-lost') {
      incoming.socket.destroy();
      return;
    }
    if (once === 'error-page-after') proxy.trouble = 'error-page';
    answer.writeHead(said.status, { 'content-type': said.contentType, 'content-length': said.body.length });
    answer.end(said.body);
  };
  const server = createServer((incoming, answer) => {
    handle(incoming, answer).catch(() => incoming.socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await happens(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return Object.assign(proxy, {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await happens(server, 'close');
    },
  });
}

function page(answer: ServerResponse, which: keyof typeof PAGES): void {
  const [status, html] = PAGES[which];
  answer.writeHead(status, { 'content-type': 'text/html' }).end(html);
}

async function passOn(odoo: string, incoming: IncomingMessage, body: Buffer) {
  const headers = { ...incoming.headers, connection: 'close' };
  const out = request(`${odoo}${incoming.url ?? ''}`, { method: incoming.method, headers, agent: false });
  out.end(body);
  const [said] = (await happens(out, 'response')) as [IncomingMessage];
  return {
    status: said.statusCode ?? 0,
    contentType: said.headers['content-type'] ?? '',
    body: await buffer(said),
  };
}
