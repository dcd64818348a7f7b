import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import type { Calls } from './tool.ts';

/**
 * Serves on stdin and stdout until stdin ends or a signal comes, then finishes what is under way. The
 * client may be dead by then (SIGKILL): its answer goes nowhere, but an effect that began is recorded.
 */
export async function serveStdio(server: McpServer, calls: Calls): Promise<void> {
  // EPIPE: nobody reads our answers any more.
  process.stdout.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => {
    for (const event of ['end', 'close', 'error'] as const) process.stdin.once(event, () => resolve());
    // PM2 signals the whole process tree: the attempt under way comes first.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
  await server.connect(new StdioServerTransport());
  await ended;
  await calls.idle();
}
