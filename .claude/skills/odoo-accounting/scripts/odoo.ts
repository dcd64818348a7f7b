/**
 * Odoo at the command line, for an assistant: one call of one tool of odoo-mcp, JSON out.
 *
 *   node --import tsx .claude/skills/odoo-accounting/scripts/odoo.ts operations
 *   node --import tsx .claude/skills/odoo-accounting/scripts/odoo.ts find-partners --query "Anna Example"
 *
 * It holds no key and knows no operation: it starts odoo-mcp, asks it what it offers, and hands the call on. What
 * odoo-mcp does not offer cannot be done here; ../SKILL.md tells what that is.
 *
 * Exit: 0 done; 1 Odoo or odoo-mcp could not do it; 2 asked wrongly; 3 not posted; 78 not set up. On 1, 2 and 78
 * stderr has one line of JSON: {"error": "..."}.
 */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { CallToolResult, Tool } from '@modelcontextprotocol/sdk/types.js';
import { join, resolve } from 'node:path';
import { type Asked, argumentsOf, readCommand, UsageFault } from './command.ts';

const ROOT = join(import.meta.dirname, '../../../..');
/** A post is several calls to Odoo, each with a deadline of its own. */
const CALL_MS = 6 * 60_000;
const EXIT = { done: 0, failed: 1, usage: 2, notPosted: 3, config: 78 } as const;
/** More tools than this no server of ours has. */
const PAGES = 10;

/** Its message is what odoo-mcp said before it ended. */
class NotThere extends Error {}

async function main(): Promise<number> {
  const asked = await readCommand(process.argv.slice(2));
  const client = await connect(asked);
  try {
    const tools = await listTools(client);
    if (asked.operation === 'operations') return print(tools.map((tool) => described(tool, asked.schema)));
    const name = asked.operation.replaceAll('-', '_');
    const tool = tools.find((one) => one.name === name);
    if (tool === undefined) throw new UsageFault(`${name} is not offered here; see: operations`);
    const args = await argumentsOf(tool, asked);
    const result = await client.callTool({ name, arguments: args }, undefined, { timeout: CALL_MS });
    return answered(name, result as CallToolResult);
  } finally {
    await client.close();
  }
}

/** The laptop's odoo-mcp, or the cloud's. Which tools it has is its configuration's say: `--draft` only takes away. */
async function connect({ at, draft }: Asked): Promise<Client> {
  const main = at === 'cloud' ? ['src/cloud/odoo-mcp.main.ts', '--stdio'] : ['src/local/odoo-mcp.main.ts'];
  const inherited = Object.entries(process.env).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value] as const],
  );
  const file = process.env['ENV_FILE'];
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: ['--import', 'tsx', ...main],
    cwd: ROOT,
    stderr: 'pipe',
    env: {
      ...Object.fromEntries(inherited),
      ...(file === undefined ? {} : { ENV_FILE: resolve(file) }),
      ...(draft ? { ODOO_MODE: 'draft' } : {}),
    },
  });
  let said = '';
  transport.stderr?.on('data', (chunk: Buffer) => (said = `${said}${String(chunk)}`.slice(-4000)));
  const client = new Client({ name: 'handover-odoo-skill', version: '0.1.0' });
  try {
    await client.connect(transport);
  } catch {
    throw new NotThere(said.trim() === '' ? 'odoo-mcp did not come up' : said.trim());
  }
  return client;
}

async function listTools(client: Client): Promise<Tool[]> {
  const tools: Tool[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < PAGES; page++) {
    const { tools: some, nextCursor } = await client.listTools(cursor === undefined ? {} : { cursor });
    tools.push(...some);
    if (nextCursor === undefined) break;
    cursor = nextCursor;
  }
  return tools;
}

function described({ name, title, description, inputSchema, annotations }: Tool, schema: boolean): object {
  const short = { operation: name.replaceAll('_', '-'), title, description };
  return schema ? { ...short, readOnly: annotations?.readOnlyHint === true, inputSchema } : short;
}

function answered(name: string, { isError, content, structuredContent }: CallToolResult): number {
  if (isError === true) {
    const words = content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join(' ');
    return complain(words === '' ? `${name} failed` : words, EXIT.failed);
  }
  if (structuredContent === undefined) return complain(`${name} gave no data`, EXIT.failed);
  print(structuredContent);
  const posted = name !== 'post_approved' || structuredContent['result'] === 'posted';
  return posted ? EXIT.done : EXIT.notPosted;
}

function print(data: unknown): number {
  process.stdout.write(`${JSON.stringify(data, null, 2)}\n`);
  return EXIT.done;
}

function complain(error: string, code: number): number {
  process.stderr.write(`${JSON.stringify({ error })}\n`);
  return code;
}

function explained(error: unknown): number {
  if (error instanceof UsageFault) return complain(error.message, EXIT.usage);
  if (error instanceof NotThere) {
    return complain(error.message, error.message.includes('configuration:') ? EXIT.config : EXIT.failed);
  }
  return complain(error instanceof Error ? error.message : String(error), EXIT.failed);
}

process.exitCode = await main().catch(explained);
