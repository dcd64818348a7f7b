import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ModelCall {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
}

/** What the server does with one call: an answer in the wire format that was asked for, or trouble. */
export type ModelTurn =
  | { readonly answer: unknown }
  | { readonly text: string }
  | { readonly status: number; readonly headers?: Record<string, string> }
  | { readonly redirect: string }
  | 'hang'
  | 'hang-in-body'
  | 'drop'
  | 'endless';

export interface ModelServer {
  readonly url: string;
  readonly calls: readonly ModelCall[];
  /** What the next calls get, in order; the last one is repeated. */
  script(...turns: readonly ModelTurn[]): void;
  close(): Promise<void>;
}

/** Speaks Anthropic's messages and OpenAI's chat completions on 127.0.0.1, as the providers document them. */
export async function startModelServer(): Promise<ModelServer> {
  const calls: ModelCall[] = [];
  let turns: ModelTurn[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, unknown>;
      const call = { path: request.url ?? '', headers: request.headers, body };
      calls.push(call);
      const turn = turns.length > 1 ? turns.shift() : turns[0];
      if (turn === undefined) throw new Error('the model server has no script');
      play(turn, call, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    calls,
    script: (...next) => {
      turns = [...next];
      calls.length = 0;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function play(turn: ModelTurn, call: ModelCall, response: ServerResponse): void {
  if (turn === 'hang') return;
  if (turn === 'drop') return void response.destroy();
  if (turn === 'hang-in-body')
    return void response.writeHead(200, { 'content-type': 'application/json' }).write('{"id":');
  if (turn === 'endless') return pour(response);
  if ('redirect' in turn) return void response.writeHead(307, { location: turn.redirect }).end();
  if ('status' in turn) {
    response.writeHead(turn.status, { 'content-type': 'application/json', ...turn.headers });
    // A server that repeats what it was sent, key included: none of it may reach a card.
    const message = `secret ${call.headers.authorization ?? ''} ${String(call.headers['x-api-key'])}`;
    return void response.end(JSON.stringify({ type: 'error', error: { type: 'x', message } }));
  }
  const text = 'text' in turn ? turn.text : JSON.stringify(turn.answer);
  const body = call.path.endsWith('/messages') ? anthropic(call, text) : openai(text);
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** A JSON answer that never ends, as fast as the other side reads. */
function pour(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('{"id":"');
  const block = 'x'.repeat(65_536);
  const more = () => {
    while (!response.destroyed && response.write(block));
  };
  response.on('drain', more);
  more();
}

function anthropic(call: ModelCall, text: string): unknown {
  // Models without native structured output are asked through a forced tool named `json`.
  const asTool = Array.isArray(call.body['tools']);
  return {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: call.body['model'],
    content: asTool
      ? [{ type: 'tool_use', id: 'tool_1', name: 'json', input: JSON.parse(text) as unknown }]
      : [{ type: 'text', text }],
    stop_reason: asTool ? 'tool_use' : 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 10, output_tokens: 10 },
  };
}

function openai(text: string): unknown {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'local',
    choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 },
  };
}
