import { LIMITS } from './limits.ts';

/**
 * One command as it came: text with its literals between, `a APPEND x ` + <bytes> + ``. Text is held as
 * latin1, one character per byte, so that no byte is lost on the way in or out.
 */
export type CommandParts = readonly (string | Buffer)[];

export type Feed =
  | { readonly kind: 'command'; readonly parts: CommandParts }
  /** A synchronising literal is announced: the client waits for `+`. */
  | { readonly kind: 'continue' }
  | { readonly kind: 'too-big'; readonly what: string };

/**
 * Cuts the byte stream into commands (RFC 3501 section 4.3: a line may end in `{n}`, then n bytes
 * follow and the line goes on; RFC 7888: `{n+}` does not wait). After `too-big` the stream cannot be
 * trusted any more and the connection has to end.
 */
export class CommandReader {
  private buffered: Buffer = Buffer.alloc(0);
  private parts: (string | Buffer)[] = [];
  private literalLeft = 0;
  private size = 0;
  private readonly maxLiteral: () => number;

  constructor(maxLiteral: () => number) {
    this.maxLiteral = maxLiteral;
  }

  push(chunk: Buffer): void {
    this.buffered = this.buffered.length === 0 ? chunk : Buffer.concat([this.buffered, chunk]);
  }

  next(): Feed | null {
    if (this.literalLeft > 0) {
      if (this.buffered.length < this.literalLeft) return null;
      this.parts.push(this.buffered.subarray(0, this.literalLeft));
      this.buffered = this.buffered.subarray(this.literalLeft);
      this.literalLeft = 0;
    }
    const end = this.buffered.indexOf('\n');
    if ((end < 0 ? this.buffered.length : end) + this.size > LIMITS.lineBytes)
      return { kind: 'too-big', what: 'line' };
    if (end < 0) return null;
    const line = this.buffered.toString('latin1', 0, end).replace(/\r$/, '');
    this.buffered = this.buffered.subarray(end + 1);
    return this.line(line);
  }

  private line(line: string): Feed | null {
    const literal = /\{(\d{1,10})(\+?)\}$/.exec(line);
    this.size += line.length;
    if (!literal) {
      const parts = [...this.parts, line];
      this.parts = [];
      this.size = 0;
      return { kind: 'command', parts };
    }
    this.literalLeft = Number(literal[1]);
    if (this.literalLeft > this.maxLiteral()) return { kind: 'too-big', what: 'literal' };
    this.parts.push(line.slice(0, literal.index));
    if (this.literalLeft === 0) this.parts.push(Buffer.alloc(0));
    return literal[2] === '' ? { kind: 'continue' } : this.next();
  }
}
