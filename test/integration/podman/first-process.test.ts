import { type ChildProcess, spawn } from "node:child_process";
import { afterEach, expect, it } from "vitest";
import { findLauncher, stillWaits } from "../../../src/podman/containers/first-process.ts";
import { readProcFile } from "../../../src/process-identity.ts";
import { until } from "../../kit/until.mjs";

const LAUNCHER = ["sleep", "1000"];

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) {
    try {
      process.kill(-(child.pid ?? 0), "SIGKILL");
    } catch {
      // It has ended.
    }
  }
});

/** A stand-in for conmon, which starts a first process with these words; resolves with the pid of that one. */
async function firstProcess(words: string): Promise<{ conmon: ChildProcess; pid: number }> {
  const conmon = spawn("sh", ["-c", `sh -c '${words} wait' & wait`], { detached: true, stdio: "ignore" });
  started.push(conmon);
  const pid = await until("the first process", async () => (await childrenOf(conmon.pid ?? 0))[0]);
  await until("its children", async () => (await childrenOf(pid)).length > 0);
  return { conmon, pid };
}

async function childrenOf(pid: number): Promise<number[]> {
  const list = (await readProcFile(pid, `task/${pid}/children`)) ?? "";
  return list.trim().split(" ").filter(Boolean).map(Number);
}

/** Whether it waits, once its children have become what they are to be. */
async function waits(pid: number): Promise<boolean> {
  const launcher = await findLauncher(pid);
  if (launcher === undefined) throw new Error("there is no process");
  await until("the children", async () => {
    const lines = (await childrenOf(pid)).map(async (child) => await readProcFile(child, "cmdline"));
    return (await Promise.all(lines)).every((line) => line?.startsWith("sh\0-c\0sh ") === false);
  });
  return await stillWaits(launcher, LAUNCHER);
}

it("waits while the launcher is the only child and has none", async () => {
  const { pid } = await firstProcess("exec sleep 1000 &");
  await until("the launcher", async () => await waits(pid));
});

it.each([
  ["another program", "exec sleep 1001 &"],
  ["a second child", "sleep 1000 & sleep 1000 &"],
  ["a child of the launcher", 'sh -c "sleep 1000 & wait" &'],
])("does not wait with %s", async (_, words) => {
  const { pid } = await firstProcess(words);
  expect(await waits(pid)).toBe(false);
});

it("does not wait where conmon has died, or the process has ended", async () => {
  const { conmon, pid } = await firstProcess("exec sleep 1000 &");
  const launcher = await until("the launcher", async () => {
    const found = await findLauncher(pid);
    return found !== undefined && (await stillWaits(found, LAUNCHER)) && found;
  });
  conmon.kill("SIGKILL");
  await until("another parent", async () => (await findLauncher(pid))?.parent !== launcher.parent);
  expect(await stillWaits(launcher, LAUNCHER)).toBe(false);
  process.kill(pid, "SIGKILL");
  await until("its end", async () => (await findLauncher(pid)) === undefined);
  expect(await stillWaits(launcher, LAUNCHER)).toBe(false);
});
