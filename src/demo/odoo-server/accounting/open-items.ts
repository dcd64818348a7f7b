import { round } from './round.ts';
import type { Env } from '../orm/shapes.ts';

/** What is still open on the receivable or payable lines of a partner, in the company's currency. */
export function openItems(env: Env, partnerId: number, accountType: string): number {
  const residuals = env.tables
    .all('account.move.line')
    .filter(({ cells }) => {
      const account = env.tables.find('account.account', Number(cells['account_id']));
      return (
        cells['partner_id'] === partnerId &&
        cells['parent_state'] === 'posted' &&
        account?.cells['account_type'] === accountType
      );
    })
    .map(({ cells }) => Number(cells['amount_residual'] ?? 0));
  return round(
    residuals.reduce((sum, residual) => sum + residual, 0),
    2,
  );
}
