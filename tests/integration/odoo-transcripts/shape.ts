/** The shape of an answer: what a client could rely on, without the figures. */
import type { RawAnswer } from '../odoo-contract/raw.ts';
import { readXmlAnswer } from './read-xml.ts';
import type { Transcript } from './recorded.ts';

/** Types and keys; of a list the kinds of its items, of a dictionary by record id the kinds of its values. */
function shapeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `[${[...new Set(value.map(shapeOf))].sort().join(' | ')}]`;
  if (typeof value !== 'object') return typeof value;
  const entries = Object.entries(value).map(
    ([key, item]) => `${/^\d+$/.test(key) ? '<id>' : key}: ${shapeOf(item)}`,
  );
  return `{ ${[...new Set(entries)].sort().join(', ')} }`;
}

export interface Shape {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  /** Class of the error, as far as the transport tells it: a name, a code, or both. */
  readonly error: string | null;
  /** Its words, numbers taken out. */
  readonly words: string | null;
}

export function recordedShape({ response }: Transcript): Shape {
  const type = response.headers?.['content-type']?.split(';')[0] ?? typeOf(response.body);
  return shape(response.status, type, parsed(type, response.body));
}

const typeOf = (body: string): string => (body.startsWith('<?xml') ? 'text/xml' : 'application/json');

export function answeredShape({ status, type, body }: RawAnswer, like: Shape): Shape {
  const own = shape(status, type, type === 'text/xml' ? readXmlAnswer(String(body)) : body);
  // Of some tracebacks nothing was kept that names the exception.
  return like.error === '1 ?' && own.error?.startsWith('1 ') ? { ...own, error: '1 ?', words: '' } : own;
}

function parsed(type: string, body: string): unknown {
  if (type === 'application/json') return JSON.parse(body);
  return type === 'text/xml' ? readXmlAnswer(body) : body;
}

interface Fault {
  readonly fault?: { readonly faultCode: number | string; readonly faultString: string };
  readonly error?: {
    readonly code: number;
    readonly data: { readonly name: string; readonly message: string };
  };
  readonly name?: string;
  readonly message?: string;
  readonly debug?: string;
}

function shape(status: number, type: string, value: unknown): Shape {
  const whole = { status, type, body: type === 'text/html' ? 'a page' : shapeOf(value) };
  const { fault, error, name, message = '', debug } = (value ?? {}) as Fault;
  if (fault) return { ...whole, ...faultShape(fault) };
  if (error) return { ...whole, error: `${error.code} ${error.data.name}`, words: plain(error.data.message) };
  return debug === undefined
    ? { ...whole, error: null, words: null }
    : { ...whole, error: name ?? '', words: plain(message) };
}

/** Code 1 is a traceback: its last line names the exception. */
function faultShape({ faultCode, faultString }: NonNullable<Fault['fault']>): Pick<Shape, 'error' | 'words'> {
  if (faultCode !== 1) return { error: String(faultCode), words: plain(faultString) };
  const lines = faultString
    .split('\n')
    .filter((line) => /^[A-Za-z_][\w.]*(Error|Exception|Failure|Canceled): /.test(line));
  const [name = '?', ...words] = lines.at(-1)?.split(': ') ?? [];
  return { error: `1 ${name}`, words: plain(words.join(': ')) };
}

/** Without numbers, and without what stands behind the first line. */
const plain = (words: string): string =>
  (words.split('\n')[0] ?? '')
    .replace(/[\d,]+/g, '#')
    .replace(/\b[A-Z]+(?:\/#)+/g, '<number>')
    .trim();
