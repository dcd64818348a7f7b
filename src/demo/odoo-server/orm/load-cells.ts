import { OdooError } from '../errors.ts';
import type { Dict, Value } from '../values.ts';
import { isDate } from './convert.ts';
import type { Env, Field } from './shapes.ts';

/** A cell that cannot be read; `extra` says which field, and what else Odoo says about it. */
export class ImportProblem extends OdooError {
  readonly extra: Dict;
  constructor(message: string, extra: Dict = {}) {
    super('ValueError', message);
    this.extra = extra;
  }
}

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

/** `by`: `.id` for a database id, nothing for the value itself. An empty cell is written as false. */
export function cellValue(env: Env, field: Field, name: string, by: string, text: string): Value {
  const problem = (message: string, extra: Dict = {}): ImportProblem =>
    new ImportProblem(message, { field: name, ...extra, field_name: field.label });
  if (text === '') return field.type === 'many2many' ? [[6, 0, []]] : false;
  if (by === '.id') {
    const parts = text.split(',').map((part) => part.trim());
    const missing = parts.find((part) => !env.tables.find(field.comodel, Number(part)));
    if (missing !== undefined) {
      throw problem(`No matching record found for database id '${missing}' in field '${field.label}'`, {
        moreinfo: possibleValues(field.comodel),
      });
    }
    return field.type === 'many2many' ? [[6, 0, parts.map(Number)]] : Number(parts[0]);
  }
  switch (field.type) {
    case 'integer':
    case 'float':
    case 'monetary':
      if (NUMBER.test(text)) return Number(text);
      throw problem(`'${text}' does not seem to be a number for field '${field.label}'`);
    case 'date':
      if (isDate(text)) return text;
      throw problem(`'${text}' does not seem to be a valid date for field '${field.label}'`, {
        moreinfo: "Use the format '2012-12-31'",
      });
    case 'selection': {
      const chosen = field.selection.find(([value, label]) => value === text || label === text);
      if (chosen) return chosen[0];
      throw problem(`Value '${text}' not found in selection field '${field.label}'`, {
        moreinfo: field.selection.map(([, label]) => label),
      });
    }
    case 'boolean':
      return ['1', 'true', 'yes'].includes(text.toLowerCase());
    default:
      return text;
  }
}

const possibleValues = (model: string): Dict => ({
  name: 'Possible Values',
  type: 'ir.actions.act_window',
  target: 'new',
  view_mode: 'list,form',
  views: [
    [false, 'list'],
    [false, 'form'],
  ],
  context: { create: false },
  help: 'See all possible values',
  res_model: 'ir.model.data',
  domain: [['model', '=', model]],
});
