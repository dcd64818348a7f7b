/** What Odoo's `move_type` says about a document. */
export interface MoveKind {
  readonly label: string;
  readonly journal: 'sale' | 'purchase' | 'general';
  /** Of its number: `INV`, with `R` before it for a refund. */
  readonly refund: boolean;
  /** 1 when an amount line is a debit: bills, and refunds to customers. */
  readonly sign: 1 | -1;
}

const MOVE_KINDS: Readonly<Record<string, MoveKind>> = {
  entry: { label: 'Journal Entry', journal: 'general', refund: false, sign: 1 },
  out_invoice: { label: 'Invoice', journal: 'sale', refund: false, sign: -1 },
  out_refund: { label: 'Credit Note', journal: 'sale', refund: true, sign: 1 },
  in_invoice: { label: 'Bill', journal: 'purchase', refund: false, sign: 1 },
  in_refund: { label: 'Vendor Credit Note', journal: 'purchase', refund: true, sign: -1 },
};

export const kindOf = (type: unknown): MoveKind =>
  MOVE_KINDS[String(type)] ?? { label: 'Journal Entry', journal: 'general', refund: false, sign: 1 };
