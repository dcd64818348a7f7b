/** The words of a command line, made into the arguments of a tool by that tool's own schema. */
import type { Tool } from '@modelcontextprotocol/sdk/types.js';
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';

/** Asked wrongly; the words are for the one who asked. */
export class UsageFault extends Error {}

export interface Asked {
  /** `operations`, or the name of a tool with `-` or `_`. */
  readonly operation: string;
  readonly at: 'laptop' | 'cloud';
  readonly draft: boolean;
  /** With `operations`: the schemas as well. */
  readonly schema: boolean;
  /** Arguments as JSON, from a file or from standard input. */
  readonly input: Readonly<Record<string, unknown>>;
  /** A file to attach. */
  readonly file: string | null;
  /** Every other `--name value`. */
  readonly options: ReadonlyMap<string, string>;
}

const MAX_INPUT_BYTES = 1_000_000;
/** What odoo-mcp takes. */
const MAX_FILE_BYTES = 5_000_000;
const USAGE =
  'odoo.ts operations [--schema] | <operation> [--name value ...] [--input FILE|-] [--file FILE] [--draft] [--at laptop|cloud]';

export async function readCommand(words: readonly string[]): Promise<Asked> {
  const [operation, ...rest] = words;
  if (operation === undefined || operation.startsWith('-')) throw new UsageFault(USAGE);
  const options = readOptions(rest);
  const take = (name: string): string | null => {
    const value = options.get(name) ?? null;
    options.delete(name);
    return value;
  };
  const [at, input, file] = [take('at') ?? 'laptop', take('input'), take('file')];
  const [draft, schema] = [take('draft') === '', take('schema') === ''];
  if (at !== 'laptop' && at !== 'cloud') throw new UsageFault('--at: laptop or cloud');
  return { operation, at, draft, schema, file, options, input: input === null ? {} : await readInput(input) };
}

/** `--name value`, `--name=value`, and `--name` alone, which is empty. */
function readOptions(words: readonly string[]): Map<string, string> {
  const options = new Map<string, string>();
  for (let at = 0; at < words.length; at++) {
    const match = /^--([a-z][a-z_-]*)(?:=(.*))?$/s.exec(words[at] ?? '');
    if (match?.[1] === undefined) throw new UsageFault(`not understood: ${words[at] ?? ''}. ${USAGE}`);
    const name = match[1].replaceAll('-', '_');
    if (options.has(name)) throw new UsageFault(`--${match[1]} twice`);
    const next = words[at + 1];
    const separate = match[2] === undefined && next !== undefined && !next.startsWith('--');
    if (separate) at++;
    options.set(name, match[2] ?? (separate ? next : ''));
  }
  return options;
}

async function readInput(from: string): Promise<Record<string, unknown>> {
  const bytes = from === '-' ? await readStandardInput() : await readLimited(from, MAX_INPUT_BYTES);
  let data: unknown;
  try {
    data = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new UsageFault('--input: not JSON');
  }
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    throw new UsageFault('--input: not a JSON object');
  }
  return data as Record<string, unknown>;
}

async function readStandardInput(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_INPUT_BYTES) throw new UsageFault(`--input: more than ${MAX_INPUT_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function readLimited(path: string, limit: number): Promise<Buffer> {
  const found = await stat(path).catch(() => null);
  if (found === null || !found.isFile()) throw new UsageFault(`no file: ${path}`);
  if (found.size > limit) throw new UsageFault(`${path}: more than ${limit} bytes`);
  return readFile(path);
}

interface Property {
  readonly type?: string;
  readonly items?: { readonly type?: string };
}

/** `--input` first, then the options over it. @throws {UsageFault} for a name that the tool does not have */
export async function argumentsOf(tool: Tool, asked: Asked): Promise<Record<string, unknown>> {
  const properties = (tool.inputSchema.properties ?? {}) as Readonly<Record<string, Property>>;
  const args: Record<string, unknown> = { ...asked.input };
  if (asked.file !== null) {
    if (!('base64' in properties)) throw new UsageFault(`${tool.name} takes no file`);
    args['name'] = basename(asked.file);
    args['base64'] = (await readLimited(asked.file, MAX_FILE_BYTES)).toString('base64');
  }
  for (const [name, value] of asked.options) {
    const property = properties[name];
    if (property === undefined) {
      throw new UsageFault(`${tool.name} has no ${name}; it has: ${Object.keys(properties).join(', ')}`);
    }
    args[name] = valueOf(name, property, value);
  }
  return args;
}

/** The server judges the value; here it only gets its type. */
function valueOf(name: string, property: Property, value: string): unknown {
  switch (property.type) {
    case 'integer':
    case 'number':
      return numberOf(name, value);
    case 'boolean':
      if (!['', 'true', 'false'].includes(value)) throw new UsageFault(`--${name}: true or false`);
      return value !== 'false';
    case 'array':
      if (property.items?.type === 'object') throw new UsageFault(`${name}: give it as JSON with --input`);
      return value
        .split(',')
        .map((one) => (property.items?.type === 'integer' ? numberOf(name, one) : one.trim()));
    default:
      return value;
  }
}

function numberOf(name: string, value: string): number {
  if (!/^\s*-?\d+(\.\d+)?\s*$/.test(value)) throw new UsageFault(`--${name}: a number`);
  return Number(value);
}
