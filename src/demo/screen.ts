/** What the demo shows: plain lines, colour only where a person looks at a terminal. */
export interface Screen {
  /** A numbered step: what happens now. */
  step(title: string): void;
  line(text?: string): void;
  /** A name and what is to say about it, in columns. */
  item(name: string, text: string): void;
  /** A file's or a mail's text, marked at the left, cut after `max` lines. */
  quote(text: string, max?: number): void;
  verdict(right: boolean, text: string): void;
}

export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  /** Node's own answer, which knows NO_COLOR and dumb terminals. */
  hasColors?(): boolean;
  write(text: string): unknown;
}

const WIDTH = 100;

export function screenOn(output: Output): Screen {
  const colours = output.isTTY === true && (output.hasColors?.() ?? false);
  const paint = (code: string, text: string): string => (colours ? `\x1b[${code}m${text}\x1b[0m` : text);
  const width = Math.min(output.columns ?? WIDTH, 160);
  const line = (text = ''): void => void output.write(`${text}\n`);
  let steps = 0;
  return {
    step: (title) => {
      steps += 1;
      line();
      line(paint('1;36', `${steps}. ${title}`));
    },
    line: (text = '') => line(text === '' ? '' : `   ${text}`),
    item: (name, text) => line(`   ${paint('1', name.padEnd(22))} ${text}`),
    quote: (text, max = 40) => {
      const lines = text.trimEnd().split(/\r?\n/);
      for (const part of lines.slice(0, max))
        line(`   ${paint('2', '│')} ${cut(printable(part), width - 6)}`);
      if (lines.length > max) line(`   ${paint('2', `│ … ${lines.length - max} more lines`)}`);
    },
    verdict: (right, text) => line(`   ${right ? paint('1;32', 'yes') : paint('1;31', 'NO ')}  ${text}`),
  };
}

/** A mail's text goes to the terminal: no escape sequence of a stranger may steer it. */
function printable(text: string): string {
  return text.replaceAll('\t', '    ').replace(/[\p{Cc}\p{Cf}]/gu, '?');
}

function cut(text: string, width: number): string {
  const characters = Array.from(text);
  return characters.length <= width ? text : `${characters.slice(0, Math.max(width - 1, 1)).join('')}…`;
}
