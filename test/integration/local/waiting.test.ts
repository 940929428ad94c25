import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { containersEnvironment } from "../../kit/containers-environment.mjs";
import { BUSYBOX, ensureBusyboxImage, USER_1000 } from "../../kit/images.mjs";
import { inspectContainer, podman } from "../../kit/podman.mjs";
import { LONG, WaitingRoom } from "./waiting-room.ts";

/** A name of these tests' own. */
const IMAGE = "localhost/agentd-test/of-a-waiting-room:latest";
const MINUTE_MS = 60_000;

const environment = containersEnvironment();

function profile(name: string, ...keys: string[]): string {
  const own = [`name = "${name}"`, `base_image = "${IMAGE}"`, 'workspace = "empty"', 'command = ["true"]'];
  return ["[[profiles]]", ...own, ...keys, ""].join("\n");
}

let room: WaitingRoom;
beforeEach(async () => {
  await podman(environment, ["tag", await ensureBusyboxImage(environment, BUSYBOX), IMAGE]);
  room = await WaitingRoom.open(profile("a") + profile("b") + profile("c"));
});
afterEach(() => room.close());

/** Runs a script in a container behind agentd's back. */
async function inside(container: string, script: string): Promise<void> {
  await podman(environment, ["exec", container, "/bin/sh", "-c", script]);
}

/** To the only child of its first process. */
async function signalLauncher(container: string, signal: NodeJS.Signals): Promise<void> {
  const { State } = (await inspectContainer(environment, container)) as { State: { Pid: number } };
  const children = await readFile(`/proc/${State.Pid}/task/${State.Pid}/children`, "utf8");
  process.kill(Number(children), signal);
}

describe("a container that waits", () => {
  it("does so for 15 minutes, and is gone then with everything of it", async () => {
    await room.waitingFor("a");
    expect(await room.left()).toHaveLength(5);
    room.aheadMs = 15 * MINUTE_MS - 10_000;
    await room.pool.configurationChanged();
    expect((await room.pool.status()).waiting).toBe(1);
    room.aheadMs = 15 * MINUTE_MS;
    room.look();
    await room.empty();
    expect((await room.pool.status()).waiting).toBe(0);
  });

  it("is taken by no session after 15 minutes, also before anybody has looked", async () => {
    await room.waitingFor("a");
    room.aheadMs = 15 * MINUTE_MS;
    expect(await room.take("a")).toBeUndefined();
    await room.empty();
  });

  it("is taken by one session, and not by another one at the same time", async () => {
    const { Id } = await room.waitingFor("a");
    const taken = await Promise.all([room.take("b"), room.take("a"), room.take("a")]);
    const [ofB, ...ofA] = taken.map((each) => each?.containerId);
    expect(ofB).toBeUndefined();
    // Either may come first.
    expect(ofA.filter((id) => id !== undefined)).toEqual([Id]);
  });

  it("is gone soon once its image's name means another one, or none", async () => {
    await room.waitingFor("a");
    await podman(environment, ["tag", await ensureBusyboxImage(environment, USER_1000), IMAGE]);
    room.look();
    await room.empty();
    await room.waitingFor("a");
    await podman(environment, ["untag", IMAGE]);
    room.look();
    await room.empty();
  });

  it("is gone at once when a reload changes its profile, removes it, or wants none", async () => {
    await room.waitingFor("a");
    await room.waitingFor("b");
    await room.reload(profile("a", "pids = 100") + profile("b"));
    expect((await room.containers()).map(({ Labels }) => Labels["io.agentd.profile"])).toEqual(["b"]);
    await room.reload(profile("a", "pids = 100"));
    expect(await room.left()).toEqual([]);
    await room.waitingFor("a");
    await room.reload(`[daemon]\nwarm = "off"\n${profile("a", "pids = 100")}`);
    expect(await room.left()).toEqual([]);
  });

  it.each([
    ["max_sessions = 2", 2],
    ["max_sessions = 2\nwarm = 1", 1],
    ["max_sessions = 1\nwarm = 9", 1],
  ])("is one of so many with %s: those of the profiles that were used last", async (daemon, most) => {
    const profiles = profile("a") + profile("b") + profile("c");
    await room.reload(`[daemon]\n${daemon}\n${profiles}`);
    const names = ["a", "b", "c"];
    for (const name of names) {
      room.pool.want(await room.job(name));
      await vi.waitFor(async () => {
        const labels = (await room.containers()).map(({ Labels }) => Labels["io.agentd.profile"]);
        expect(labels).toContain(name);
        expect((await room.pool.status()).waiting).toBeGreaterThan(0);
      }, LONG);
    }
    await vi.waitFor(async () => expect((await room.pool.status()).waiting).toBe(most), LONG);
    const labels = (await room.containers()).map(({ Labels }) => Labels["io.agentd.profile"]);
    expect(labels.sort()).toEqual(names.slice(-most));
    expect((await room.pool.status()).most).toBe(most);
  });

  it("is gone, and none is made, while the host has little memory left", async () => {
    await room.waitingFor("a");
    await room.haveLittleMemory();
    room.pool.want(await room.job("b"));
    await room.empty();
    room.look();
    expect((await room.pool.status()).waiting).toBe(0);
  });

  it("has its memory counted", async () => {
    await room.waitingFor("a");
    expect(await room.pool.status()).toMatchObject({ waiting: 1 });
    expect((await room.pool.status()).memory_bytes).toBeGreaterThan(100_000);
  });

  it("leaves nothing when the pool is closed, also while one is made", async () => {
    await room.waitingFor("a");
    room.pool.want(await room.job("b"));
    await vi.waitFor(async () => expect((await room.containers()).length).toBe(2), LONG);
    await room.pool.close();
    expect(await room.left()).toEqual([]);
    expect(await room.take("a")).toBeUndefined();
  });
});

