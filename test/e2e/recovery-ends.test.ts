import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { sessionContainersOf, inspectContainer, podman } from "../kit/podman.mjs";
import { expectNothingLeft } from "../features/house/nothing-left.ts";
import type { World } from "../features/world.ts";
import { COUNTING_AGENT, killDaemon, reaches, startsOf } from "./at-a-failpoint.ts";
import { inAWorld } from "./in-a-world.ts";

interface Inspected {
  readonly Id: string;
  readonly State: { readonly Pid: number; readonly ConmonPid: number };
}

/** A session that runs, whose daemon is dead. */
function withoutDaemon(
  test: (world: World, container: Inspected) => Promise<void>,
  options = "",
): () => Promise<void> {
  return inAWorld(async (world) => {
    await world.commitAgent(COUNTING_AGENT);
    Object.assign(world.profileKeys, { grace: "0s" });
    await (await world.start(`agentd run site-builder --detach ${options}`)).end();
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
      process.kill(State.ConmonPid, "SIGKILL");
      await world.startDaemonAgain();
      await reaches(world, "sealed");
      expect(await (await world.record()).document()).toMatchObject({ outcome: "interrupted" });
      expect(() => process.kill(State.Pid, 0)).toThrow("ESRCH");
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
    withoutDaemon(async (world) => {
      await sleep(4_000);
      await world.startDaemonAgain();
      await reaches(world, "sealed");
      expect(await (await world.record()).document()).toMatchObject({ outcome: "timed_out" });
    }, "--timeout 4s"),
  );
});
