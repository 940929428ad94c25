import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { identifyProcess, isAlive } from "../../src/process-identity.ts";
import { expectNothingLeft } from "../kit/house/nothing-left.ts";
import { inspectContainer, podman, sessionContainersOf } from "../kit/podman.mjs";
import { until } from "../kit/until.mjs";
import type { World } from "../kit/world.ts";
import { AtAFailpoint, COUNTING_AGENT, killDaemon, reaches, startsOf } from "./at-a-failpoint.ts";
import { inAWorld } from "./in-a-world.ts";

interface Inspected {
  readonly Id: string;
  readonly State: { readonly Pid: number; readonly ConmonPid: number };
}

/** A session that runs, whose daemon is dead. */
function withoutDaemon(test: (world: World, container: Inspected) => Promise<void>): () => Promise<void> {
  return inAWorld(async (world) => {
    await world.commitAgent(COUNTING_AGENT);
    Object.assign(world.profileKeys, { grace: "0s" });
    await (await world.start("agentd run site-builder --detach")).end();
    await reaches(world, "running");
    const { sandbox, instance } = await world.daemon();
    const [container] = await sessionContainersOf(sandbox.containers, instance);
    const inspected = (await inspectContainer(sandbox.containers, container?.Id ?? "")) as Inspected;
    await killDaemon(world);
    await test(world, inspected);
    await reaches(world, "sealed");
    expect(await startsOf(world)).toBe(1);
    await expectNothingLeft(world);
  });
}

describe("a session that meets its end while no daemon runs", () => {
  it(
    "keeps the exit code of a first process that was killed",
    withoutDaemon(async (world, { State }) => {
      process.kill(State.Pid, "SIGKILL");
      await world.startDaemonAgain();
      await reaches(world, "sealed");
      expect(await (await world.record()).document()).toMatchObject({
        outcome: "terminated_by_signal",
        signal: "SIGKILL",
        exit_code: 137,
      });
    }),
  );

  it(
    "is interrupted when its conmon was killed, and no process of it lives on",
    withoutDaemon(async (world, { State }) => {
      const first = await identifyProcess(State.Pid);
      expect(first).toBeDefined();
      process.kill(State.ConmonPid, "SIGKILL");
      await world.startDaemonAgain();
      await reaches(world, "sealed");
      expect(await (await world.record()).document()).toMatchObject({ outcome: "interrupted" });
      // Whoever has taken it over from conmon may not have asked for its end yet.
      expect(await isAlive(first!)).toBe(false);
    }),
  );

  it(
    "is interrupted when its container was removed",
    withoutDaemon(async (world, { Id }) => {
      const { sandbox } = await world.daemon();
      await podman(sandbox.containers, ["rm", "--force", "--time", "0", Id]);
      await world.startDaemonAgain();
      await reaches(world, "sealed");
      expect(await (await world.record()).document()).toMatchObject({ outcome: "interrupted" });
    }),
  );

  it(
    "has timed out when its time was up before the next daemon started",
    inAWorld(async (world) => {
      await world.commitAgent(COUNTING_AGENT);
      Object.assign(world.profileKeys, { grace: "0s" });
      // The time counts from the hand-over, and no daemon lives to see it pass.
      const failpoint = await AtAFailpoint.arm(world, "handed_over_journaled=crash");
      await (await world.start("agentd run site-builder --detach --timeout 1s")).end();
      await failpoint.hit("handed_over_journaled");
      await (
        await world.daemon()
      ).daemon.exited;
      await until("a start of the command", async () => (await startsOf(world)) === 1);
      await sleep(1_000);
      await failpoint.startDaemonAgain();
      await reaches(world, "sealed");
      expect(await (await world.record()).document()).toMatchObject({ outcome: "timed_out" });
      expect(await startsOf(world)).toBe(1);
      await expectNothingLeft(world);
    }),
  );
});
