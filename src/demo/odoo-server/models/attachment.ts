import { createHash } from 'node:crypto';
import { OdooError, valueError } from '../errors.ts';
import { mayDo } from '../orm/access.ts';
import { modelOf as findModel, type Env } from '../orm/env.ts';
import { binary, char, integer, many2one, selection } from '../orm/field.ts';
import type { Model } from '../orm/model.ts';
import type { Row } from '../orm/tables.ts';
import { modelOf } from './model-of.ts';

/** A file at a record: who may read or change the record may do it with the file. */
export const attachment: Model = modelOf({
  name: 'ir.attachment',
  label: 'Attachment',
  order: 'id desc',
  allows: (env, operation, { cells }) => {
    const model = cells['res_model'];
    if (typeof model !== 'string') return cells['create_uid'] === env.uid;
    return mayDo(env, findModel(env, model), operation === 'read' ? 'read' : 'write');
  },
  fields: {
    name: char('Name', { required: true }),
    datas: binary('File Content (base64)'),
    mimetype: char('Mime Type'),
    checksum: char('Checksum/SHA1'),
    file_size: integer('File Size'),
    res_model: char('Resource Model'),
    res_id: integer('Resource ID'),
    type: selection('Type', [
      ['url', 'URL'],
      ['binary', 'File'],
    ]),
    company_id: many2one('Company', 'res.company'),
  },
  beforeCreate: (env, cells) => {
    if (typeof cells['name'] !== 'string') {
      throw new OdooError(
        'ValidationError',
        'The operation cannot be completed:\n- Create/update: a mandatory field is not set.\n' +
          '- Delete: another model requires the record being deleted. If possible, archive it instead.\n\n' +
          'Model: Attachment (ir.attachment)\nField: Name (name)\n',
      );
    }
    return { type: 'binary', ...cells, ...contents(cells), ...owner(env, cells) };
  },
  afterChange: (env, ids, names) => {
    if (!names.includes('datas')) return;
    for (const id of ids) {
      const row = env.tables.find('ir.attachment', id);
      if (row) env.tables.update('ir.attachment', id, contents(row.cells));
    }
  },
});

function contents(cells: Row['cells']): Row['cells'] {
  const text = cells['datas'];
  if (typeof text !== 'string') return {};
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text)) throw valueError('Incorrect padding');
  const bytes = Buffer.from(text, 'base64');
  return {
    checksum: createHash('sha1').update(bytes).digest('hex'),
    file_size: bytes.length,
    mimetype: cells['mimetype'] ?? 'application/octet-stream',
  };
}

/** Text of a record that is not there is an attachment of nobody; Odoo lets it pass, and so does this. */
function owner(env: Env, cells: Row['cells']): Row['cells'] {
  const model = cells['res_model'];
  if (typeof model === 'string' && !env.models.has(model)) throw new OdooError('KeyError', `'${model}'`);
  return {};
}
