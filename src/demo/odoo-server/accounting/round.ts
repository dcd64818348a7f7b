/**
 * To `decimals` places, halves away from zero. Binary fractions lie a little beside what people write (1.005 is
 * 1.00499999…), so a tiny bit is added first, as Odoo's `float_round` does.
 */
export function round(value: number, decimals: number): number {
  if (!Number.isFinite(value)) return 0;
  const scaled = Math.abs(value) * 10 ** decimals;
  const nudge = Number.EPSILON * Math.max(1, scaled);
  const whole = Math.floor(scaled + 0.5 + nudge);
  const rounded = (Math.sign(value) * whole) / 10 ** decimals;
  return rounded === 0 ? 0 : rounded;
}
