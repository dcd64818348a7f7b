import { valueError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { PyFloat, repr, type Value } from '../values.ts';
import { cellOf, displayName, fieldOf, isBareField, modelOf } from './env.ts';
import { isLike } from './like.ts';
import type { Cell, Env, Field, Model, Row } from './shapes.ts';

export type Test = (row: Row) => boolean;

/** A domain: prefix notation, and what stands side by side is joined by "and". */
export function testOf(env: Env, model: Model, domain: Value | undefined): Test {
  const terms = Array.isArray(domain) ? [...(domain as readonly Value[])] : [];
  if (terms.length > LIMITS.domainTerms) throw valueError('Domain too long');
  const tests: Test[] = [];
  while (terms.length > 0) tests.push(term(env, model, terms));
  return (row) => tests.every((test) => test(row));
}

function term(env: Env, model: Model, terms: Value[]): Test {
  const head = terms.shift();
  if (head === '!') {
    const test = term(env, model, terms);
    return (row) => !test(row);
  }
  if (head === '&' || head === '|') {
    const one = term(env, model, terms);
    const other = term(env, model, terms);
    return head === '&' ? (row) => one(row) && other(row) : (row) => one(row) || other(row);
  }
  if (!Array.isArray(head) || head.length !== 3)
    throw valueError(`Domain() invalid item in domain: ${repr(head ?? null)}`);
  const [path, operator, value] = head as [Value, Value, Value];
  return condition(env, model, path, operator, value);
}

function condition(env: Env, model: Model, path: Value, operator: Value, value: Value): Test {
  const words = `(${repr(path)}, ${repr(operator)}, ${repr(value)})`;
  if (typeof path !== 'string') throw valueError(`Invalid condition ${words}`);
  const compare = typeof operator === 'string' ? OPERATORS[operator] : undefined;
  if (!compare) throw valueError(`Invalid operator in condition ${words}`);
  const negated = NEGATIONS[operator as string];
  if (negated !== undefined) {
    const test = condition(env, model, path, negated, value);
    return (row) => !test(row);
  }
  const wanted = plainList(value);
  const reach = follow(env, model, path.split('.'), words, operator as string);
  return (row) => reach(row).some((found) => compare(found, wanted, env));
}

/** What a path leads to: a cell, and the names of the record where a text is compared with a reference. */
interface Found {
  readonly cell: Cell;
  readonly name: string;
  readonly model: Model | null;
}

function follow(
  env: Env,
  model: Model,
  path: readonly string[],
  words: string,
  operator: string,
): (row: Row) => readonly Found[] {
  const [name = '', ...rest] = path;
  const field = fieldOf(env, model, name);
  if (!field && !isBareField(name)) {
    throw valueError(`Invalid field ${model.name}.${name} in condition ${words}`);
  }
  if (name === 'id') return (row) => [{ cell: row.id, name: '', model }];
  if (name === 'display_name')
    return (row) => [{ cell: displayName(env, model, row), name: '', model: null }];
  if (!field?.comodel) return (row) => [{ cell: cellOf(env, model, row, name), name: '', model: null }];
  const comodel = modelOf(env, field.comodel);
  if (rest.length === 0) return (row) => references(env, field, comodel, cellOf(env, model, row, name));
  const further = follow(env, comodel, rest, words, operator);
  return (row) =>
    ids(cellOf(env, model, row, name)).flatMap((id) => {
      const next = env.tables.find(comodel.name, id);
      return next ? further(next) : [];
    });
}

function references(env: Env, field: Field, comodel: Model, cell: Cell): readonly Found[] {
  const found = ids(cell).map((id) => {
    const row = env.tables.find(field.comodel, id);
    return { cell: id, name: row ? displayName(env, comodel, row) : '', model: comodel };
  });
  return found.length > 0 ? found : [{ cell: null, name: '', model: comodel }];
}

const ids = (cell: Cell): readonly number[] =>
  typeof cell === 'number' ? [cell] : Array.isArray(cell) ? (cell as readonly number[]) : [];

/** `false`, `null` and nothing are one and the same in a domain. */
function plainList(value: Value): readonly Cell[] {
  const items = Array.isArray(value) ? (value as readonly Value[]) : [value];
  return items.map((item) => {
    if (item instanceof PyFloat) return item.value;
    return item === false || item === null || typeof item === 'object' ? null : item;
  });
}

type Compare = (found: Found, wanted: readonly Cell[], env: Env) => boolean;

const same = (cell: Cell, wanted: Cell): boolean =>
  cell === wanted ||
  (!cell && cell !== 0 && cell !== '' && wanted === null) ||
  (cell === false && wanted === null);

const equals: Compare = ({ cell, name, model }, wanted) =>
  wanted.some(
    (value) => same(cell, value) || (model !== null && typeof value === 'string' && value === name),
  );

const ordered =
  (test: (order: number) => boolean): Compare =>
  ({ cell }, [wanted = null]) => {
    if (cell === null || wanted === null || typeof cell !== typeof wanted) return false;
    return test(cell < wanted ? -1 : cell > wanted ? 1 : 0);
  };

const like =
  (fold: boolean, wrap: boolean): Compare =>
  ({ cell, name, model }, [wanted = null]) => {
    if (wanted === null) return cell !== null || !wrap;
    const text = model ? name : cell === null ? '' : String(cell);
    const like = wrap ? `%${String(wanted)}%` : String(wanted);
    return fold ? isLike(text.toLowerCase(), like.toLowerCase()) : isLike(text, like);
  };

/** A record and everything below it, along `parent_id`. */
const childOf: Compare = ({ cell, model }, wanted, env) => {
  const seen = new Set<Cell>();
  let at = cell;
  while (model !== null && typeof at === 'number' && !seen.has(at)) {
    if (wanted.includes(at)) return true;
    seen.add(at);
    at = env.tables.find(model.name, at)?.cells['parent_id'] ?? null;
  }
  return false;
};

const NEGATIONS: Readonly<Record<string, string>> = {
  '!=': '=',
  '<>': '=',
  'not in': 'in',
  'not like': 'like',
  'not ilike': 'ilike',
};

const OPERATORS: Readonly<Record<string, Compare>> = {
  '=': equals,
  '!=': equals,
  '<>': equals,
  '=?': (found, wanted, env) => wanted[0] === null || equals(found, wanted, env),
  in: equals,
  'not in': equals,
  '<': ordered((order) => order < 0),
  '<=': ordered((order) => order <= 0),
  '>': ordered((order) => order > 0),
  '>=': ordered((order) => order >= 0),
  like: like(false, true),
  ilike: like(true, true),
  'not like': like(false, true),
  'not ilike': like(true, true),
  '=like': like(false, false),
  '=ilike': like(true, false),
  child_of: childOf,
};
