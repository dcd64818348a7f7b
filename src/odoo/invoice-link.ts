/** Opens the document in Odoo's web client, on 14 to 19. `version` as `Odoo.version` has it. */
export function invoiceLink(url: string, version: string, id: number): string {
  const base = url.replace(/\/+$/, '');
  return Number.parseInt(version, 10) >= 18
    ? `${base}/odoo/account.move/${id}`
    : `${base}/web#id=${id}&model=account.move&view_type=form`;
}
