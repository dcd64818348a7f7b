/** Colour for people; identity wherever nobody looks or NO_COLOR asks for none (https://no-color.org). */
import { styleText } from 'node:util';

export interface Paint {
  readonly good: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly strong: (text: string) => string;
}

type Style = Parameters<typeof styleText>[0];

// Whether the stream takes colour was asked before; newer Nodes would ask `process.stdout` again.
const style =
  (format: Style) =>
  (text: string): string =>
    text === '' ? '' : styleText(format, text, { validateStream: false });
const plain = (text: string): string => text;

export const PLAIN: Paint = { good: plain, warn: plain, bad: plain, dim: plain, strong: plain };

export const COLOURED: Paint = {
  good: style('green'),
  warn: style('yellow'),
  bad: style(['red', 'bold']),
  dim: style('dim'),
  strong: style('bold'),
};
