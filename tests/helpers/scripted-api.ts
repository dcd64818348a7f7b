import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** What a scripted API does with one call. */
export type Answer =
  | { readonly status?: number; readonly json: unknown }
  | { readonly status?: number; readonly text: string }
  | 'hang'
  | 'reset'
  | { readonly write: (response: ServerResponse) => void };
type Script = Answer | ((call: URL) => Answer | Promise<Answer>);

export interface ScriptedApi {
  readonly url: string;
  /** `METHOD path?query` of each call, in order. */
  readonly calls: string[];
  /** From now on for paths that begin with `path` (`/rest/…`); the latest rule that fits wins. */
  on(path: string, answer: Script): void;
  /** Nobody listens any more, and every connection is cut. */
  down(): Promise<void>;
  /** The same port again. */
  up(): Promise<void>;
}

/** A server on 127.0.0.1 that answers as Syncthing would, or as no Syncthing should. */
export async function scriptedApi(): Promise<ScriptedApi & { close(): Promise<void> }> {
  const rules: { path: string; script: Script }[] = [];
  const calls: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    calls.push(`${request.method} ${request.url}`);
    const rule = rules.findLast(({ path }) => url.pathname.startsWith(path));
    const script = rule?.script ?? { status: 404, text: 'no such script' };
    void Promise.resolve(typeof script === 'function' ? script(url) : script).then((answer) =>
      give(answer, request, response),
    );
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const down = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    on: (path, script) => void rules.push({ path, script }),
    down,
    up: async () => {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
    close: down,
  };
}

function give(answer: Answer, request: IncomingMessage, response: ServerResponse): void {
  if (answer === 'hang') return;
  if (answer === 'reset') return void request.socket.destroy();
  if ('write' in answer) return answer.write(response);
  response.statusCode = answer.status ?? 200;
  response.end('json' in answer ? JSON.stringify(answer.json) : answer.text);
}
