/** The feed of events, held against the journals of records. */
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { readJournal, readSession } from "./records.mjs";

/** @typedef {import("../../src/events/event.ts").FeedEvent} FeedEvent */

/** What lines of a journal become, by their names. @type {Record<string, string>} */
const TYPES = {
  accepted: "session.accepted",
  started: "session.preparing",
  gate_opened: "session.running",
  adopted: "session.adopted",
  stalled: "session.stalled",
  paused: "session.paused",
  resumed: "session.resumed",
  exec: "session.exec",
  kept: "session.kept",
  ended: "session.finishing",
  published: "publish.done",
  publish_failed: "publish.failed",
  step_failed: "record.incomplete",
};

/** Of these only the first of a session is told. */
const ONCE = ["step_failed"];

/** The events that the files of a state directory hold, in their order. @param {string} stateDirectory @returns {Promise<FeedEvent[]>} */
export async function readFeed(stateDirectory) {
  const directory = join(stateDirectory, "events");
  const names = (await readdir(directory)).filter((name) => name.endsWith(".jsonl")).sort();
  const files = await Promise.all(names.map((name) => readFile(join(directory, name), "utf8")));
  // The first line of each is its header, the last is empty or about to be written.
  return files.flatMap((content) =>
    content
      .split("\n")
      .slice(1, -1)
      .map((line) => JSON.parse(line)),
  );
}

/**
 * What is wrong with a feed: every line of a journal that has an event has exactly one, in order, and none is without a
 * line.
 *
 * @param {string} stateDirectory
 * @param {readonly string[]} records Directories of all records.
 * @returns {Promise<string[]>}
 */
export async function feedFaults(stateDirectory, records) {
  const feed = await readFeed(stateDirectory);
  const faults = feed.flatMap((event, index) =>
    event.seq === index + 1 ? [] : [`event ${index + 1} of the feed has the number ${event.seq}`],
  );
  for (const record of records) {
    const id = basename(record);
    const told = feed.filter(({ source }) => source === `${id}/events.jsonl`);
    const expected = JSON.stringify(await expectedOf(record));
    const found = JSON.stringify(told.map(({ type, source_seq: line }) => [type, line]));
    if (found !== expected) faults.push(`the feed tells ${found} of session ${id} instead of ${expected}`);
  }
  const ids = new Set(records.map((record) => basename(record)));
  const strangers = feed.filter(({ session_id: id }) => id !== undefined && !ids.has(id));
  return [
    ...faults,
    ...strangers.map(({ seq, session_id: id }) => `event ${seq} is of ${id}, without a record`),
  ];
}

/** @param {string} record */
async function expectedOf(record) {
  const lines = await readJournal(record);
  const seen = new Set();
  /** @type {[string, number][]} */
  const expected = [];
  for (const { event, seq } of lines) {
    const type = TYPES[String(event)];
    if (type === undefined || (ONCE.includes(String(event)) && seen.has(event))) continue;
    seen.add(event);
    expected.push([type, Number(seq)]);
  }
  const { outcome } = await readSession(record);
  if (outcome !== null) expected.push(["session.sealed", lines.length - 1]);
  return expected;
}
