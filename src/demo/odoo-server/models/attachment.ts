import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { OdooError } from '../errors.ts';
import { mayDo } from '../orm/access.ts';
import { modelOf as findModel } from '../orm/env.ts';
import { binary, char, integer, many2one, selection } from '../orm/field.ts';
import { modelOf } from './model-of.ts';
import type { Env, Model, Row } from '../orm/shapes.ts';

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
    raw: binary('File Content (raw)'),
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
        "The operation cannot be completed: Missing required value for the field 'Name' (name).\n" +
          "Model: 'Attachment' (ir.attachment)\n- create/update: a mandatory field is not set\n" +
          '- delete: another model requires the record being deleted, you can archive it instead\n',
      );
    }
    checkOwner(env, cells);
    return { type: 'binary', ...cells, ...contents(cells) };
  },
  afterChange: (env, ids, names) => {
    if (!names.includes('datas') && !names.includes('raw')) return;
    for (const id of ids) {
      const row = env.tables.find('ir.attachment', id);
      if (row) env.tables.update('ir.attachment', id, contents(row.cells, names.includes('raw')));
    }
  },
});

/** `raw` is text here as on the wire; what is kept is `datas`. */
function contents(cells: Row['cells'], isRaw = cells['datas'] === undefined): Row['cells'] {
  const raw = cells['raw'];
  const text = isRaw && typeof raw === 'string' ? Buffer.from(raw).toString('base64') : cells['datas'];
  if (typeof text !== 'string') return {};
  const bytes = Buffer.from(text, 'base64');
  return {
    datas: text,
    raw: bytes.toString('utf8'),
    checksum: createHash('sha1').update(bytes).digest('hex'),
    file_size: bytes.length,
    mimetype: cells['mimetype'] ?? guessType(bytes),
  };
}

/** The model has to be there; the record need not. */
function checkOwner(env: Env, cells: Row['cells']): void {
  const model = cells['res_model'];
  if (typeof model === 'string' && !env.models.has(model)) throw new OdooError('KeyError', model);
}

function guessType(bytes: Buffer): string {
  if (bytes.subarray(0, 5).toString('latin1') === '%PDF-') return 'application/pdf';
  return isUtf8(bytes) ? 'text/plain' : 'application/octet-stream';
}
