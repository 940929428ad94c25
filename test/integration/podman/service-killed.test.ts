import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { processesWith } from "../../kit/processes.mjs";
import { until } from "../../kit/until.mjs";
import { type EngineRoom, openEngineRoom } from "./engine-room.ts";

let room: EngineRoom;
beforeAll(async () => {
  room = await openEngineRoom();
});
afterAll(() => room.close());

let killed: number | undefined;

async function killService(): Promise<void> {
  killed = await room.servicePid(killed);
  process.kill(killed, "SIGKILL");
}

async function noProcessIsLeft(id: string): Promise<void> {
  await until("the end of all processes", async () => (await processesWith(id)).length === 0);
}

describe("when the service is killed", () => {
  it.each([5, 20, 40, 60, 80])(
    "%i ms into a start, the container runs and ends as it should",
    async (afterMs) => {
      const { id } = await room.engine.createContainer(room.request("exit 9"));
      const started = room.engine.startContainer(id);
      await delay(afterMs);
      await killService();
      await started;
      const exit = await room.engine.waitForExit(id, { signal: AbortSignal.timeout(120_000) });
      expect(exit).toMatchObject({ kind: "exited", exitCode: 9 });
      await room.engine.removeContainer(id);
      await noProcessIsLeft(id);
    },
  );

  it.each([2, 5, 10])("%i ms into a create, there is one container of that name", async (afterMs) => {
    const request = room.request("exit 0");
    const created = room.engine.createContainer(request);
    await delay(afterMs);
    await killService();
    const { id } = await created;
    expect(await room.engine.inspectContainer(request.name)).toMatchObject({ id, phase: "created" });
    await room.engine.removeContainer(request.name);
  });

  it.each([1, 2, 5, 10, 20, 40])("%i ms into a removal, nothing is left", async (afterMs) => {
    const id = await room.launch(room.request("exec sleep 1000"));
    const removed = room.engine.removeContainer(id);
    await delay(afterMs);
    await killService();
    await removed;
    expect(await room.engine.inspectContainer(id)).toBeUndefined();
    await noProcessIsLeft(id);
  });

  it("twice among sixteen containers at once, all end as they should", async () => {
    const codes = Array.from({ length: 16 }, (_, code) => code);
    const requests = codes.map((code) => room.request(`exit ${code}`));
    const runs = requests.map((request) => room.run(request));
    await delay(300);
    await killService();
    await delay(1_500);
    await killService();
    const exits = (await Promise.all(runs)).map(({ exit }) => exit);
    expect(exits).toMatchObject(codes.map((exitCode) => ({ kind: "exited", exitCode })));
    const left = await Promise.all(requests.map(({ name }) => room.engine.inspectContainer(name)));
    expect(left).toEqual(codes.map(() => undefined));
  });
});
