import type { Reporter, TestModule } from 'vitest/node';

/** Prints one line that a program can read, after everything else: `Tests: N passed, N failed`. */
// A default export because that is how vitest loads a reporter by path.
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const { passed, failed, skipped } = count(modules);
    const extra = skipped > 0 ? `, ${skipped} skipped` : '';
    // Vitest's own summary comes after this hook; the end of the process comes after all.
    process.once('exit', () => process.stdout.write(`Tests: ${passed} passed, ${failed} failed${extra}\n`));
  }
}

function count(modules: readonly TestModule[]): { passed: number; failed: number; skipped: number } {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const module of modules) {
    const tests = [...module.children.allTests()];
    for (const test of tests) {
      const { state } = test.result();
      if (state === 'passed') total.passed += 1;
      else if (state === 'failed') total.failed += 1;
      else total.skipped += 1;
    }
    // A file that could not be loaded, or whose hook threw, holds no failed test, yet it failed.
    const failedWithoutTest =
      module.state() === 'failed' && !tests.some((t) => t.result().state === 'failed');
    if (failedWithoutTest) total.failed += 1;
  }
  return total;
}
