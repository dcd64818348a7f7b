import { createHash } from 'node:crypto';
import { z } from 'zod';
import { OdooFault } from './faults.ts';
import { findDraft, readDraftMove } from './find-draft.ts';
import { loadOnce } from './load-once.ts';
import type { Odoo } from './odoo.ts';
import { searchRows } from './read-rows.ts';

const MAX_ATTACHMENT_BYTES = 10_000_000;

export interface AttachedFile {
  readonly name: string;
  /** `application/pdf` */
  readonly mimeType: string;
  readonly bytes: Uint8Array;
}

const row = z.object({ id: z.int().positive() });

/**
 * Puts a file on the draft of this external id; the same bytes a second time are there once, by the checksum in its key.
 * @throws OdooFault `missing`: there is no such draft; `refused`: it is no draft any more
 */
export async function attach(
  odoo: Odoo,
  externalId: string,
  file: AttachedFile,
): Promise<{ readonly id: number; readonly created: boolean }> {
  checkFile(file);
  const move = await findDraft(odoo, externalId);
  const draft = move === null ? null : await readDraftMove(odoo, move);
  if (draft === null) throw new OdooFault('missing', 'the draft of this task is not in Odoo any more');
  if (draft.state !== 'draft') throw new OdooFault('refused', 'a file is put on a draft only');
  const sum = createHash('sha1').update(file.bytes).digest('hex');
  const there = await find(odoo, draft.id, sum);
  if (there !== null) return { id: there, created: false };
  const cells: readonly (readonly [string, string])[] = [
    ['id', `${externalId}_file_${sum.slice(0, 16)}`],
    ['name', file.name],
    ['datas', Buffer.from(file.bytes).toString('base64')],
    ['mimetype', file.mimeType],
    ['res_model', 'account.move'],
    ['res_id', String(draft.id)],
  ];
  const sheet = { columns: cells.map(([column]) => column), rows: [cells.map(([, cell]) => cell)] };
  try {
    return { id: await loadOnce(odoo, 'ir.attachment', sheet), created: true };
  } catch (error) {
    if (!(error instanceof OdooFault) || error.code === 'invalid_call') throw error;
    const after = await find(odoo, draft.id, sum).catch(() => null);
    if (after === null) throw error;
    return { id: after, created: error.code === 'unknown' };
  }
}

/** Odoo's own checksum of an attachment is SHA-1. */
async function find(odoo: Odoo, move: number, sum: string): Promise<number | null> {
  const search = {
    model: 'ir.attachment',
    domain: [
      ['res_model', '=', 'account.move'],
      ['res_id', '=', move],
      ['checksum', '=', sum],
    ],
    fields: ['id'],
    order: 'id',
    limit: 1,
  };
  return (await searchRows(odoo, search, row))[0]?.id ?? null;
}

function checkFile(file: AttachedFile): void {
  const wrong = (words: string): OdooFault =>
    new OdooFault('invalid_call', `this file cannot be attached: ${words}`);
  if (file.bytes.byteLength === 0) throw wrong('it is empty');
  if (file.bytes.byteLength > MAX_ATTACHMENT_BYTES) throw wrong('it is larger than 10 MB');
  if (!/^[^/\\\p{C}]{1,200}$/u.test(file.name) || file.name.startsWith('.')) throw wrong('its name');
  if (!/^[a-z]+\/[a-z0-9.+-]{1,100}$/.test(file.mimeType)) throw wrong('its type');
}
