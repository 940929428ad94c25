/**
 * What a thousand events a second cost the feed, with somebody who follows it. The feed is taken from the sources: no
 * machine has sessions that make so many.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { sampleInTurn } from "./rounds.mjs";
import { summarize } from "./statistics.mjs";

const PER_SECOND = 1_000;
/** They come in bursts as small as timers allow. */
const BURST_MS = 5;
const ROUND_MS = 2_000;
const SOURCE = fileURLToPath(new URL("../../src/events", import.meta.url));

/** @type {import("./measurements.mjs").Measurement} */
export const events = {
  name: "events",
  rounds: 5,
  async run(_workshop, options) {
    const directory = await mkdtemp(join(tmpdir(), "agentd-bench-"));
    const feed = await feedIn(directory);
    const over = new AbortController();
    const followed = follow(feed, over.signal);
    try {
      const name = `processor time of ${PER_SECOND} events a second`;
      let line = 0;
      const sample = async () => {
        const [start, before] = [performance.now(), process.cpuUsage()];
        let appended = 0;
        while (performance.now() - start < ROUND_MS) {
          const due = Math.floor(((performance.now() - start) / 1_000) * PER_SECOND);
          for (; appended < due; appended += 1) void feed.append(eventOf(line++));
          await sleep(BURST_MS);
        }
        const { user, system } = process.cpuUsage(before);
        return (user + system) / 1_000 / ((performance.now() - start) / 100);
      };
      const samples = await sampleInTurn([{ name, sample }], options);
      await feed.close();
      if (feed.latest !== line) throw new Error(`${line} events were added and ${feed.latest} are there`);
      over.abort();
      if ((await followed) !== line) throw new Error("the follower has missed events");
      const value = summarize(samples[name] ?? []).median;
      return { samples: {}, figures: [{ what: name, against: "", value, unit: "% of a core", goal: 5 }] };
    } finally {
      over.abort();
      await rm(directory, { recursive: true });
    }
  },
};

/**
 * Reads on and on; how many events there were.
 *
 * @param {import("../../src/events/durable-feed.ts").DurableFeed} feed
 * @param {AbortSignal} signal
 */
async function follow(feed, signal) {
  let known = 0;
  for (;;) {
    const isLast = signal.aborted;
    if (!isLast) await feed.wait(known, 60_000, signal).catch(() => undefined);
    for (let page = await feed.after(known, 1_000); page.length > 0; page = await feed.after(known, 1_000)) {
      known += page.length;
    }
    if (isLast) return known;
  }
}

/** @param {number} line @returns {import("../../src/events/event.ts").NewEvent} */
function eventOf(line) {
  const session = (line % 100).toString(16).padStart(16, "0");
  return {
    time: new Date().toISOString(),
    session_id: session,
    profile: "site-builder",
    source: `${session}/events.jsonl`,
    source_seq: line,
    type: "session.finishing",
    data: { outcome: "work_failed", exit_code: 5, signal: null, stage: null, cause: null },
  };
}

/** @param {string} directory */
async function feedIn(directory) {
  const outfile = join(directory, "feed.cjs");
  await build({
    stdin: {
      contents: 'export * from "./durable-feed.ts"; export { NO_FAILPOINTS } from "../failpoints.ts";',
      resolveDir: SOURCE,
    },
    outfile,
    bundle: true,
    platform: "node",
    format: "cjs",
  });
  /** @type {typeof import("../../src/events/durable-feed.ts") & Pick<typeof import("../../src/failpoints.ts"), "NO_FAILPOINTS">} */
  const { openFeed, NO_FAILPOINTS } = await import(pathToFileURL(outfile).href);
  return await openFeed({
    directory: join(directory, "events"),
    now: () => Date.now(),
    keepMs: () => 86_400_000,
    failpoints: NO_FAILPOINTS,
  });
}
