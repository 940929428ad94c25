import { execa } from "execa";
import { afterEach, describe, expect, it } from "vitest";
import { isAlive } from "../../../src/process-identity.ts";
import { containersEnvironment } from "../../kit/containers-environment.mjs";
import { type EngineRoom, openEngineRoom } from "./engine-room.ts";

const NO_HINTS = { exitFiles: false, events: false, inspectIntervalMs: undefined };
const patience = () => ({ signal: AbortSignal.timeout(120_000) });

let room: EngineRoom;
afterEach(() => room.close());

describe("the end of a container is noticed", () => {
  it.each([
    ["by exit files", { ...NO_HINTS, exitFiles: true }],
    ["by events", { ...NO_HINTS, events: true }],
    ["by looking now and then", { ...NO_HINTS, inspectIntervalMs: 200 }],
  ])("%s alone, with its true exit code", async (_, hints) => {
    room = await openEngineRoom(hints);
    const id = await room.launch(room.request("until [ -e go ]; do sleep 0.1; done; exit 42"));
    const exit = room.engine.waitForExit(id, patience());
    await execa("touch", [`${room.homeDirectory}/go`]);
    expect(await exit).toMatchObject({ kind: "exited", exitCode: 42 });
  });

  it.each([
    ["exit files", { ...NO_HINTS, exitFiles: true }],
    ["events", { ...NO_HINTS, events: true }],
    ["looking", { ...NO_HINTS, inspectIntervalMs: 200 }],
  ])("by %s alone when the service is killed in the middle of it", async (_, hints) => {
    room = await openEngineRoom(hints);
    const pid = await room.servicePid();
    const id = await room.launch(room.request("until [ -e go ]; do sleep 0.1; done; exit 5"));
    const exit = room.engine.waitForExit(id, patience());
    process.kill(pid, "SIGKILL");
    await execa("touch", [`${room.homeDirectory}/go`]);
    expect(await exit).toMatchObject({ kind: "exited", exitCode: 5 });
    expect(await room.servicePid(pid)).not.toBe(pid);
  });

  it("when somebody else kills it", async () => {
    room = await openEngineRoom();
    const id = await room.launch(room.request("exec sleep 1000"));
    const exit = room.engine.waitForExit(id, patience());
    await execa("podman", ["kill", id], { env: containersEnvironment().variables });
    expect(await exit).toMatchObject({ kind: "exited", exitCode: 137 });
  });

  it("before it starts to run, once it has", async () => {
    room = await openEngineRoom();
    const { id } = await room.engine.createContainer(room.request("exit 3"));
    const exit = room.engine.waitForExit(id, patience());
    await room.engine.startContainer(id);
    expect(await exit).toMatchObject({ kind: "exited", exitCode: 3 });
  });
});

describe("a container is lost", () => {
  it("when somebody else removes it", async () => {
    room = await openEngineRoom();
    const id = await room.launch(room.request("exec sleep 1000"));
    const exit = room.engine.waitForExit(id, patience());
    await execa("podman", ["rm", "--force", "--time=0", id], { env: containersEnvironment().variables });
    // Its exit may be seen before its removal.
    expect([
      { kind: "lost", why: "something other than agentd removed the container" },
      expect.objectContaining({ kind: "exited", exitCode: 137 }),
    ]).toContainEqual(await exit);
  });

  it("when conmon is killed, and can be removed all the same", async () => {
    room = await openEngineRoom({ exitFiles: true, events: true, inspectIntervalMs: 200 });
    const id = await room.launch(room.request("exec sleep 1000"));
    const first = await room.engine.firstProcess(id);
    expect(first).toBeDefined();
    const format = ["inspect", "--format", "{{.State.ConmonPid}}", id];
    const conmon = await execa("podman", format, { env: containersEnvironment().variables });
    const exit = room.engine.waitForExit(id, patience());
    process.kill(Number(conmon.stdout), "SIGKILL");
    expect(await exit).toEqual({ kind: "lost", why: "conmon, which watches the container, has died" });
    await room.engine.removeContainer(id);
    expect(await room.engine.inspectContainer(id)).toBeUndefined();
    // Whoever has taken it over from conmon may not have asked for its end yet.
    expect(await isAlive(first!)).toBe(false);
  });
});

describe("a wait", () => {
  it("ends with the reason of its signal", async () => {
    room = await openEngineRoom();
    const id = await room.launch(room.request("exec sleep 1000"));
    const over = new AbortController();
    const exit = room.engine.waitForExit(id, { signal: over.signal });
    over.abort(new Error("enough"));
    await expect(exit).rejects.toThrow("enough");
  });
});
