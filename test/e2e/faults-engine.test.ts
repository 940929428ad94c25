import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type Arena, type Ground, inArena, openGround, untilLong } from "../chaos/arena.mjs";
import { judge, leaks } from "../chaos/judgement.mjs";
import { podman, sessionContainersOf } from "../kit/podman.mjs";
import { processesWith, sendSignal, signalProcessesWith } from "../kit/processes.mjs";

const EXIT_CODE = 5;

let ground: Ground;
let closeGround: () => Promise<void>;
beforeAll(async () => ({ ground, close: closeGround } = await openGround()));
afterAll(() => closeGround());

/** In the command line of its Podman service. */
function socketOf({ instance }: Arena): string {
  return `/agentd/${instance}/podman.sock`;
}

async function containerOf({ sandbox, instance }: Arena): Promise<string> {
  const [container] = await sessionContainersOf(sandbox.containers, instance);
  return container?.Id ?? "";
}

async function expectEnd(arena: Arena, fate: string): Promise<void> {
  await arena.allSealed();
  expect(await judge(arena, EXIT_CODE)).toMatchObject({ fate, starts: 1, wrong: [] });
  await arena.stopDaemons();
  expect(await leaks(arena)).toEqual([]);
}

describe("a Podman service that hangs", () => {
  it(
    "is replaced, and the session that ran ends as its command does",
    () =>
      inArena(ground, async (arena) => {
        await arena.startDaemon();
        await arena.run(EXIT_CODE);
        await arena.handedOver();
        const hung = await signalProcessesWith(socketOf(arena), "SIGSTOP");
        onTestFinished(() => hung.forEach((pid) => sendSignal(pid, "SIGKILL")));
        await arena.letGo();
        await untilLong("the end of the service that hangs", async () =>
          (await processesWith(socketOf(arena))).every((pid) => !hung.includes(pid)),
        );
        await expectEnd(arena, "command");
      }),
    // A service counts as hung when a request has met its deadline.
    400_000,
  );
});

describe("a container that something else meddles with", () => {
  it("by podman kill ends its session as terminated_by_signal", () =>
    inArena(ground, async (arena) => {
      await arena.startDaemon();
      await arena.run(EXIT_CODE);
      await arena.handedOver();
      await podman(arena.sandbox.containers, ["kill", await containerOf(arena)]);
      await expectEnd(arena, "killed");
    }));
});
