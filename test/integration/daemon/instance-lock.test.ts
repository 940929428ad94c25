import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lockInstance } from "../../../src/daemon/process/instance-lock.ts";

let parent: string;
let directory: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "agentd-lock-"));
  directory = join(parent, "state");
});

afterEach(async () => {
  await rm(parent, { recursive: true, force: true });
});

/** A process of ours other than this one. */
async function otherProcess(): Promise<{ pid: number; end: () => Promise<void> }> {
  const child = spawn("sleep", ["600"]);
  await once(child, "spawn");
  const end = async (): Promise<void> => {
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  return { pid: child.pid!, end };
}

describe("the lock of a state directory", () => {
  it("keeps a second daemon out and names the pid of the first", async () => {
    const lock = await lockInstance(directory, process.pid);
    await expect(lockInstance(directory, process.pid)).rejects.toMatchObject({
      code: "daemon_running",
      message: expect.stringContaining(`pid ${process.pid}`) as string,
    });
    await lock.release();
    await (await lockInstance(directory, process.pid)).release();
  });

  it("is taken over when its holder has died without giving it up", async () => {
    const other = await otherProcess();
    await lockInstance(directory, other.pid);
    await expect(lockInstance(directory, process.pid)).rejects.toMatchObject({ code: "daemon_running" });
    await other.end();
    await lockInstance(directory, process.pid);
    expect(JSON.parse(await readFile(join(directory, "daemon.json"), "utf8"))).toMatchObject({
      pid: process.pid,
    });
  });

  it.each([
    ["another start time", { startTime: "1" }],
    ["another boot", { bootId: "00000000-0000-0000-0000-000000000000" }],
  ])("is taken over when its holder's pid belongs to a process of %s", async (_, difference) => {
    await lockInstance(directory, process.pid);
    const path = join(directory, "daemon.json");
    const holder = JSON.parse(await readFile(path, "utf8")) as object;
    await writeFile(path, JSON.stringify({ ...holder, ...difference }));
    await expect(lockInstance(directory, process.pid)).resolves.toBeDefined();
  });

  it("is taken over from a holder file that a crash left half-written", async () => {
    await lockInstance(directory, process.pid);
    await writeFile(join(directory, "daemon.json"), '{"pid":');
    await expect(lockInstance(directory, process.pid)).resolves.toBeDefined();
  });

  it("goes to exactly one of many that try at once", async () => {
    const other = await otherProcess();
    await lockInstance(directory, other.pid);
    await other.end();
    const tries = await Promise.allSettled(
      Array.from({ length: 8 }, () => lockInstance(directory, process.pid)),
    );
    expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it("says what is wrong when the directory cannot be made", async () => {
    await writeFile(join(parent, "file"), "");
    await expect(lockInstance(join(parent, "file", "state"), process.pid)).rejects.toMatchObject({
      code: "state_unusable",
    });
  });
});
