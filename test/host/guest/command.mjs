/**
 * Commands on the host, as its operator types them.
 */
import { spawn } from "node:child_process";
import { readdir } from "node:fs/promises";
import { createInterface } from "node:readline";

/** Bounds how long a hang lasts. The emulated machine is slow, and what it runs on may be busy. */
const LIMIT_MS = 900_000;

/**
 * What a command did.
 *
 * @typedef {object} Result
 * @property {number | null} code Null when a signal ended it.
 * @property {string} stdout
 * @property {string} stderr
 */

/**
 * Runs a command to its end, whatever its exit code.
 *
 * @param {readonly string[]} words
 * @param {{ input?: string, env?: Record<string, string> }} [options] Variables besides our own.
 * @returns {Promise<Result>}
 */
export function attempt([program = "", ...args], { input = "", env = {} } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { ...process.env, ...env },
      timeout: LIMIT_MS,
      killSignal: "SIGKILL",
    });
    const text = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (/** @type {string} */ chunk) => (text.stdout += chunk));
    child.stderr.setEncoding("utf8").on("data", (/** @type {string} */ chunk) => (text.stderr += chunk));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, ...text }));
    child.stdin.on("error", () => undefined); // It need not read what it gets.
    child.stdin.end(input);
  });
}

/**
 * Runs a command until it prints a line, and ends it.
 *
 * @param {readonly string[]} words
 * @param {string} line
 * @throws when it ends before.
 */
export async function untilItPrints([program = "", ...args], line) {
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "inherit"],
    timeout: LIMIT_MS,
    killSignal: "SIGKILL",
  });
  try {
    for await (const printed of createInterface({ input: child.stdout })) if (printed === line) return;
    throw new Error(`${program} ${args.join(" ")} ended, and did not print ${line}`);
  } finally {
    child.kill();
  }
}

/**
 * Runs a command that has to succeed.
 *
 * @param {readonly string[]} words
 * @param {{ input?: string, env?: Record<string, string> }} [options]
 * @returns {Promise<string>} Its standard output, without the line's end.
 */
export async function run(words, options) {
  const { code, stdout, stderr } = await attempt(words, options);
  if (code !== 0) throw new Error(`${words.join(" ")} exited ${code}: ${stdout}${stderr}`);
  return stdout.trimEnd();
}

/**
 * Runs a program of the shell that has to succeed.
 *
 * @param {string} script
 * @param {readonly string[]} [args] $1 and on.
 */
export function shell(script, args = []) {
  return run(["sh", "-euc", script, "sh", ...args]);
}

/**
 * Runs a command on a terminal of its own, on which somebody types.
 *
 * @param {string} command A line of the shell.
 * @param {string} typed
 */
export function onTerminal(command, typed) {
  return attempt(["script", "--quiet", "--return", "--command", command, "/dev/null"], { input: typed });
}

/** Whether this host has SELinux: labels are to be looked at only there. */
export async function hasSelinux() {
  return (await readdir("/sys/fs/selinux").catch(() => [])).length > 0;
}

/** Runs a command as root. @param {readonly string[]} words */
export function asRoot(words) {
  return run(["sudo", "-n", ...words]);
}
