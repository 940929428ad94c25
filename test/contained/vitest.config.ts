import { defineConfig } from "vitest/config";
import { containersEnvironment } from "../kit/containers-environment.mjs";

/** `npm run test:contained`: not part of `npm test`, because the image of a host takes minutes to make. */
export default defineConfig({
  test: {
    include: ["test/contained/**/*.test.ts"],
    env: containersEnvironment().variables,
    globalSetup: "test/contained/prepare.mjs",
    testTimeout: 600_000,
    hookTimeout: 600_000,
    fileParallelism: false,
  },
});
