import type { Value } from '../values.ts';
import type { Cell, Field } from './field.ts';
import type { Env } from './env.ts';
import type { Row } from './tables.ts';

export type Operation = 'read' | 'write' | 'create' | 'unlink';

export interface Call {
  readonly env: Env;
  readonly model: Model;
  /** Records it was called on, all there; empty for a method of the model. */
  readonly records: readonly Row[];
  /** Ids as they came, also of records that are gone. */
  readonly ids: readonly number[];
  /** By name; what was left out is undefined. */
  readonly args: Readonly<Record<string, Value | undefined>>;
}

export interface Method {
  readonly on: 'model' | 'records';
  /** In Python's order. A name with a question mark may be left out. */
  readonly params: readonly string[];
  /** Where Odoo 14 names or orders them otherwise. */
  readonly params14?: readonly string[];
  /** First series that has it. */
  readonly since?: number;
  /** Reads answer nothing for records that are gone; everything else says that they are missing. */
  readonly toleratesMissing?: boolean;
  readonly run: (call: Call) => Value;
}

/** External ids of the groups that may; everybody when left out, nobody but Odoo itself when empty. */
export type Access = Readonly<Partial<Record<Operation, readonly string[]>>>;

export interface Model {
  readonly name: string;
  /** Its name for people. */
  readonly label: string;
  readonly order: string;
  readonly fields: Readonly<Record<string, Field>>;
  /** Fields that Odoo 14 has otherwise, by the same names. */
  readonly fields14?: Readonly<Record<string, Field>>;
  readonly access: Access;
  /** Beyond those that every model has. */
  readonly methods: Readonly<Record<string, Method>>;
  readonly displayName?: (row: Row, env: Env) => Cell;
  /** Record rules: may this user do this to this record? Asked before a write, and after a create. */
  readonly allows?: (env: Env, operation: Operation, row: Row) => boolean;
  /** Completes or refuses what was given for a new record; the defaults of the fields come after it. */
  readonly beforeCreate?: (env: Env, cells: Readonly<Record<string, Cell>>) => Readonly<Record<string, Cell>>;
  readonly beforeWrite?: (env: Env, rows: readonly Row[], names: readonly string[]) => void;
  /** Follows up on what was written, before it is reckoned anew; not after a create. */
  readonly afterWrite?: (env: Env, ids: readonly number[], names: readonly string[]) => void;
  /** Recomputes, and refuses what must not be. `names`: what was written. */
  readonly afterChange?: (env: Env, ids: readonly number[], names: readonly string[]) => void;
  readonly beforeUnlink?: (env: Env, rows: readonly Row[]) => void;
}

export type Models = ReadonlyMap<string, Model>;
