import { defineConfig } from 'vitest/config';

// Real servers and real processes: few workers, generous limits, and no retry that would hide a race.
export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
    retry: 0,
    reporters: ['default', './tests/helpers/summary-reporter.ts'],
    // A model key in the developer's shell must never reach a test.
    env: { ANTHROPIC_API_KEY: '', OPENAI_API_KEY: '', PM2_DISCRETE_MODE: 'true', NODE_ENV: 'test' },
  },
});
