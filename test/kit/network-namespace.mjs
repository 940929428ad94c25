/**
 * Network namespaces as containers without a network have them, at a hundredth of the price: a user namespace of the
 * user's own, and loopback.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { execa } from "execa";

/**
 * @typedef {object} Namespace
 * @property {{ pid: number, startTime: string }} process The one that keeps it, as agentd identifies processes.
 * @property {() => Promise<void>} close Returns when the process has ended.
 */

/** Makes one. It ends with this program too. @returns {Promise<Namespace>} */
export async function makeNamespace() {
  const script = "busybox ip link set lo up && echo ready && exec cat";
  const unshare = ["--user", "--map-root-user", "--net", "--", "sh", "-c", script];
  const keeper = spawn("unshare", unshare, { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(keeper, "exit");
  const ready = await Promise.race([once(keeper.stdout, "data"), ended]);
  if (String(ready[0]) !== "ready\n" || keeper.pid === undefined) {
    throw new Error("unshare made no network namespace");
  }
  return {
    process: await identityOf(keeper.pid),
    close: async () => {
      keeper.stdin.end();
      await ended;
    },
  };
}

/**
 * Runs a program of Node's in the network namespace of a process.
 *
 * @param {number} pid
 * @param {readonly string[]} args For node.
 * @returns {Promise<string>} What it printed; rejects when it failed.
 */
export async function runInNamespace(pid, args) {
  return (await execa("nsenter", [...inNamespace(pid), process.execPath, ...args])).stdout;
}

/** Arguments for nsenter, before the command. @param {number} pid */
export function inNamespace(pid) {
  return ["-t", String(pid), "-U", "-n", "--preserve-credentials", "--"];
}

/** @param {number} pid */
export async function identityOf(pid) {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const startTime = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  if (startTime === undefined) throw new Error(`/proc/${pid}/stat has no start time`);
  return { pid, startTime };
}
