/**
 * Obsidian's `.base` format as https://help.obsidian.md/bases/syntax, /bases/functions and /bases/views describe it (read
 * in November 2026): YAML; filters are a statement or one of and, or, not; formulas are expressions; a name without a
 * prefix is a property of the note. `sort` and `limit` of a view are what Obsidian itself writes for its Sort menu.
 */
import { parseDocument } from 'yaml';
import { z } from 'zod';

export type Filter =
  | string
  | { and?: Filter[] | undefined; or?: Filter[] | undefined; not?: Filter[] | undefined };

const filter: z.ZodType<Filter> = z.lazy(() =>
  z.union([
    z.string().min(1),
    z
      .strictObject({
        and: z.array(filter).min(1).optional(),
        or: z.array(filter).min(1).optional(),
        not: z.array(filter).min(1).optional(),
      })
      .refine((value) => Object.keys(value).length === 1, 'exactly one of and, or, not'),
  ]),
);

const PROPERTY = /^(?:note|file|formula)\.[a-z_]+$/;
const property = z.string().regex(PROPERTY);
const direction = z.enum(['ASC', 'DESC']);

const baseFile = z.strictObject({
  filters: filter.optional(),
  formulas: z.record(z.string().regex(/^[a-z_]+$/), z.string().min(1)).optional(),
  properties: z.record(property, z.strictObject({ displayName: z.string().min(1) })).optional(),
  views: z
    .array(
      z.strictObject({
        type: z.enum(['table', 'cards', 'list']),
        name: z.string().min(1),
        filters: filter.optional(),
        groupBy: z.strictObject({ property, direction }).optional(),
        order: z.array(property).min(1),
        sort: z.array(z.strictObject({ property, direction })).optional(),
        limit: z.int().positive(),
      }),
    )
    .min(1),
});

export type BaseFile = z.infer<typeof baseFile>;

/** @throws Error when it is no YAML or not of the documented form. */
export function readBase(source: string): BaseFile {
  const document = parseDocument(source, { strict: true, uniqueKeys: true });
  const [fault] = document.errors;
  if (fault) throw fault;
  return baseFile.parse(document.toJS());
}

const FILE_FIELDS = new Set([
  'backlinks',
  'ctime',
  'embeds',
  'ext',
  'folder',
  'links',
  'mtime',
  'name',
  'path',
]);
const GLOBALS = new Set([
  'if',
  'now',
  'today',
  'date',
  'list',
  'link',
  'icon',
  'number',
  'max',
  'min',
  'duration',
]);
const METHODS = new Set(
  'asLink hasLink hasProperty hasTag inFolder contains startsWith endsWith isEmpty lower join toFixed relative format'.split(
    ' ',
  ),
);
const WORDS = new Set(['true', 'false', 'null']);

/** What is wrong with an expression, one sentence each. */
export function expressionFaults(
  expression: string,
  known: { readonly properties: ReadonlySet<string>; readonly formulas: ReadonlySet<string> },
): string[] {
  const faults: string[] = [];
  const bare = expression.replace(/"[^"\\]*"/g, '""');
  if (bare.includes("'") || (bare.match(/"/g) ?? []).length % 2 !== 0)
    faults.push('a text that does not end');
  if (depth(bare) !== 0) faults.push('brackets that do not close');
  if (/[^\w\s."()!<>=&|+\-*/%,[\]]/.test(bare)) faults.push('a character that is no part of the language');
  if (/(?<![!<>=])=(?!=)/.test(bare)) faults.push('an assignment');
  for (const [, path = '', call] of bare.matchAll(/(?<![\w.)"])([a-zA-Z_]\w*(?:\.[a-zA-Z_]\w*)*)(\()?/g))
    faults.push(...pathFaults(path.split('.'), call !== undefined, known));
  for (const [, method = ''] of bare.matchAll(/[)"\]]\.([a-zA-Z_]\w*)/g))
    if (!METHODS.has(method)) faults.push(`unknown function ${method}`);
  return faults;
}

function depth(text: string): number {
  let open = 0;
  for (const char of text) {
    if (char === '(') open += 1;
    if (char === ')' && --open < 0) return -1;
  }
  return open;
}

function pathFaults(
  parts: readonly string[],
  call: boolean,
  known: { readonly properties: ReadonlySet<string>; readonly formulas: ReadonlySet<string> },
): string[] {
  const last = parts.at(-1) ?? '';
  if (call && parts.length === 1) return GLOBALS.has(last) ? [] : [`unknown function ${last}`];
  const fields = call ? parts.slice(0, -1) : parts;
  const faults = call && !METHODS.has(last) ? [`unknown function ${last}`] : [];
  const [first = '', second] = fields;
  if (first === 'file') {
    if (second !== undefined && !FILE_FIELDS.has(second)) faults.push(`unknown property file.${second}`);
  } else if (first === 'formula') {
    if (!known.formulas.has(second ?? '')) faults.push(`unknown formula ${second ?? ''}`);
  } else if (first === 'note') {
    if (!known.properties.has(second ?? '')) faults.push(`unknown property ${second ?? ''}`);
  } else if (!WORDS.has(first) && !known.properties.has(first)) faults.push(`unknown property ${first}`);
  return faults;
}

/** Every statement of a filter. */
export function statements(filters: Filter | undefined): string[] {
  if (filters === undefined) return [];
  if (typeof filters === 'string') return [filters];
  return Object.values(filters).flatMap((inner) => (inner ?? []).flatMap(statements));
}
