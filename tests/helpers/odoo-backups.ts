/** Backups and what is in the books, for the tests of backup.sh and restore.sh. */
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { expect } from 'vitest';
import type { DeployedOdoo } from './deployed-odoo.ts';
import { until } from './until.ts';

/** The name of a whole one. */
export const NAME = /^books-\d{8}T\d{6}Z$/;

/** Makes one, and tells its name. */
export async function backup(odoo: DeployedOdoo): Promise<string> {
  const { code, said } = await odoo.script('backup.sh');
  expect(said).toMatch(/^books-\d{8}T\d{6}Z: /);
  expect(code).toBe(0);
  const names = (await readdir(odoo.backups)).filter((name) => NAME.test(name)).sort();
  return names.at(-1)!;
}

/** A customer invoice with an attachment; posted. Returns its number. */
export async function invoice(
  odoo: DeployedOdoo,
  customer: string,
  price: number,
  file: Buffer,
): Promise<string> {
  const [partner] = (await odoo.call('res.partner', 'create', {
    vals_list: [{ name: customer }],
  })) as number[];
  const line = [0, 0, { name: 'Work', quantity: 1, price_unit: price }];
  const vals = { move_type: 'out_invoice', partner_id: partner, invoice_line_ids: [line] };
  const ids = (await odoo.call('account.move', 'create', { vals_list: [vals] })) as number[];
  const of = { res_model: 'account.move', res_id: ids[0]! };
  await odoo.call('ir.attachment', 'create', {
    vals_list: [{ name: 'receipt.bin', datas: file.toString('base64'), ...of }],
  });
  await odoo.call('account.move', 'action_post', { ids });
  const [read] = (await odoo.call('account.move', 'read', { ids, fields: ['name'] })) as { name: string }[];
  return read!.name;
}

/** Everything that a bookkeeper would miss, from Odoo's own mouth, and the bytes of each attachment. */
export async function books(odoo: DeployedOdoo): Promise<unknown> {
  const moves = await odoo.call('account.move', 'search_read', {
    domain: [],
    fields: ['name', 'state', 'amount_total', 'partner_id', 'invoice_date', 'line_ids'],
    order: 'id',
  });
  const files = (await odoo.call('ir.attachment', 'search_read', {
    domain: [['res_model', '=', 'account.move']],
    fields: ['name', 'res_id', 'datas', 'checksum'],
    order: 'id',
  })) as { datas: string; checksum: string }[];
  for (const { datas, checksum } of files)
    expect(createHash('sha1').update(Buffer.from(datas, 'base64')).digest('hex')).toBe(checksum);
  return { moves, files };
}

/** All but the templates of PostgreSQL. */
export const databases = async (odoo: DeployedOdoo): Promise<string[]> =>
  (await odoo.sql('SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1', 'postgres')).split(
    '\n',
  );

export async function removeCopies(odoo: DeployedOdoo): Promise<void> {
  for (const name of await databases(odoo))
    if (/^books_/.test(name)) expect((await odoo.script('restore.sh', ['--remove', name])).code).toBe(0);
}

/** Names go by the second. */
export async function backupInAnotherSecond(odoo: DeployedOdoo): Promise<string> {
  const second = Math.floor(Date.now() / 1000);
  await until('another second', () => Math.floor(Date.now() / 1000) > second);
  return backup(odoo);
}
