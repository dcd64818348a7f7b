/** Groups of users, by external id. `implies`: who has this one has those. */
export const GROUPS: Readonly<
  Record<string, { readonly label: string; readonly implies: readonly string[] }>
> = {
  'base.group_user': { label: 'Role / User', implies: [] },
  'base.group_system': {
    label: 'Role / Administrator',
    implies: ['base.group_user', 'base.group_partner_manager'],
  },
  'base.group_portal': { label: 'Role / Portal', implies: [] },
  'base.group_partner_manager': { label: 'Contact/Creation', implies: [] },
  'account.group_account_readonly': {
    label: 'Show Accounting Features - Readonly',
    implies: ['base.group_user'],
  },
  'account.group_account_invoice': { label: 'Accounting/Invoicing', implies: ['base.group_user'] },
  'account.group_account_manager': {
    label: 'Accounting/Administrator',
    implies: ['account.group_account_invoice'],
  },
  /** Made by `handover odoo guard install`: may draft, and nothing else. */
  'handover_bridge.group_draft_bot': { label: 'Draft bot', implies: ['base.group_user'] },
};

export const INVOICING = 'account.group_account_invoice';
export const ACCOUNT_READONLY = 'account.group_account_readonly';
export const ACCOUNT_MANAGER = 'account.group_account_manager';
export const DRAFT_BOT = 'handover_bridge.group_draft_bot';
export const SYSTEM = 'base.group_system';

/** With the implied ones. */
export function allGroups(ids: readonly string[]): ReadonlySet<string> {
  return new Set(ids.flatMap((id) => [id, ...allGroups(GROUPS[id]?.implies ?? [])]));
}
