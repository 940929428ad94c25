import { defineConfig } from "vitest/config";

/** `npm run test:cosign`: not part of `npm test`, because most machines have no cosign. */
export default defineConfig({
  test: { include: ["test/cosign/**/*.test.ts"], testTimeout: 600_000 },
});
