import assert from "node:assert/strict";
import { appendFile } from "node:fs/promises";
import { until } from "../../kit/until.mjs";
import { run } from "../guest/command.mjs";
import { scenario } from "../guest/scenario.mjs";

/** @typedef {{ seq: number, type: string }} Event */

/** @param {string} text @returns {any[]} */
const objects = (text) =>
  text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));

/** What the journal has of the feed, oldest first. */
async function journaled() {
  const words = ["journalctl", "--quiet", "--no-pager", "--identifier", "agentd-events", "--output", "json"];
  return objects(await run(words)).map(({ MESSAGE, PRIORITY }) => {
    return { priority: Number(PRIORITY), event: /** @type {Event} */ (JSON.parse(MESSAGE)) };
  });
}

export const journal = scenario(
  "journal",
  "a sink passes every event on to the journal, in order, with its priority, also through a restart of the daemon",
  async (operator) => {
    await operator.serve({ name: "worker", script: "exit 5" });
    const earlier = (await journaled()).length;
    await appendFile(operator.configFile, "\n[[sinks]]\njournald = true\n");
    await run(["systemctl", "--user", "reload", "agentd"]);
    await operator.agentd("run", "worker");
    await run(["systemctl", "--user", "restart", "agentd"]);
    await operator.agentd("run", "worker");

    /** @type {Event[]} */
    const events = objects((await operator.must("events", "--json")).stdout);
    const last = events.at(-1);
    assert.equal(last?.type, "session.sealed");
    const { seq } = last;
    await until("the last event in the journal", async () => (await journaled()).at(-1)?.event.seq === seq, {
      timeoutMs: 900_000,
    });
    // What a daemon was writing when it ended may be there twice.
    const found = [
      ...new Map((await journaled()).slice(earlier).map((each) => [each.event.seq, each])).values(),
    ];
    const first = found[0]?.event.seq ?? 0;
    const since = events.filter((event) => event.seq >= first);
    assert.ok(since.some(({ type }) => type === "daemon.stopping"));
    assert.equal(since.filter(({ type }) => type === "session.sealed").length, 2);
    assert.deepEqual(
      found.map(({ event }) => event),
      since,
    );
    const priorities = new Map(found.map(({ event, priority }) => [event.type, priority]));
    assert.equal(priorities.get("daemon.started"), 5);
    assert.equal(priorities.get("session.sealed"), 6);
    assert.match((await operator.must("status")).stdout, /sink +journald, 0 events behind$/m);
  },
);
