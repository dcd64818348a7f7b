/** What the demo shows: plain lines, colour only where a person looks at a terminal. */
export interface Screen {
  /** A numbered step: what happens now. */
  step(title: string): void;
  line(text?: string): void;
  /** A name and what is to say about it, in columns. */
  item(name: string, text: string): void;
  /** A file's or a mail's text, marked at the left, cut after `max` lines; long lines go on in the next. */
  quote(text: string, max?: number): void;
  /** What the user is asked to do now. */
  ask(lines: readonly string[]): void;
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
/** The longest folder. */
const NAME_WIDTH = 24;
/** Of one line of a text; a stranger can write a line without an end. */
const MAX_ROWS = 4;

/** SGR parameters (ECMA-48, 8.3.117). */
const STYLE = {
  step: '1;36',
  name: '1',
  dim: '2',
  ask: '1;33',
  heading: '1',
  callout: '33',
  good: '1;32',
  bad: '1;31',
} as const;

export function screenOn(output: Output): Screen {
  const colours = output.isTTY === true && (output.hasColors?.() ?? false);
  const paint = (style: keyof typeof STYLE | null, text: string): string =>
    colours && style !== null ? `\x1b[${STYLE[style]}m${text}\x1b[0m` : text;
  const width = Math.min(output.columns ?? WIDTH, 160);
  const line = (text = ''): void => void output.write(`${text}\n`);
  const marked = (style: keyof typeof STYLE | null, text: string): void =>
    line(`   ${paint('dim', '│')} ${paint(style, text)}`.trimEnd());
  let steps = 0;
  return {
    step: (title) => {
      steps += 1;
      line();
      line(paint('step', `${steps}. ${title}`));
    },
    line: (text = '') => line(text === '' ? '' : `   ${text}`),
    item: (name, text) => line(`   ${paint('name', name.padEnd(NAME_WIDTH))} ${text}`),
    quote: (text, max = 40) => {
      const lines = text.trimEnd().split(/\r?\n/);
      for (const part of lines.slice(0, max)) {
        const style = styleOf(part);
        for (const row of rowsOf(printable(part), width - 5)) marked(style, row);
      }
      if (lines.length > max) marked('dim', `… ${lines.length - max} more lines`);
    },
    ask: (lines) => {
      line();
      for (const text of lines) line(`   ${paint('ask', '▌')} ${text}`.trimEnd());
      line();
    },
    verdict: (right, text) => line(`   ${right ? paint('good', 'yes') : paint('bad', 'NO ')}  ${text}`),
  };
}

/** As Obsidian would set it apart. */
function styleOf(line: string): 'heading' | 'callout' | 'dim' | null {
  if (/^#{1,6} /.test(line)) return 'heading';
  if (/^> \[!/.test(line)) return 'callout';
  return /^(> ?~~~|---$)/.test(line) ? 'dim' : null;
}

/** A mail's text goes to the terminal: no escape sequence of a stranger may steer it. */
function printable(text: string): string {
  return text.replaceAll('\t', '    ').replace(/[\p{Cc}\p{Cf}]/gu, '?');
}

/** Broken between words where it can be; what goes on is set in, under the text of a quotation or a list. */
function rowsOf(text: string, width: number): string[] {
  const indent = /^(?:> ?|- )?/.exec(text)?.[0].replace('-', ' ') ?? '';
  const rows: string[] = [];
  let rest = Array.from(text);
  while (rest.length > width && rows.length < MAX_ROWS - 1) {
    const space = rest.lastIndexOf(' ', width);
    const at = space > width / 2 ? space : width;
    rows.push(rest.slice(0, at).join('').trimEnd());
    rest = [...Array.from(indent), ...rest.slice(space > width / 2 ? at + 1 : at)];
  }
  rows.push(rest.length <= width ? rest.join('') : `${rest.slice(0, Math.max(width - 1, 1)).join('')}…`);
  return rows;
}
