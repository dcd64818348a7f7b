import { connect, createServer, type Server, type Socket } from 'node:net';

/** What goes wrong on the way, in the order in which a submission meets it. */
export type WireFault =
  | 'drop-at-greeting'
  | `greet-${number}`
  | 'tls-broken' // 220 to STARTTLS, then no handshake but noise
  | 'drop-at-rcpt'
  | 'drop-before-354'
  | 'data-451' // DATA itself refused
  | 'data-554'
  | 'drop-in-body'
  | 'drop-at-dot' // the last bytes never arrive: the server has no mail
  | 'drop-after-dot' // the server took the mail, its answer never arrives
  | 'silence-after-dot' // the same, but the line stays open
  | 'garbage-after-dot'
  | 'drop-at-quit';

const END_OF_MAIL = '\r\n.\r\n';

/**
 * A man in the middle between client and SMTP server who cuts or garbles at one point. The server
 * behind it is real and does not know; so "taken, but the answer was lost" is exactly that.
 * `accept` is asked once per connection; `seenAs` tells it the port that the server will see.
 */
export function smtpWire(
  upstreamPort: number,
  accept: () => { fault: WireFault | undefined; seenAs: (port: number) => void },
): Server {
  // Without noDelay the final dot waits 40 ms for the receiver's delayed acknowledgement of the body.
  return createServer({ noDelay: true }, (client) => {
    const { fault, seenAs } = accept();
    if (fault === 'drop-at-greeting') return void client.destroy();
    if (fault?.startsWith('greet-')) return void client.end(`${fault.slice(6)} not now\r\n`);
    const server = connect({ port: upstreamPort, host: '127.0.0.1', noDelay: true });
    server.once('connect', () => seenAs(server.localPort ?? 0));
    const line = { client, server, fault, sent: '', inBody: false, ended: false };
    server.on('data', (chunk) => fromServer(line, chunk));
    client.on('data', (chunk) => fromClient(line, chunk));
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
}

interface Line {
  readonly client: Socket;
  readonly server: Socket;
  readonly fault: WireFault | undefined;
  /** The last few bytes from the client, to see the end of the mail across chunks. */
  sent: string;
  inBody: boolean;
  ended: boolean;
}

function fromServer(line: Line, chunk: Buffer): void {
  const { client, fault } = line;
  const text = chunk.toString('latin1');
  const goAhead = text.search(/^354/m);
  if (line.ended && line.inBody) afterDot(line, chunk);
  else if (goAhead >= 0 && fault === 'drop-before-354') cut(line);
  else if (goAhead >= 0 && (fault === 'data-451' || fault === 'data-554')) {
    const code = fault.slice(5);
    client.write(`${text.slice(0, goAhead)}${code} refused at DATA\r\n`, 'latin1');
    answerAlways(client, '221 bye\r\n');
  } else {
    line.inBody ||= goAhead >= 0;
    client.write(chunk);
  }
}

function afterDot(line: Line, answer: Buffer): void {
  if (line.fault === 'drop-after-dot') cut(line);
  else if (line.fault !== 'silence-after-dot') {
    line.inBody = false;
    line.client.write(line.fault === 'garbage-after-dot' ? 'what is this?\r\n' : answer);
  }
}

function fromClient(line: Line, chunk: Buffer): void {
  const { server, client, fault, inBody } = line;
  const text = chunk.toString('latin1');
  if (inBody) {
    line.sent = (line.sent + text).slice(-END_OF_MAIL.length);
    line.ended = line.sent === END_OF_MAIL;
  }
  const commands = inBody ? '' : text;
  if (inBody && fault === 'drop-in-body') server.write(chunk.subarray(0, chunk.length / 2), () => cut(line));
  else if (inBody && line.ended && fault === 'drop-at-dot') cut(line);
  else if (/^RCPT /im.test(commands) && fault === 'drop-at-rcpt') cut(line);
  else if (/^QUIT/im.test(commands) && fault === 'drop-at-quit') cut(line);
  else if (/^STARTTLS/im.test(commands) && fault === 'tls-broken') {
    client.write('220 ready\r\n');
    answerAlways(client, 'this is no TLS handshake\r\n');
  } else server.write(chunk);
}

/** The server behind is out of the play: whatever the client says, this is the answer. */
function answerAlways(client: Socket, answer: string): void {
  client.removeAllListeners('data');
  client.on('data', () => client.write(answer));
}

function cut(line: Line): void {
  line.client.destroy();
  line.server.destroy();
}
