import { spawn } from "node:child_process";
import { once } from "node:events";

/**
 * A command that has ended well, and how long it took from its start to its end.
 *
 * @typedef {object} Ended
 * @property {number} durationMs
 * @property {string} stdout
 */

/**
 * Runs a command and takes its time. With Node's own spawn, because every layer around it would count.
 *
 * @param {readonly [string, ...string[]]} command
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Ended>}
 * @throws when it exits other than with 0, with what it printed.
 */
export async function timeCommand([program, ...args], env) {
  const startedMs = performance.now();
  const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  const stdout = textOf(child.stdout);
  const stderr = textOf(child.stderr);
  /** @type {[number | null, NodeJS.Signals | null]} */
  // @ts-expect-error once() does not say what the event brings.
  const [code, signal] = await once(child, "exit");
  const durationMs = performance.now() - startedMs;
  if (code !== 0) {
    throw new Error(
      `${[program, ...args].join(" ")} ended with ${signal ?? code}:\n${await stderr}${await stdout}`,
    );
  }
  return { durationMs, stdout: await stdout };
}

/** @param {import("node:stream").Readable} stream */
async function textOf(stream) {
  return (await stream.setEncoding("utf8").toArray()).join("");
}
