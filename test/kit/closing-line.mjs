/** @typedef {import("vitest/node").Reporter} Reporter */

/**
 * Ends the output of a test run with one plain line, `12 passed, 0 failed`, that any tool can read. Before it stand the tests
 * that passed only when they were tried again: each is a bug, of the test or of agentd, that somebody has to look at.
 *
 * @implements {Reporter}
 */
export class ClosingLine {
  /**
   * @param {readonly import("vitest/node").TestModule[]} modules
   * @param {readonly import("vitest/node").SerializedError[]} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    for (const test of tests.filter((each) => each.diagnostic()?.flaky === true)) {
      const [first] = test.result().errors ?? [];
      process.stdout.write(
        `\npassed only when tried again: ${test.module.relativeModuleId} > ${test.fullName}\n`,
      );
      process.stdout.write(`${first?.stack ?? first?.message ?? "no error was kept"}\n`);
    }
    const states = tests.map((test) => test.result().state);
    const count = (/** @type {string} */ state) => states.filter((other) => other === state).length;
    // A file that cannot be loaded has no tests to fail, and still is a failure.
    const brokenFiles = modules.filter((module) => module.errors().length > 0).length;
    const failed = count("failed") + brokenFiles + unhandledErrors.length;
    const skipped = count("skipped") + count("pending");
    const parts = [`${count("passed")} passed`, `${failed} failed`];
    if (skipped > 0) parts.push(`${skipped} skipped`);
    process.stdout.write(`\n${parts.join(", ")}\n`);
  }
}
