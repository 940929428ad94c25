import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { describe, expect, it, onTestFinished } from "vitest";
import { processesLeftOf, processesWith, sendSignal, signalProcessesWith } from "../../kit/processes.mjs";
import { until } from "../../kit/until.mjs";

const newId = () => randomBytes(8).toString("hex");

/** A process that ends when its standard input does. */
async function startProcess(
  args: readonly string[],
  { argv0 = "sh", env = {} }: { argv0?: string; env?: Record<string, string> } = {},
): Promise<ChildProcess & { readonly pid: number }> {
  const child = spawn("/bin/sh", ["-c", "read line", "sh", ...args], {
    argv0,
    env: { ...process.env, ...env },
    stdio: ["pipe", "ignore", "ignore"],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error("there is no /bin/sh");
  onTestFinished(() => sendSignal(pid, "SIGKILL"));
  await until("its command line", async () => (await processesWith("read line sh")).includes(pid));
  return Object.assign(child, { pid });
}

describe("what a session has left running", () => {
  it("is a process with the session's id in its command line", async () => {
    const id = newId();
    const { pid } = await startProcess([id]);
    expect(await processesLeftOf([id])).toEqual([expect.stringMatching(`^process ${pid}: sh `)]);
  });

  it("is a process that has the session's id in its environment alone, as the agent's own have", async () => {
    const id = newId();
    const { pid } = await startProcess([], { env: { AGENTD_SESSION_ID: id } });
    expect(await processesLeftOf([id])).toEqual([expect.stringMatching(`^process ${pid}: sh `)]);
  });

  it("is not a conmon that is about to end, which is waited for", async () => {
    const id = newId();
    const conmon = await startProcess([id], { argv0: "/usr/bin/conmon" });
    let isOver = false;
    const left = processesLeftOf([id]).finally(() => (isOver = true));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(isOver).toBe(false);
    conmon.stdin?.end();
    expect(await left).toEqual([]);
  });
});

describe("a signal to processes", () => {
  it("reaches those that live, and none that has ended meanwhile", async () => {
    const id = newId();
    const child = await startProcess([id]);
    expect(await signalProcessesWith(id, "SIGKILL")).toEqual([child.pid]);
    await until("its end", () => child.signalCode === "SIGKILL");
    sendSignal(child.pid, "SIGKILL");
    expect(await signalProcessesWith(id, "SIGKILL")).toEqual([]);
  });
});
