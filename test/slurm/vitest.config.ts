import { defineConfig } from "vitest/config";
import { ClosingLine } from "../kit/closing-line.mjs";

/** `npm run test:slurm`: all that a real Slurm can do to sessions. `npm test` has one reduced case of it. */
export default defineConfig({
  test: {
    include: ["test/slurm/**/*.test.ts", "test/integration/slurm/**/*.test.ts"],
    reporters: ["verbose", new ClosingLine()],
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 300_000,
  },
});
