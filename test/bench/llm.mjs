/**
 * What the gateway costs a session's requests to language models, against the same requests without it: the time to the
 * first chunk of an answer, the delay of each chunk, small requests, and the gateway's memory with a hundred streams.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { onLlmGround } from "./llm/ground.mjs";
import { onNetworkGround } from "./network/ground.mjs";
import { usageOf } from "./process-usage.mjs";
import { sampleInTurn } from "./rounds.mjs";
import { summarize } from "./statistics.mjs";

/** @typedef {import("./llm/ground.mjs").Ask} Ask */
/** @typedef {import("./llm/ground.mjs").Asking} Asking */
/** @typedef {import("./llm/client.mjs").Streamed} Streamed */
/** @typedef {import("./rounds.mjs").Contender} Contender */

/** A request of a session that begins, and of one that has worked for a while. Between two, agents run a tool. */
const SMALL = { bytes: 1_000, chunks: 1, intervalMs: 0, count: 40, atOnce: 1, pauseMs: 20 };
const LARGE = { ...SMALL, bytes: 200_000 };
const STREAM = { ...SMALL, chunks: 100, intervalMs: 5, count: 2 };
const BUSY = { ...SMALL, count: 320, atOnce: 16, pauseMs: 0 };
/** A hundred streams, 50 chunks a second each. */
const STREAMS = { ...SMALL, bytes: 20_000, chunks: 150, intervalMs: 20, count: 100, atOnce: 100 };
const LOOK_MS = 50;
/** Milliseconds that the first chunk may come later, and megabytes of the gateway. */
const FIRST_GOAL_MS = 3;
const MEMORY_GOAL_MB = 120;

/** @type {import("./measurements.mjs").Measurement} */
export const llm = {
  name: "llm",
  rounds: 7,
  async run(workshop, options) {
    return await onNetworkGround(workshop, async (network) => {
      return await onLlmGround(
        network,
        workshop.sandbox.directory,
        async ({ direct, session, daySession }) => {
          options.progress(`${STREAMS.count} streams`);
          const memory = await streamsAtOnce(network.gateway, session);
          /** @type {Record<string, number[]>} */
          const longest = {};
          /** @type {(name: string, ask: Ask, asking: Asking, of: (streamed: Streamed) => number) => Contender} */
          const contender = (name, ask, asking, of) => ({
            name,
            sample: async () => {
              const streamed = await ask(asking);
              (longest[name] ??= []).push(streamed.longest);
              return of(streamed);
            },
          });
          const first = (/** @type {Streamed} */ streamed) => streamed.first;
          const delay = (/** @type {Streamed} */ streamed) => streamed.delay;
          const each = (/** @type {Streamed} */ { took }) => took / BUSY.count;
          const small = contender("first chunk, 1 kB asked, over loopback", direct, SMALL, first);
          const smallOurs = contender("first chunk, 1 kB asked", session, SMALL, first);
          const dayOurs = contender("first chunk, 1 kB asked, limit for a day", daySession, SMALL, first);
          const large = contender("first chunk, 200 kB asked, over loopback", direct, LARGE, first);
          const largeOurs = contender("first chunk, 200 kB asked", session, LARGE, first);
          const chunk = contender("a chunk's way, over loopback", direct, STREAM, delay);
          const chunkOurs = contender("a chunk's way", session, STREAM, delay);
          const busy = contender(`a request, ${BUSY.atOnce} at once, over loopback`, direct, BUSY, each);
          const busyOurs = contender(`a request, ${BUSY.atOnce} at once`, session, BUSY, each);
          const all = [small, smallOurs, dayOurs, large, largeOurs, chunk, chunkOurs, busy, busyOurs];
          const samples = await sampleInTurn(all, options);
          const middle = (/** @type {Contender} */ { name }) => summarize(samples[name] ?? []).median;
          const later = (
            /** @type {Contender} */ ours,
            /** @type {Contender} */ theirs,
            goal = FIRST_GOAL_MS,
          ) => ({
            what: `${ours.name}: later by`,
            against: theirs.name,
            value: middle(ours) - middle(theirs),
            unit: "ms",
            goal,
          });
          // As with the samples, the first rounds do not count.
          const worst = (/** @type {Contender} */ { name }) =>
            Math.max(...(longest[name] ?? []).slice(-options.rounds));
          const pairs = /** @type {const} */ ([
            [smallOurs, small],
            [dayOurs, small],
            [largeOurs, large],
            [chunkOurs, chunk],
            [busyOurs, busy],
          ]);
          return {
            samples,
            ratios: pairs.map(([ours, theirs]) => ({ what: ours.name, against: theirs.name, goal: null })),
            figures: [
              later(smallOurs, small),
              later(dayOurs, small),
              later(largeOurs, large),
              later(chunkOurs, chunk, FIRST_GOAL_MS),
              figure("the longest way of a chunk, over loopback", worst(chunk), "ms"),
              figure("the longest way of a chunk", worst(chunkOurs), "ms"),
              figure(`requests, ${BUSY.atOnce} at once`, 1000 / middle(busyOurs), "a second"),
              ...memory,
              figure("memory of the gateway, at last", (await usageOf(network.gateway)).residentMb, "MB"),
            ],
          };
        },
      );
    });
  },
};

/**
 * @param {number} gateway Its pid.
 * @param {Ask} ask
 */
async function streamsAtOnce(gateway, ask) {
  const before = (await usageOf(gateway)).residentMb;
  let most = before;
  const done = new AbortController();
  const looking = (async () => {
    while (!done.signal.aborted) {
      most = Math.max(most, (await usageOf(gateway)).residentMb);
      await sleep(LOOK_MS);
    }
  })();
  const { delay, longest } = await ask(STREAMS).finally(() => done.abort());
  await looking;
  const name = `${STREAMS.count} streams at once`;
  return [
    figure("memory of the gateway, before it was used", before, "MB"),
    figure(`memory of the gateway, ${name}, at most`, most, "MB", MEMORY_GOAL_MB),
    figure(`a chunk's way, ${name}`, delay, "ms"),
    figure(`the longest way of a chunk, ${name}`, longest, "ms"),
  ];
}

/**
 * @param {string} what
 * @param {number} value
 * @param {string} unit
 * @param {number | null} [goal]
 */
function figure(what, value, unit, goal = null) {
  return { what, against: "", value, unit, goal };
}
