/**
 * Runners of all nodes in one process: they claim, wait for orders as a runner does while its session runs, and at a word send a
 * log and a record.
 */
import { createHash, randomUUID } from "node:crypto";
import { pathToFileURL } from "node:url";

/** @typedef {import("../../../src/placement/channel/channel-client.ts").ChannelClient} Client */
/**
 * @typedef {{ start: { job: string, token: string, node: string, session: string } } | { end: number }} Told
 */

const [parts = "", address = "", fingerprint = ""] = process.argv.slice(2);
/**
 * @type {typeof import("../../../src/placement/channel/channel-client.ts") &
 *   typeof import("../../../src/placement/channel/identity.ts")}
 */
const { ChannelClient, makeIdentity } = await import(pathToFileURL(parts).href);

/** As if several nodes were asked at the same time. */
const AT_ONCE = 16;
const BOOT = randomUUID();
const SEAL_KEY = Buffer.alloc(44, 7).toString("base64");
const LOG = Buffer.alloc(2_000, "line\n");
const RECORD = Buffer.alloc(20_000, "record");
const SHA256 = createHash("sha256").update(RECORD).digest("hex");

// One key for all: to make ten thousand is no work of the head.
const identity = await makeIdentity();
/** @type {{ job: string, session: string, client: Client, over: AbortController }[]} */
const atWork = [];
/** @type {(() => Promise<void>)[]} */
const tasks = [];
let busy = 0;

/** @param {() => Promise<void>} task */
function enqueue(task) {
  tasks.push(task);
  while (busy < AT_ONCE && tasks.length > 0) void work();
}

async function work() {
  busy += 1;
  for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) await task();
  busy -= 1;
}

/** @param {{ job: string, token: string, node: string, session: string }} job */
async function begin({ job, token, node, session }) {
  const client = new ChannelClient({ address, fingerprint, identity });
  await client.claim({ job, token, node, boot_id: BOOT, is_resume: false, seal_key: SEAL_KEY });
  await client.handedOver(session);
  const over = new AbortController();
  void listen(client, session, over.signal);
  atWork.push({ job, session, client, over });
  process.send?.({ started: job });
}

/**
 * @param {Client} client
 * @param {string} session
 * @param {AbortSignal} signal
 */
async function listen(client, session, signal) {
  while (!signal.aborted) await client.orders(session, false, signal).catch(leaving);
  /** @param {unknown} error */
  function leaving(error) {
    if (!signal.aborted) throw error;
  }
}

async function end() {
  const one = atWork.shift();
  if (one === undefined) throw new Error("no runner is at work");
  const { job, session, client, over } = one;
  await client.send(session, "log", 0, LOG);
  await client.send(session, "record", 0, RECORD);
  await client.collected(session, { bytes: RECORD.length, sha256: SHA256 });
  over.abort();
  await client.close();
  process.send?.({ ended: job });
}

process.on("message", (/** @type {Told} */ told) => {
  if ("start" in told) enqueue(() => begin(told.start));
  else for (let left = told.end; left > 0; left -= 1) enqueue(end);
});
process.on("disconnect", () => process.exit(0));
process.send?.({ ready: true });
