import { defineConfig } from "vitest/config";
import { ClosingLine } from "../kit/closing-line.mjs";
import { containersEnvironment } from "../kit/containers-environment.mjs";

/** `npm run test:agents`: not part of `npm test`, because the agents are 1.5 GB from the npm registry. */
export default defineConfig({
  test: {
    include: ["test/agents/**/*.test.ts"],
    env: containersEnvironment().variables,
    globalSetup: "test/agents/prepare.mjs",
    reporters: ["verbose", new ClosingLine()],
    // What it says about each agent is what it is run for.
    disableConsoleIntercept: true,
    testTimeout: 300_000,
    // An image is built.
    hookTimeout: 1_200_000,
  },
});
