import { defineConfig } from "vitest/config";
import { containersEnvironment } from "../kit/containers-environment.mjs";

/** `npm run test:agents`: not part of `npm test`, because the agents are 1.5 GB from the npm registry. */
export default defineConfig({
  test: {
    include: ["test/agents/**/*.test.ts"],
    env: containersEnvironment().variables,
    globalSetup: "test/agents/prepare.mjs",
    reporters: ["verbose"],
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
