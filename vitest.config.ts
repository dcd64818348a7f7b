import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * The longest begin, so that none of them is still running when all else has ended; those that reckon stand between those
 * that wait for other processes, so that two of them seldom share the cores. Then by folder, the rest as vitest likes.
 */
const LONGEST_FIRST = [
  'red-team/',
  'e2e/cloud-off',
  'crash/invoice-points',
  'integration/odoo-troubles',
  'crash/storm',
  'simulation/schedules-first',
  'integration/odoo-contract-real',
  'crash/invoice-storm',
  'simulation/schedules-second',
  'integration/draft-invoice-on-odoo',
  'integration/odoo-guard-off',
  'e2e/',
  'integration/odoo-restore',
  'fuzz/',
  'crash/',
  'sync/',
  'integration/',
  'simulation/',
  'properties/',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONGEST_FIRST.findIndex((path) => moduleId.includes(`/tests/${path}`));
      return at === -1 ? LONGEST_FIRST.length : at;
    };
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other));
  }
}

// Real servers and real processes: generous limits, and no retry that would hide a race. One worker more than cores, since
// the long ones wait for another process half of their time (measured).
export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
    retry: 0,
    reporters: ['default', './tests/helpers/summary-reporter.ts'],
    // A model key in the developer's shell must never reach a test.
    env: { ANTHROPIC_API_KEY: '', OPENAI_API_KEY: '', PM2_DISCRETE_MODE: 'true', NODE_ENV: 'test' },
  },
});
