import { LIMITS } from '../../limits.ts';
import { PyFloat, type Value } from '../../values.ts';

/** No XML, or XML that this server will not read. */
export class XmlError extends Error {}

export interface XmlCall {
  readonly method: string;
  readonly params: readonly Value[];
}

/**
 * Reads a `methodCall`. Elements and texts are all it knows: no document type, so no entities of anybody's making, no
 * attributes, limited depth. XML-RPC needs no more.
 */
export function readCall(text: string): XmlCall {
  const reader = new Reader(text);
  reader.skipProlog();
  reader.open('methodCall');
  const method = reader.textOf('methodName');
  const params: Value[] = [];
  if (reader.opens('params')) {
    while (reader.opens('param')) {
      params.push(reader.value(1));
      reader.close('param');
    }
    reader.close('params');
  }
  reader.close('methodCall');
  return { method, params };
}

const CDATA = '<![CDATA[';
/** `<name>`, `</name>` or `<name/>`. */
const TAG = /<(\/?)([A-Za-z][\w:.]{0,30})\s*(\/?)>/y;

class Reader {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  skipProlog(): void {
    const prolog = /^\uFEFF?\s*(?:<\?xml[^?<>]{0,200}\?>)?\s*/.exec(this.text)?.[0] ?? '';
    this.at = prolog.length;
  }

  /** Takes the tag if it comes next. */
  opens(name: string): boolean {
    const tag = this.peek();
    if (tag?.name !== name || tag.isEnd) return false;
    if (tag.isEmpty) return this.give();
    this.at = tag.after;
    return true;
  }

  open(name: string): void {
    if (!this.opens(name)) this.give();
  }

  close(name: string): void {
    const tag = this.peek();
    if (tag?.name !== name || !tag.isEnd) this.give();
    else this.at = tag.after;
  }

  textOf(name: string): string {
    this.open(name);
    const text = this.characters();
    this.close(name);
    return text.trim();
  }

  /** `<value>…</value>`; without a type inside it is a text. */
  value(depth: number): Value {
    if (depth > LIMITS.depth) throw new XmlError('too deep');
    if (this.takesEmpty('value')) return '';
    this.open('value');
    const blank = this.characters();
    const tag = this.peek();
    if (tag?.isEnd) {
      this.close('value');
      return blank;
    }
    const value = this.typed(depth);
    this.close('value');
    return value;
  }

  private typed(depth: number): Value {
    for (const name of ['nil', 'ex:nil']) if (this.takesEmpty(name)) return null;
    if (this.takesEmpty('string') || this.takesEmpty('base64')) return '';
    if (this.takesEmpty('struct')) return {};
    const tag = this.peek();
    if (!tag || tag.isEnd || tag.isEmpty) return this.give();
    if (tag.name === 'array') return this.array(depth);
    if (tag.name === 'struct') return this.struct(depth);
    this.open(tag.name);
    const text = this.characters();
    this.close(tag.name);
    return scalar(tag.name, text);
  }

  private array(depth: number): Value {
    this.open('array');
    const items: Value[] = [];
    if (!this.takesEmpty('data')) {
      this.open('data');
      while (!this.peek()?.isEnd) items.push(this.value(depth + 1));
      this.close('data');
    }
    this.close('array');
    return items;
  }

  private struct(depth: number): Value {
    this.open('struct');
    const members: [string, Value][] = [];
    while (this.opens('member')) {
      members.push([this.textOf('name'), this.value(depth + 1)]);
      this.close('member');
    }
    this.close('struct');
    // From pairs: `__proto__` is a name like any other.
    return Object.fromEntries(members);
  }

  private takesEmpty(name: string): boolean {
    const tag = this.peek();
    if (tag?.name !== name || !tag.isEmpty) return false;
    this.at = tag.after;
    return true;
  }

  private peek() {
    const blank = /[ \t\r\n]*/y;
    blank.lastIndex = this.at;
    blank.exec(this.text);
    TAG.lastIndex = blank.lastIndex;
    const found = TAG.exec(this.text);
    if (!found) return null;
    return { name: found[2] ?? '', isEnd: found[1] === '/', isEmpty: found[3] === '/', after: TAG.lastIndex };
  }

  /** Up to the next element; `<![CDATA[…]]>` is text as it stands. */
  private characters(): string {
    let text = '';
    for (;;) {
      const end = this.text.indexOf('<', this.at);
      if (end < 0) return this.give();
      const raw = this.text.slice(this.at, end);
      text += raw.replace(/&([^;&\s]{0,12};?)/g, (_all, name: string) => entity(name));
      this.at = end;
      if (!this.text.startsWith(CDATA, end)) return text;
      const close = this.text.indexOf(']]>', end);
      if (close < 0) return this.give();
      text += this.text.slice(end + CDATA.length, close);
      this.at = close + 3;
    }
  }

  private give(): never {
    const line = this.text.slice(0, this.at).split('\n').length;
    const what = this.text.includes('>', this.at) ? 'not well-formed (invalid token)' : 'unclosed token';
    throw new XmlError(`${what}: line ${line}, column ${this.at}`);
  }
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function entity(name: string): string {
  const known = name.endsWith(';') ? ENTITIES[name.slice(0, -1)] : undefined;
  if (known !== undefined) return known;
  const [, hex, decimal] = /^#(?:x([0-9a-f]{1,6})|(\d{1,7}));$/i.exec(name) ?? [];
  const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
  if (!(code > 0 && code <= 0x10ffff)) throw new XmlError('undefined entity');
  return String.fromCodePoint(code);
}

function scalar(type: string, text: string): Value {
  switch (type) {
    case 'int':
    case 'i4':
    case 'i8':
      if (/^\s*[+-]?\d{1,18}\s*$/.test(text)) return Number(text);
      break;
    case 'double': {
      const number = Number(text);
      if (text.trim() !== '' && Number.isFinite(number)) return new PyFloat(number);
      break;
    }
    case 'boolean':
      if (text.trim() === '0' || text.trim() === '1') return text.trim() === '1';
      break;
    case 'string':
    case 'dateTime.iso8601':
    case 'base64':
      return text;
    default:
      break;
  }
  throw new XmlError(`unreadable ${type.slice(0, 20)}`);
}
