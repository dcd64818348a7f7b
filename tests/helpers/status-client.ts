import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { onTestFinished } from 'vitest';
import type { z } from 'zod';
import type { StatusDeps } from '../../src/mcp/status/status-deps.ts';
import { statusMcp } from '../../src/mcp/status/status-mcp-server.ts';
import { Calls } from '../../src/mcp/tool.ts';

/** As much of a tool as it takes to ask it and to know what it answers. */
interface Asked<Output extends z.ZodType> {
  readonly name: string;
  readonly output: Output;
}

export interface StatusClient {
  readonly client: Client;
  /** What tools threw. */
  readonly errors: unknown[];
  /** Rejects with what the client hears when the tool fails. */
  ask<O extends z.ZodType>(tool: Asked<O>, args?: Record<string, unknown>): Promise<z.output<O>>;
}

/** The SDK's own client, connected with status-mcp in this process. */
export async function statusClient(deps: StatusDeps): Promise<StatusClient> {
  const errors: unknown[] = [];
  const server = statusMcp(deps, new Calls(), (_tool, error) => errors.push(error));
  const [ours, theirs] = InMemoryTransport.createLinkedPair();
  const client = new Client({ name: 'test', version: '1' });
  await Promise.all([server.connect(theirs), client.connect(ours)]);
  onTestFinished(() => client.close());
  return { client, errors, ask: (tool, args = {}) => askTool(client, tool, args) };
}

/** Every page, from the first to the last. */
export async function allPages<P extends { readonly next: string | null }>(
  page: (cursor: Record<string, unknown>) => Promise<P>,
): Promise<P[]> {
  const pages: P[] = [await page({})];
  for (let next = pages[0]?.next ?? null; next !== null; next = pages.at(-1)?.next ?? null) {
    pages.push(await page({ cursor: next }));
  }
  return pages;
}

export async function askTool<O extends z.ZodType>(
  client: Client,
  tool: Asked<O>,
  args: Record<string, unknown> = {},
): Promise<z.output<O>> {
  const result = await client.callTool({ name: tool.name, arguments: args });
  if (result.isError === true) throw new Error(JSON.stringify(result.content));
  return tool.output.parse(result.structuredContent);
}
