import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { ToolAnnotations } from '@modelcontextprotocol/sdk/types.js';
import type { z } from 'zod';
import { visibleText } from '../core/neutralise.ts';

/** One tool: what goes in and out is strict (an unknown key is an error, not ignored), and why it may be called. */
export interface Tool<Input extends z.ZodObject, Output extends z.ZodObject, Deps> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly input: Input;
  readonly output: Output;
  readonly annotations: ToolAnnotations;
  run(input: z.output<Input>, deps: Deps): Promise<z.input<Output>>;
}

export interface ToolHost<Deps> {
  readonly server: McpServer;
  readonly deps: Deps;
  /** Told of everything a tool threw; the client only hears the code, and what `words` gives. */
  readonly onError: (tool: string, error: unknown) => void;
  /** What a fault says to the reader, where it was made to be read; null: nothing but its code. */
  readonly words?: ((error: unknown) => string | null) | undefined;
  readonly calls: Calls;
}

/** The calls under way: a process leaves when there are none. */
export class Calls {
  #running = 0;
  #waiting: (() => void)[] = [];

  async during<T>(call: () => Promise<T>): Promise<T> {
    this.#running++;
    try {
      return await call();
    } finally {
      this.#running--;
      if (this.#running === 0) for (const resolve of this.#waiting.splice(0)) resolve();
    }
  }

  async idle(): Promise<void> {
    if (this.#running > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

export function register<Input extends z.ZodObject, Output extends z.ZodObject, Deps>(
  tool: Tool<Input, Output, Deps>,
  host: ToolHost<Deps>,
): void {
  const { name, title, description, input, output, annotations } = tool;
  const config = {
    title,
    description,
    inputSchema: input as z.ZodObject,
    outputSchema: output as z.ZodObject,
    annotations,
  };
  host.server.registerTool(name, config, (args: unknown) =>
    host.calls.during(async () => {
      try {
        const result = await tool.run(input.parse(args), host.deps);
        return {
          content: [{ type: 'text' as const, text: JSON.stringify(result) }],
          structuredContent: result,
        };
      } catch (error) {
        host.onError(name, error);
        // The message may hold a path or a server's words; the SDK would pass it on as it is (measured).
        return {
          isError: true,
          content: [{ type: 'text' as const, text: failure(name, error, host.words?.(error) ?? null) }],
        };
      }
    }),
  );
}

const MAX_WORDS = 500;

/** `<tool> failed: <code>` and, after another colon, one line of words; read back by tool-fault.ts. */
function failure(tool: string, error: unknown, words: string | null): string {
  const said = `${tool} failed: ${codeOf(error)}`;
  if (words === null) return said;
  const line = visibleText(words).text.replace(/\s+/g, ' ').trim();
  return line === '' ? said : `${said}: ${line.slice(0, MAX_WORDS)}`;
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[\w-]{1,60}$/.test(code) ? code : 'internal error';
}
