import { defineConfig } from "vitest/config";
import { ClosingLine } from "./test/kit/closing-line.mjs";
import { containersEnvironment } from "./test/kit/containers-environment.mjs";

const SECOND = 1000;

// More workers than two cores: most tests wait for a container or a server for half of their time. Timeouts are generous: they bound how long a hang lasts, and machines are slow at times.

/** Tests of `unit` run anywhere; the others need what test/machine/as-ordinary-user.sh prepares. */
const onRealPodman = () => ({
  env: containersEnvironment().variables,
  globalSetup: "test/kit/prepare-containers.mjs",
  // Among thousands of tests with containers, one loses a race on a busy machine now and then. ClosingLine names it.
  retry: 1,
  testTimeout: 300 * SECOND,
  hookTimeout: 300 * SECOND,
});

export default defineConfig({
  test: {
    reporters: ["default", new ClosingLine()],
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          maxWorkers: 2,
          testTimeout: 300 * SECOND,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
          ...onRealPodman(),
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts", "test/features/**/*.test.ts"],
          // Each file runs a daemon and its containers beside itself.
          maxWorkers: 3,
          // Beside the integration tests: no worker is idle while the last of those ends.
          sequence: { groupOrder: 1 },
          ...onRealPodman(),
        },
      },
    ],
  },
});
