/** What fields, records, models and calls are. They know each other, so they stand in one place. */
import type { Dict, Value } from '../values.ts';

/** A stored value. Empty texts, dates and references are null here and `false` on the wire. */
export type Cell = null | boolean | number | string | readonly number[];

export type FieldType =
  | 'char'
  | 'text'
  | 'html'
  | 'binary'
  | 'integer'
  | 'float'
  | 'monetary'
  | 'boolean'
  | 'date'
  | 'datetime'
  | 'selection'
  | 'many2one'
  | 'one2many'
  | 'many2many'
  /** A list of texts, written and read as it is. */
  | 'json';

export interface Field {
  readonly type: FieldType;
  /** Its name for people, in messages and `fields_get`. */
  readonly label: string;
  readonly required: boolean;
  readonly readonly: boolean;
  /** Of the relational types. */
  readonly comodel: string;
  /** Of a one2many: the many2one that points back. */
  readonly inverse: string;
  /** Of a one2many that shows a part of the records that point back. */
  readonly shows: ((row: Row) => boolean) | null;
  readonly selection: readonly (readonly [value: string, label: string])[];
  readonly initial: (env: Env) => Cell;
  /** Not stored: made when it is read. */
  readonly compute: ((row: Row, env: Env) => Cell) | null;
  /** First and last series that has it. */
  readonly since: number;
  readonly until: number;
}

export interface Row {
  readonly id: number;
  readonly cells: Readonly<Record<string, Cell>>;
}

/** Every record, by model; see tables.ts. */
export interface Records {
  all(model: string): readonly Row[];
  find(model: string, id: number): Row | undefined;
  insert(model: string, cells: Readonly<Record<string, Cell>>): Row;
  update(model: string, id: number, cells: Readonly<Record<string, Cell>>): void;
  remove(model: string, id: number): void;
  /** One transaction: all is taken back when it throws. */
  atomically<T>(work: () => T): T;
}

/** Who calls, when, on what: every operation gets one. */
export interface Env {
  readonly tables: Records;
  readonly models: Models;
  /** 19, 14. */
  readonly series: number;
  readonly uid: number;
  /** External ids of the user's groups, the implied ones included. */
  readonly groups: ReadonlySet<string>;
  /** Odoo's own work inside a call: no rights are asked for. */
  readonly su: boolean;
  readonly context: Dict;
  readonly now: Date;
}

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
