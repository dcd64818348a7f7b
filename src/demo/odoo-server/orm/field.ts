import type { Cell, Env, Field, FieldType } from './shapes.ts';

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
