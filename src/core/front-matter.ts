import matter from 'gray-matter';
import YAML from 'yaml';

/** Flat front matter, as Obsidian Properties need it: scalars and lists of scalars. */
export type Scalar = string | number | boolean | null;
export type Property = Scalar | readonly Scalar[];
export type FrontMatter = Readonly<Record<string, Property>>;

export const LIMITS = {
  /** Bytes of a whole note. A mail's text is cut long before this. */
  noteBytes: 1_048_576,
  frontMatterChars: 65_536,
  keys: 200,
  listItems: 500,
} as const;

export type NoteFault = {
  readonly code: 'no-front-matter' | 'too-large' | 'not-yaml' | 'not-flat' | 'forbidden-key';
  /** A sentence for the user, with what was expected; never more than 300 characters. */
  readonly message: string;
};

function refuse(): never {
  throw new Error('only YAML front matter is allowed');
}

/**
 * gray-matter evaluates `---js` by default, and picks members of Object.prototype as engines
 * (`---constructor`): its opener is checked before it is called, and every other engine throws
 * (measured on 4.0.3). YAML 1.2 core keeps dates and 1:30 as text; aliases are refused.
 */
const ENGINES = {
  yaml: {
    parse(source: string): object {
      const doc = YAML.parseDocument(source, {
        version: '1.2',
        schema: 'core',
        strict: true,
        uniqueKeys: true,
        merge: false,
        stringKeys: true,
        prettyErrors: false,
      });
      const problem = doc.errors[0] ?? doc.warnings[0];
      if (problem) throw problem;
      return (doc.toJS({ maxAliasCount: 0 }) ?? {}) as object;
    },
    stringify(data: object): string {
      return YAML.stringify(data, {
        version: '1.2',
        schema: 'core',
        lineWidth: 0,
        aliasDuplicateObjects: false,
        defaultStringType: 'QUOTE_DOUBLE',
        defaultKeyType: 'PLAIN',
      });
    },
  },
  js: refuse,
  javascript: refuse,
  json: refuse,
  coffee: refuse,
};

const OPENER = /^---[ \t]*\n/;
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

export type SplitResult =
  | { readonly ok: true; readonly data: FrontMatter; readonly body: string }
  | { readonly ok: false; readonly fault: NoteFault };

function fault(code: NoteFault['code'], message: string): SplitResult {
  return { ok: false, fault: { code, message: message.slice(0, 300) } };
}

/** Splits a note's text. CRLF and a byte order mark, as some editors write them, are normalised. */
export function splitFrontMatter(raw: string): SplitResult {
  if (raw.length > LIMITS.noteBytes)
    return fault('too-large', `The note is larger than ${LIMITS.noteBytes} bytes.`);
  const source = raw.replace(/^\uFEFF/, '').replace(/\r\n/g, '\n');
  if (!OPENER.test(source)) {
    return fault('no-front-matter', 'The note must begin with a line `---` followed by its properties.');
  }
  const close = /\n---[ \t]*(\n|$)/.exec(source.slice(3));
  if (!close) return fault('no-front-matter', 'The properties are not closed by a line `---`.');
  if (close.index > LIMITS.frontMatterChars) return fault('too-large', 'The properties are too long.');
  const bodyStart = 3 + close.index + close[0].length;
  let data: unknown;
  try {
    // gray-matter sees the block alone: its own idea of where a block ends (`---x` closes it) never applies.
    const block = `---\n${source.slice(source.indexOf('\n') + 1, 3 + close.index + 1)}---\n`;
    data = matter(block, { engines: ENGINES as never, language: 'yaml' }).data;
  } catch (error) {
    return fault(
      'not-yaml',
      `The properties are not readable as YAML: ${error instanceof Error ? error.message : ''}`,
    );
  }
  const flat = checkFlat(data);
  if (typeof flat !== 'object') return fault(flat === 'forbidden' ? 'forbidden-key' : 'not-flat', FLAT_HELP);
  return { ok: true, data: flat, body: source.slice(bodyStart) };
}

const FLAT_HELP = 'Properties must be flat: text, numbers, yes/no, or lists of these.';

function checkFlat(data: unknown): FrontMatter | 'not-flat' | 'forbidden' {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return 'not-flat';
  const entries = Object.entries(data);
  if (entries.length > LIMITS.keys) return 'not-flat';
  const out: Record<string, Property> = {};
  for (const [key, value] of entries) {
    if (FORBIDDEN_KEYS.has(key)) return 'forbidden';
    if (!isProperty(value)) return 'not-flat';
    out[key] = value;
  }
  return out;
}

function isScalar(value: unknown): value is Scalar {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

function isProperty(value: unknown): value is Property {
  if (isScalar(value)) return true;
  return Array.isArray(value) && value.length <= LIMITS.listItems && value.every(isScalar);
}

/** The inverse of `splitFrontMatter`. The body is not handed to gray-matter, which would re-parse it. */
export function joinFrontMatter(data: FrontMatter, body: string): string {
  const yaml = Object.keys(data).length === 0 ? '' : ENGINES.yaml.stringify(data);
  return `---\n${yaml}---\n${body}`;
}
