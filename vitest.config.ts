import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The folders whose files take minutes begin, so that none of them is still running when all else has ended. */
const SLOWEST_FIRST = ['simulation', 'e2e', 'crash', 'integration', 'red-team', 'properties'];

class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = SLOWEST_FIRST.findIndex((folder) => moduleId.includes(`/tests/${folder}/`));
      return at === -1 ? SLOWEST_FIRST.length : at;
    };
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other));
  }
}

// Real servers and real processes: few workers, generous limits, and no retry that would hide a race.
export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: SlowestFirst },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
    retry: 0,
    reporters: ['default', './tests/helpers/summary-reporter.ts'],
    // A model key in the developer's shell must never reach a test.
    env: { ANTHROPIC_API_KEY: '', OPENAI_API_KEY: '', PM2_DISCRETE_MODE: 'true', NODE_ENV: 'test' },
  },
});
