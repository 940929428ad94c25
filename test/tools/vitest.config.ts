import { defineConfig } from "vitest/config";
import { containersEnvironment } from "../kit/containers-environment.mjs";

/** `npm run test:tools`: not part of `npm test`, because the image with all the tools takes minutes to make. */
export default defineConfig({
  test: {
    include: ["test/tools/**/*.test.ts"],
    env: containersEnvironment().variables,
    globalSetup: "test/tools/prepare.mjs",
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
