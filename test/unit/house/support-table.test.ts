import { describe, expect, it } from "vitest";
import * as z from "zod";
import { page } from "../../kit/markdown.ts";
import { NODE_VERSIONS } from "../../nodes/install.mjs";
import { readResults, supportTable } from "../../support/results.mjs";

const result = z.strictObject({
  kind: z.enum(["node", "debian"]),
  version: z.string().min(1),
  date: z.iso.date(),
  result: z.enum(["passed", "failed"]),
  seconds: z.number().nonnegative(),
  versions: z.record(z.string(), z.string().min(1)).optional(),
  tests: z.array(z.string()).min(1).optional(),
});

describe("the table of what was tried", () => {
  it("is made of recorded results, and docs/host.md shows it as it is", async () => {
    const results = z.array(result).parse(await readResults());
    expect(page("host.md")).toContain(`\n${supportTable(results as Parameters<typeof supportTable>[0])}\n\n`);
  });

  it("has one line for each version that a test of the house can try", async () => {
    const versions = (await readResults())
      .filter(({ kind }) => kind === "node")
      .map(({ version }) => version);
    expect(new Set(versions).size).toBe(versions.length);
    for (const version of versions) expect(NODE_VERSIONS).toContain(version);
  });

  it("shows what failed as failed, and what only partly ran with what did", () => {
    const run = { kind: "node", version: "24", date: "2026-11-29", seconds: 61 } as const;
    const table = supportTable([
      { ...run, result: "failed", versions: { node: "24.1.0", podman: "5.4.2" } },
      { ...run, kind: "debian", version: "trixie", result: "passed", tests: ["unit"] },
    ]);
    expect(table.split("\n").slice(2)).toEqual([
      "| Node.js 24 | node 24.1.0, podman 5.4.2 | all | 2026-11-29 | failed in 2 min |",
      "| Debian trixie |  | unit | 2026-11-29 | passed in 2 min |",
    ]);
  });
});
