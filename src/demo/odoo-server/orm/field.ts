import type { Env } from './env.ts';
import type { Row } from './tables.ts';

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

type Extras = Partial<Omit<Field, 'type' | 'label' | 'initial'>> & {
  readonly initial?: Cell | ((env: Env) => Cell);
};

function field(type: FieldType, label: string, extras: Extras = {}): Field {
  const { initial = type === 'many2many' ? [] : null, ...rest } = extras;
  return {
    type,
    label,
    required: false,
    readonly: false,
    comodel: '',
    inverse: '',
    shows: null,
    selection: [],
    compute: null,
    since: 0,
    until: 99,
    ...rest,
    initial: typeof initial === 'function' ? initial : () => initial,
  };
}

export const char = (label: string, extras?: Extras): Field => field('char', label, extras);
export const text = (label: string, extras?: Extras): Field => field('text', label, extras);
export const html = (label: string, extras?: Extras): Field => field('html', label, extras);
export const binary = (label: string, extras?: Extras): Field => field('binary', label, extras);
export const jsonList = (label: string, extras?: Extras): Field => field('json', label, extras);
export const integer = (label: string, extras?: Extras): Field => field('integer', label, extras);
export const float = (label: string, extras?: Extras): Field => field('float', label, extras);
export const monetary = (label: string, extras?: Extras): Field => field('monetary', label, extras);
export const boolean = (label: string, extras?: Extras): Field => field('boolean', label, extras);
export const date = (label: string, extras?: Extras): Field => field('date', label, extras);
export const datetime = (label: string, extras?: Extras): Field => field('datetime', label, extras);
export const selection = (label: string, options: Field['selection'], extras?: Extras): Field =>
  field('selection', label, { ...extras, selection: options });
export const many2one = (label: string, comodel: string, extras?: Extras): Field =>
  field('many2one', label, { ...extras, comodel });
export const many2many = (label: string, comodel: string, extras?: Extras): Field =>
  field('many2many', label, { ...extras, comodel });
export const one2many = (label: string, comodel: string, inverse: string, extras?: Extras): Field =>
  field('one2many', label, { ...extras, comodel, inverse });
