/**
 * A provider, and sessions that use it through the gateway of the workshop's daemon, each in a network namespace.
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { inNamespace, makeNamespace } from "../../kit/network-namespace.mjs";

/** @typedef {import("./client.mjs").Streamed} Streamed */

/**
 * What a client asks for.
 *
 * @typedef {object} Asking
 * @property {number} bytes Of a request.
 * @property {number} chunks Of an answer.
 * @property {number} intervalMs Between two chunks.
 * @property {number} count Requests.
 * @property {number} atOnce
 * @property {number} pauseMs Between two requests of one connection.
 */

/**
 * Runs a client.
 *
 * @callback Ask
 * @param {Asking} asking
 * @returns {Promise<Streamed>} Rejects when an answer was not whole.
 */

/**
 * @typedef {object} LlmGround
 * @property {Ask} direct Over loopback, without the gateway.
 * @property {Ask} session With a limit in dollars.
 * @property {Ask} daySession With a limit in dollars for a day, too.
 */

const SERVER = fileURLToPath(new URL("server.mjs", import.meta.url));
const CLIENT = fileURLToPath(new URL("client.mjs", import.meta.url));
const GATEWAY_URL = "http://127.0.0.1:8790";
/** More than everything here costs: 10,000 dollars. */
const MUCH_NANO = 1e13;

/**
 * Sets it up, lends it out, and removes it.
 *
 * @template T
 * @param {import("../network/ground.mjs").NetworkGround} network
 * @param {string} directory Where ledgers go; on a real disk.
 * @param {(ground: LlmGround) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function onLlmGround({ control }, directory, use) {
  const server = spawn(process.execPath, [SERVER], { stdio: ["pipe", "pipe", "inherit"] });
  /** @type {(() => Promise<void>)[]} */
  const closing = [];
  /** @param {string} url @param {object} limits @returns {Promise<Ask>} */
  const openSession = async (url, limits) => {
    const namespace = await makeNamespace();
    closing.push(namespace.close);
    const session = randomBytes(8).toString("hex");
    const token = randomBytes(32).toString("hex");
    const llm = {
      profile: "bench",
      token,
      path: join(directory, `${session}.llm.jsonl`),
      day_directory: join(directory, `${session}.days`),
      providers: [
        { name: "bench", dialect: "anthropic", base_url: url, key: randomBytes(20).toString("hex") },
      ],
      models: ["bench-*"],
      ...limits,
      max_parallel_requests: 200,
      on_exhausted: "stop",
      exact: true,
      hosted: [],
      prices: [{ model: "bench-*", input: 1, output: 5, max_output: 8_000, context: 200_000 }],
    };
    const { process } = namespace;
    const egress = join(directory, `${session}.jsonl`);
    await control.call("open", { session, process, policy: null, egress_path: egress, llm });
    closing.unshift(async () => {
      await control.call("close", { session });
    });
    return client(["nsenter", ...inNamespace(process.pid)], GATEWAY_URL, token);
  };
  try {
    const url = `http://127.0.0.1:${Number(String((await once(server.stdout, "data"))[0]))}`;
    return await use({
      direct: client([], url, ""),
      session: await openSession(url, { max_usd_nano: MUCH_NANO }),
      daySession: await openSession(url, { max_usd_nano: MUCH_NANO, max_usd_per_day_nano: MUCH_NANO }),
    });
  } finally {
    for (const close of closing) await close();
    server.stdin.end();
  }
}

/**
 * @param {string[]} within Words before the command.
 * @param {string} url
 * @param {string} key
 * @returns {Ask}
 */
function client(within, url, key) {
  return async ({ bytes, chunks, intervalMs, count, atOnce, pauseMs }) => {
    const numbers = [bytes, chunks, intervalMs, count, atOnce, pauseMs].map(String);
    const [file = "", ...args] = [...within, process.execPath, CLIENT, url, ...numbers];
    return JSON.parse((await execa(file, args, { env: { ANTHROPIC_API_KEY: key } })).stdout);
  };
}
