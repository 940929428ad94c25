import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { expectNothingLeft } from "../kit/house/nothing-left.ts";
import { signalProcessesWith } from "../kit/processes.mjs";
import { until } from "../kit/until.mjs";
import type { World } from "../kit/world.ts";
import { inAWorld } from "./in-a-world.ts";

/** Kills the Podman service of the daemon, once there is one. */
async function killService(world: World): Promise<void> {
  const { instance } = await world.daemon();
  await until("the Podman service", async () => {
    const killed = await signalProcessesWith(`/agentd/${instance}/podman.sock`, "SIGKILL");
    return killed.length > 0;
  });
}

describe("a Podman service that is killed with SIGKILL", () => {
  it(
    "costs nothing when no session runs",
    inAWorld(async (world) => {
      await world.commitAgent("exit 5");
      await world.daemon();
      await killService(world);
      expect(await (await world.start("agentd run site-builder")).end()).toBe(5);
      await expectNothingLeft(world);
    }),
  );

  it(
    "costs a running session nothing, however often it happens",
    inAWorld(async (world) => {
      await world.commitAgent("for i in 1 2 3 4 5 6; do echo turn $i; sleep 0.5; done; exit 5");
      const run = await world.start("agentd run site-builder");
      for (const turn of [1, 3, 5]) {
        await run.printed(`turn ${turn}`);
        await killService(world);
      }
      expect(await run.end()).toBe(5);
      expect(run.stdout.toString()).toBe([1, 2, 3, 4, 5, 6].map((turn) => `turn ${turn}\n`).join(""));
      await expectNothingLeft(world);
    }),
  );

  it(
    "costs a session nothing that ends at the same moment",
    inAWorld(async (world) => {
      await world.commitAgent("echo ending; exit 5");
      const run = await world.start("agentd run site-builder");
      await run.printed("ending");
      await killService(world);
      expect(await run.end()).toBe(5);
      await expectNothingLeft(world);
    }),
  );

  it.each([0, 50, 100, 200])(
    "leaves one outcome and nothing else when a session was accepted %i ms before",
    (delayMs) =>
      inAWorld(async (world) => {
        await world.commitAgent("exit 5");
        const run = await world.start("agentd run site-builder");
        await sleep(delayMs);
        await killService(world);
        const code = await run.end();
        const { outcome, stage } = await (await world.record()).document();
        // Before the gate opens nothing of the agent's has run, so a failed launch is the truth as well.
        expect([
          { code: 5, outcome: "work_failed", stage: null },
          { code: 125, outcome: "launch_failed", stage: "image" },
          { code: 125, outcome: "launch_failed", stage: "create" },
          { code: 125, outcome: "launch_failed", stage: "start" },
        ]).toContainEqual({ code, outcome, stage });
        await expectNothingLeft(world);
      })(),
  );
});
