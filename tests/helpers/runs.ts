/** Percent of the long searches that a usual run does: it repeats what earlier ones found, `npm run test:long` looks for more. */
const USUAL_PERCENT = 20;

/**
 * How much of a long search this run does, of the whole numbers the tests are written with. Always the same first part, so
 * that a failure can be repeated.
 *   HANDOVER_RUNS  percent, 1 to 100 (default 20); `npm run test:long` sets 100
 */
const PERCENT = percent(process.env['HANDOVER_RUNS']);

/** All of it: then what hardly ever happens must have happened, too. */
export const WHOLE = PERCENT === 100;

/** @param whole number of runs in `npm run test:long` */
export function runs(whole: number): number {
  return Math.max(1, Math.round((whole * PERCENT) / 100));
}

function percent(given: string | undefined): number {
  if (given === undefined || given === '') return USUAL_PERCENT;
  const value = Number(given);
  if (Number.isInteger(value) && value >= 1 && value <= 100) return value;
  throw new Error(`HANDOVER_RUNS is a whole number from 1 to 100, not ${given}`);
}
