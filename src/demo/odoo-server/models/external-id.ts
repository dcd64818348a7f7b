import { validationError, valueError } from '../errors.ts';
import { findName } from '../orm/external-names.ts';
import { boolean, char, integer } from '../orm/field.ts';
import { textOf } from '../values.ts';
import { modelOf, SYSTEM_ONLY } from './model-of.ts';
import type { Method, Model } from '../orm/shapes.ts';

/** Open to every user, while the table itself is closed. */
const checkObjectReference: Method = {
  on: 'model',
  params: ['module', 'xml_id', 'raise_on_access_error?'],
  run: ({ env, args }) => {
    const xmlid = `${textOf(args['module'])}.${textOf(args['xml_id'])}`;
    const found = findName(env, xmlid);
    if (!found) throw valueError(`External ID not found in the system: ${xmlid}`);
    return [String(found.cells['model']), Number(found.cells['res_id'])];
  },
};

export const externalId: Model = modelOf({
  name: 'ir.model.data',
  label: 'Model Data',
  order: 'module, model, name',
  access: SYSTEM_ONLY,
  methods: { check_object_reference: checkObjectReference },
  beforeCreate: (env, cells) => {
    const { module, name } = cells;
    if (findName(env, `${String(module)}.${String(name)}`)) {
      throw validationError(
        'The operation cannot be completed: duplicate key value violates unique constraint ' +
          `"ir_model_data_module_name_uniq_index"\nDETAIL:  Key (module, name)=(${String(module)}, ${String(name)}) already exists.`,
      );
    }
    return cells;
  },
  fields: {
    module: char('Module', { required: true }),
    name: char('External Identifier', { required: true }),
    model: char('Model Name', { required: true }),
    res_id: integer('Record ID'),
    noupdate: boolean('Non Updatable'),
  },
});
