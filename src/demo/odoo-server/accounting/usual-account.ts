import type { Env, Row } from '../orm/shapes.ts';

const INBOUND: readonly unknown[] = ['out_invoice', 'in_refund'];

/**
 * The account of a line that names neither product nor account: the one most often used for this partner, income for
 * documents that bring money and expense for those that cost it. So the credit note to a customer who is a vendor too
 * goes to expenses.
 */
export function usualAccount(env: Env, move: Row | undefined): number | null {
  const partner = move?.cells['partner_id'] ?? null;
  if (!move || partner === null) return null;
  const type = INBOUND.includes(move.cells['move_type']) ? 'income' : 'expense';
  const counts = new Map<number, number>();
  for (const { cells } of env.tables.all('account.move.line')) {
    const account = env.tables.find('account.account', Number(cells['account_id']));
    if (cells['partner_id'] !== partner || account?.cells['account_type'] !== type) continue;
    counts.set(account.id, (counts.get(account.id) ?? 0) + 1);
  }
  const [most] = [...counts].sort(([, one], [, other]) => other - one);
  return most?.[0] ?? null;
}
