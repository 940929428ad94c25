import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFailed } from "vitest";
import { RemoteOperator } from "../kit/remote-operator.ts";
import type { World } from "../kit/world.ts";
import { letGo, reaches } from "./at-a-failpoint.ts";
import { inAWorld } from "./in-a-world.ts";

/** A test with a world, and an operator on another machine. */
function fromElsewhere(test: (operator: RemoteOperator, world: World) => Promise<void>): () => Promise<void> {
  return inAWorld(async (world) => {
    await world.commitAgent("echo nothing to do");
    const operator = await RemoteOperator.open(world);
    onTestFailed(() => console.error(operator.story()));
    try {
      await test(operator, world);
    } finally {
      await operator.close();
    }
  });
}

describe("a command for another host", () => {
  it(
    "runs there: output, exit code and record",
    fromElsewhere(async (operator, world) => {
      await world.commitAgent("echo out; echo err >&2; exit 5");
      const run = await operator.run("agentd --host HOST run site-builder --work-unit issue-1");
      expect(run.stdout.toString()).toBe("out\n");
      expect(run.stderr.toString()).toContain("err\n");
      expect(run.stderr.toString()).toMatch(/agentd: session \w{16} accepted, recorded in/);
      expect(run.exitCode).toBe(5);
      expect(await (await world.record()).document()).toMatchObject({ work_unit: "issue-1", exit_code: 5 });
      const ps = await operator.run("agentd --host HOST ps -a --json");
      expect(JSON.parse(ps.stdout.toString())).toMatchObject([{ outcome: "work_failed" }]);
    }),
  );
});
