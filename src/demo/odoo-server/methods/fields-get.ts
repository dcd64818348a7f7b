import { fieldNames } from '../orm/env.ts';
import { listOf, type Dict, type Value } from '../values.ts';
import type { Field, Method } from '../orm/shapes.ts';

export const fieldsGet: Method = {
  on: 'model',
  params: ['allfields?', 'attributes?'],
  run: ({ env, model, args }) => {
    const wanted = listOf(args['allfields']);
    const names = fieldNames(env, model).filter((name) => wanted.length === 0 || wanted.includes(name));
    return Object.fromEntries(
      names.map((name) => [name, describe(model.fields[name], listOf(args['attributes']))] as const),
    );
  },
};

function describe(field: Field | undefined, attributes: readonly Value[]): Dict {
  if (!field) return {};
  const all: Dict = {
    type: field.type,
    string: field.label,
    required: field.required,
    readonly: field.readonly || field.compute !== null,
    ...(field.selection.length > 0 ? { selection: field.selection } : {}),
    ...(field.comodel === '' ? {} : { relation: field.comodel }),
  };
  if (attributes.length === 0) return all;
  return Object.fromEntries(Object.entries(all).filter(([key]) => attributes.includes(key)));
}
