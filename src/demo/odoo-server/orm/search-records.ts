import { valueError } from '../errors.ts';
import type { Value } from '../values.ts';
import { testOf } from './domain.ts';
import { cellOf, displayName, fieldOf, isBareField, modelOf } from './env.ts';
import type { Cell, Env, Model, Row } from './shapes.ts';

export interface Search {
  readonly domain: Value | undefined;
  readonly order?: Value | undefined;
  readonly offset?: Value | undefined;
  readonly limit?: Value | undefined;
}

/** The records a domain finds, in order. Archived ones stay out unless the domain speaks of `active`. */
export function searchRecords(env: Env, model: Model, search: Search): readonly Row[] {
  const matches = testOf(env, model, search.domain);
  const withArchived =
    !fieldOf(env, model, 'active') ||
    env.context['active_test'] === false ||
    JSON.stringify(search.domain ?? []).includes('"active"');
  const found = env.tables
    .all(model.name)
    .filter(
      (row) => (withArchived || row.cells['active'] !== false) && mayRead(env, model, row) && matches(row),
    );
  const sorted = found.sort(comparison(env, model, search.order));
  const start = typeof search.offset === 'number' ? search.offset : 0;
  const limit = typeof search.limit === 'number' && search.limit > 0 ? search.limit : Infinity;
  return sorted.slice(start, start + limit);
}

/** What record rules hide is not found. */
const mayRead = (env: Env, model: Model, row: Row): boolean =>
  env.su || model.allows?.(env, 'read', row) !== false;

function comparison(env: Env, model: Model, order: Value | undefined): (one: Row, other: Row) => number {
  const text = typeof order === 'string' && order.trim() !== '' ? order : model.order;
  const keys = text.split(',').map((part) => {
    const [name = '', direction = 'asc'] = part.trim().split(/\s+/);
    if (!fieldOf(env, model, name) && !isBareField(name)) {
      throw valueError(`Invalid field '${name}' on model '${model.name}'`);
    }
    return { name, sign: direction.toLowerCase() === 'desc' ? -1 : 1 };
  });
  return (one, other) => {
    for (const { name, sign } of keys) {
      const order = compare(sortKey(env, model, one, name), sortKey(env, model, other, name));
      if (order !== 0) return sign * order;
    }
    return 0;
  };
}

/** By a reference means by the name of what it refers to. */
function sortKey(env: Env, model: Model, row: Row, name: string): Cell {
  if (name === 'id') return row.id;
  if (name === 'display_name') return displayName(env, model, row);
  const cell = cellOf(env, model, row, name);
  const comodel = fieldOf(env, model, name)?.comodel;
  if (!comodel || typeof cell !== 'number') return cell;
  const target = env.tables.find(comodel, cell);
  return target ? displayName(env, modelOf(env, comodel), target) : null;
}

/** PostgreSQL: nothing comes after everything, and before it when the order is turned round. */
function compare(one: Cell, other: Cell): number {
  if (one === other) return 0;
  if (one === null) return 1;
  if (other === null) return -1;
  if (typeof one === 'string' && typeof other === 'string') return one < other ? -1 : 1;
  return Number(one) - Number(other);
}
