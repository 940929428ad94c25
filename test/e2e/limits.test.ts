import { describe, expect, it } from "vitest";
import { expectNothingLeft } from "../kit/house/nothing-left.ts";
import type { World } from "../kit/world.ts";
import { inAWorld } from "./in-a-world.ts";

/** What `agentd status` says this host can enforce. */
async function enforceableLimits(world: World): Promise<readonly string[]> {
  const { sandbox } = await world.daemon();
  const { engine } = (await sandbox.runJson(["status", "--json"])) as {
    readonly engine: { readonly enforceable_limits: readonly string[] };
  };
  return engine.enforceable_limits;
}

describe("a limit of memory", () => {
  it(
    "ends the session that passes it, or is told to be missing where the host has none",
    inAWorld(async (world) => {
      world.profileKeys["memory"] = "64m";
      await world.commitAgent("text=$(head -c 100000000 /dev/zero | tr '\\0' x); echo ${#text}");
      const isEnforced = (await enforceableLimits(world)).includes("memory");
      const run = await world.start("agentd run site-builder --json");
      const code = await run.end();
      const { outcome, exit_code, warnings } = await (await world.record()).document();
      const warning = "This host cannot limit memory; the session runs without.";
      if (isEnforced)
        expect({ code, outcome, warnings }).toEqual({ code: 137, outcome: "out_of_memory", warnings: [] });
      else {
        expect({ code, outcome, exit_code, warnings }).toEqual({
          code: 0,
          outcome: "success",
          exit_code: 0,
          warnings: [warning],
        });
        expect(run.stderr.toString()).toContain(warning);
      }
      await expectNothingLeft(world);
    }),
  );
});

describe("a limit of processes", () => {
  it(
    "keeps the session from starting more, or is told to be missing where the host has none",
    inAWorld(async (world) => {
      world.profileKeys["pids"] = 30;
      await world.commitAgent("for i in $(seq 60); do sleep 2 & echo $i; done; echo all");
      const isEnforced = (await enforceableLimits(world)).includes("pids");
      const run = await world.start("agentd run site-builder");
      await run.end();
      const printed = run.stdout.toString().split("\n");
      const begun = printed.filter((line) => /^\d+$/.test(line)).length;
      expect(begun < 30).toBe(isEnforced);
      expect(printed.includes("all")).toBe(!isEnforced);
      await expectNothingLeft(world);
    }),
  );
});
