/**
 * Reads records as an operator would: by their files.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * `session.json` of a record.
 *
 * @param {string} record Directory of the record.
 * @returns {Promise<import("../../src/session-document.ts").SessionDocument>}
 */
export async function readSession(record) {
  return JSON.parse(await readFile(join(record, "agentd/session.json"), "utf8"));
}

/**
 * The lines of `events.jsonl` of a record, oldest first.
 *
 * @param {string} record Directory of the record.
 * @returns {Promise<Record<string, unknown>[]>}
 */
export async function readJournal(record) {
  const text = await readFile(join(record, "agentd/events.jsonl"), "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

/**
 * What the session printed on one of its streams, put together from `console.log` of a record.
 *
 * @param {string} record Directory of the record.
 * @param {"stdout" | "stderr"} stream
 * @returns {Promise<string>}
 */
export async function readOutput(record, stream) {
  const text = await readFile(join(record, "agentd/console.log"), "utf8");
  const lines = text.matchAll(/^\S+ (stdout|stderr) ([FP]) (.*)$/gm);
  let output = "";
  for (const [, from, part, line = ""] of lines) {
    if (from === stream) output += part === "F" ? `${line}\n` : line;
  }
  return output;
}
