import { setTimeout as sleep } from "node:timers/promises";

const INTERVAL_MS = 25;

/**
 * Waits for a condition, asking again and again. The limit only bounds how long a hang lasts.
 *
 * @template T
 * @param {string} what What is waited for, as it should read in "... did not happen".
 * @param {() => T | undefined | false | Promise<T | undefined | false>} condition Its first value that is neither
 *   undefined nor false is the result. What it throws is thrown.
 * @param {{ timeoutMs?: number }} [options]
 * @returns {Promise<T>}
 */
export async function until(what, condition, { timeoutMs = 120_000 } = {}) {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`${what} did not happen within ${timeoutMs} ms`);
    await sleep(INTERVAL_MS);
  }
}
