import { describe, expect, it } from "vitest";
import { expectNothingLeft } from "../kit/house/nothing-left.ts";
import { until } from "../kit/until.mjs";
import type { World } from "../kit/world.ts";
import { AtAFailpoint, COUNTING_AGENT, letGo, reaches, startsOf } from "./at-a-failpoint.ts";
import { inAWorld } from "./in-a-world.ts";

/** Ids of the sessions that `agentd status` shows as incomplete. */
async function incomplete(world: World): Promise<readonly string[]> {
  const status = await world.start("agentd status --json");
  expect(await status.end()).toBe(0);
  const shown = JSON.parse(status.stdout.toString()) as {
    readonly incomplete: readonly { readonly session_id: string; readonly reason: string }[];
  };
  expect(shown.incomplete.every(({ reason }) => reason.includes("was told to fail"))).toBe(true);
  return shown.incomplete.map(({ session_id: id }) => id);
}

async function accept(world: World): Promise<string> {
  const run = await world.start("agentd run site-builder --detach");
  expect(await run.end()).toBe(0);
  return run.stdout.toString().trim();
}

describe("where there is one place, a session", () => {
  it.each(["container_removed", "sealing"] as const)(
    "whose end fails again and again at %s gives it back, stays visible, and is sealed once it can be",
    (label) =>
      inAWorld(async (world) => {
        world.daemonKeys["max_sessions"] = 1;
        await world.commitAgent(COUNTING_AGENT);
        const failpoint = await AtAFailpoint.arm(world, `${label}=fail`);
        const first = await accept(world);
        await reaches(world, "running");
        await letGo(world);
        const second = await accept(world);
        await reaches(world, "running");
        expect(await incomplete(world)).toEqual([first]);
        await letGo(world);
        await until("both as incomplete", async () => (await incomplete(world)).length === 2);

        world.spoilt = true;
        await (await world.daemon()).daemon.kill();
        await failpoint.startDaemonAgain();
        await reaches(world, "sealed");
        for (const id of [first, second]) {
          const wait = await world.start(`agentd wait ${id}`);
          expect(await wait.end()).toBe(5);
        }
        await expectNothingLeft(world);
      })(),
  );

  it(
    "whose seal fails again and again tells who stays with it what it waits for",
    inAWorld(async (world) => {
      await world.commitAgent("exit 3");
      const failpoint = await AtAFailpoint.arm(world, "sealing=fail");
      const run = await world.start("agentd run site-builder");
      await until("what it waits for", () => run.stderr.toString().includes("not sealed yet"));
      expect(run.stderr.toString()).toMatch(
        /agentd: session [0-9a-f]{16} has ended but is not sealed yet: .*sealing was told to fail/,
      );
      world.spoilt = true;
      await (await world.daemon()).daemon.kill();
      await failpoint.startDaemonAgain();
      expect(await run.end()).toBe(0);
    }),
  );

  it(
    "whose earlier start cannot be cleared away gives it back, and begins again once it can be",
    inAWorld(async (world) => {
      world.daemonKeys["max_sessions"] = 1;
      await world.commitAgent(COUNTING_AGENT);
      const failpoint = await AtAFailpoint.arm(world, "cloned=crash");
      const first = await accept(world);
      await (
        await world.daemon()
      ).daemon.exited;
      await failpoint.startDaemonAgain("gate_removed=fail");
      const second = await accept(world);
      await reaches(world, "running");
      expect(await incomplete(world)).toEqual([first]);

      await (await world.daemon()).daemon.kill();
      await failpoint.startDaemonAgain();
      await letGo(world);
      expect(await (await world.start(`agentd wait ${second}`)).end()).toBe(5);
      expect(await startsOf(world)).toBe(1);
      const stop = await world.start(`agentd stop ${first}`);
      expect(await stop.end()).toBe(0);
      expect(await (await world.start(`agentd wait ${first}`)).end()).toBe(130);
      await expectNothingLeft(world);
    }),
  );
});
