/**
 * A program: `node client.mjs BASE_URL BYTES CHUNKS INTERVAL_MS COUNT AT_ONCE PAUSE_MS` sends COUNT requests of BYTES,
 * each for CHUNKS chunks INTERVAL_MS apart, AT_ONCE at a time over connections that stay open, each of which pauses before
 * its next request, and prints `Streamed` as JSON. ANTHROPIC_API_KEY holds its key.
 */
import { once } from "node:events";
import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { summarize } from "../statistics.mjs";

/**
 * @typedef {object} Streamed In milliseconds.
 * @property {number} first From the request to its first chunk: the median.
 * @property {number} delay From where a chunk is sent to where it arrives: the median.
 * @property {number} longest The longest such delay.
 * @property {number} took All requests together.
 */

const NS = 1e6;
const FIRST_BYTES = 200;
const [url = "", ...numbers] = process.argv.slice(2);
const [bytes = 0, chunks = 0, intervalMs = 0, count = 0, atOnce = 0, pauseMs = 0] = numbers.map(Number);
const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
/** @type {number[]} */
const firsts = [];
/** @type {number[]} */
const delays = [];

/** @param {number} wanted Chunks. */
function bodyFor(wanted) {
  const content = `${wanted} ${intervalMs} `.padEnd(Math.max(bytes - FIRST_BYTES, 0), "a conversation ");
  return JSON.stringify({
    model: "bench-model",
    max_tokens: 1_000,
    stream: true,
    messages: [{ role: "user", content }],
  });
}

/** @param {string} body @param {number} wanted Chunks. */
async function ask(body, wanted) {
  const startedMs = performance.now();
  const asking = request(`${url}/v1/messages`, {
    agent,
    method: "POST",
    headers: {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      "anthropic-version": "2023-06-01",
      "x-api-key": process.env["ANTHROPIC_API_KEY"],
    },
  });
  asking.end(body);
  const [response] = /** @type {[import("node:http").IncomingMessage]} */ (await once(asking, "response"));
  let [text, came] = ["", 0];
  response.setEncoding("utf8").on("data", (/** @type {string} */ more) => {
    const nowNs = Number(process.hrtime.bigint());
    if (response.statusCode !== 200) text += more;
    else {
      const events = `${text}${more}`.split("\n\n");
      text = events.pop() ?? "";
      for (const each of events) {
        const sentNs = /"text":"(\d+) /.exec(each)?.[1];
        if (sentNs === undefined) continue;
        if (came === 0) firsts.push(performance.now() - startedMs);
        came += 1;
        delays.push((nowNs - Number(sentNs)) / NS);
      }
    }
  });
  await once(response, "end");
  if (came !== wanted) throw new Error(`${came} of ${wanted} chunks came: ${response.statusCode} ${text}`);
}

/** @param {number} requests @param {number} wanted Chunks. */
async function askAll(requests, wanted) {
  const body = bodyFor(wanted);
  let left = requests;
  const one = async () => {
    while (left-- > 0) {
      await ask(body, wanted);
      if (pauseMs > 0) await sleep(pauseMs);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, one));
}

// It opens the connections, and compiles what runs.
await askAll(Math.max(atOnce, 10), 1);
firsts.length = 0;
delays.length = 0;
const startedMs = performance.now();
await askAll(count, chunks);
/** @type {Streamed} */
const streamed = {
  took: performance.now() - startedMs,
  first: summarize(firsts).median,
  delay: summarize(delays).median,
  longest: delays.reduce((most, each) => Math.max(most, each), 0),
};
process.stdout.write(`${JSON.stringify(streamed)}\n`);
agent.destroy();