describe("is taken by no session, and removed, when", () => {
  const HOME = "/home/a";
  it.each([
    ["it has printed something", (id: string) => inside(id, "echo hi > /proc/1/fd/1")],
    ["it has written something", (id: string) => inside(id, `touch ${HOME}/repo/.runa/x`)],
    ["its first process has another child", (id: string) => inside(id, "sleep 1000 > /dev/null 2>&1 &")],
    ["somebody has stopped its launcher", (id: string) => signalLauncher(id, "SIGSTOP")],
    ["its launcher has ended", (id: string) => signalLauncher(id, "SIGKILL")],
    ["somebody has killed it", (id: string) => podman(environment, ["kill", id])],
    ["somebody has removed it", (id: string) => podman(environment, ["rm", "--force", "--time=0", id])],
    ["somebody has restarted it", (id: string) => podman(environment, ["restart", "--time=0", id])],
  ])("%s", async (_, meddle) => {
    const { Id } = await room.waitingFor("a");
    await meddle(Id);
    // conmon writes down what was printed when it has read it.
    await vi.waitFor(async () => expect(await room.pool.take(await room.job("a"))).toBeUndefined(), LONG);
    await room.empty();
    expect((await room.pool.status()).waiting).toBe(0);
  });

  it("one has, and nobody takes it: soon", async () => {
    const { Id } = await room.waitingFor("a");
    await podman(environment, ["rm", "--force", "--time=0", Id]);
    room.look();
    await room.empty();
  });
});

it("stays for the next session when one has files in its `.runa` already", async () => {
  const { Id } = await room.waitingFor("a");
  const job = await room.job("a");
  await mkdir(join(job.runaDirectory, "workspace"));
  expect(await room.pool.take(job)).toBeUndefined();
  expect((await room.take("a"))?.containerId).toBe(Id);
});

it("has a label of its own kind, a name of its own, and nothing of a session", async () => {
  const { Id } = await room.waitingFor("a", { longestMs: 3_600_000 });
  const { Name, Config } = (await inspectContainer(environment, Id)) as {
    Name: string;
    Config: { Labels: Record<string, string>; Env: string[]; Cmd: string[]; Timeout?: number };
  };
  const number = /^agentd-([0-9a-f]{8})-warm-([0-9a-f]{16})$/.exec(Name);
  expect(number?.[1]).toBe(room.instance);
  expect(Config.Labels).toMatchObject({ "io.agentd.warm": number?.[2], "io.agentd.profile": "a" });
  expect(Object.keys(Config.Labels)).not.toContain("io.agentd.session");
  expect(Config.Env.join("\n")).not.toMatch(/SESSION|WORK_UNIT=.|REQUEST=./);
  // conmon's time is that of the longest session, which may begin after 15 minutes.
  expect(Config.Timeout).toBe((60 + 15) * 60);
});
