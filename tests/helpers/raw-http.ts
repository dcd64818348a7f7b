import { connect } from 'node:net';

export interface RawAnswer {
  /** 0 when the server closed without a word. */
  readonly status: number;
  /** Everything that came, status line and headers included. */
  readonly text: string;
}

/**
 * Sends these bytes, exactly, and gives what comes until the server ends the connection. `then` gets what
 * came so far whenever more comes, and may send more.
 */
export function rawHttp(
  port: number,
  bytes: string | Buffer,
  options: {
    readonly host?: string;
    readonly then?: (send: (more: string) => void, sofar: string) => void;
    /** Ends the connection from our side after one whole answer, where the server would keep it. */
    readonly once?: boolean;
  } = {},
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: options.host ?? '127.0.0.1' });
    let text = '';
    socket.on('connect', () => socket.write(bytes));
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (options.once === true && isWhole(text)) socket.end();
      options.then?.((more) => socket.write(more), text);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // It may end a connection before we have said everything.
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
    });
    socket.on('close', () => {
      const finals = [...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map((m) => Number(m[1]));
      resolve({ status: finals.at(-1) ?? 0, text });
    });
  });
}

function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  const length = Number(/^content-length: (\d+)/im.exec(text)?.[1] ?? Number.NaN);
  if (end < 0) return false;
  return Number.isNaN(length) ? text.endsWith('0\r\n\r\n') : text.length >= end + 4 + length;
}
