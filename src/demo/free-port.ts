import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below the ports that systems give to outgoing connections (49152 up by RFC 6335, 32768 up on Linux): a port
 * that the system picks for `listen(0)` is one of those, and by the time a server takes it, a connection of
 * somebody else may have it.
 */
const [FIRST, LAST] = [10_240, 32_767];
const given = new Set<number>();

/**
 * A TCP port on 127.0.0.1 that was free a moment ago and that this process was not given before.
 * @throws when a hundred in a row were taken
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = randomInt(FIRST, LAST + 1);
    if (given.has(port) || !(await canListen(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error('no free port on 127.0.0.1');
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
