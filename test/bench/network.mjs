/**
 * What the network of a session with an allowlist costs: opening it, against starting a container; a connection and a
 * download through it, against the same over loopback; and a hundred of them at once.
 */
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { identityOf, makeNamespace, runInNamespace } from "../kit/network-namespace.mjs";
import { podman } from "../kit/podman.mjs";
import { timeCommand } from "./command.mjs";
import { onNetworkGround } from "./network/ground.mjs";
import { coreShare, usageOf } from "./process-usage.mjs";
import { sampleInTurn } from "./rounds.mjs";

/** @typedef {import("./network/ground.mjs").NetworkGround} NetworkGround */
/** @typedef {import("./rounds.mjs").Contender} Contender */
/** @typedef {import("./workshop.mjs").Workshop} Workshop */
/** @typedef {import("../kit/network-namespace.mjs").Namespace} Namespace */

const CLIENT = fileURLToPath(new URL("../kit/page-client.mjs", import.meta.url));
const DOWNLOAD_BYTES = 500_000_000;
/** Of one sample. */
const CONNECTIONS = 200;
const SESSIONS = 100;
const IDLE_MS = 10_000;
/** Of the hundred, how many are asked for a page at once. */
const AT_ONCE = 4;

/** @type {import("./measurements.mjs").Measurement} */
export const network = {
  name: "network",
  rounds: 7,
  async run(workshop, options) {
    return await onNetworkGround(workshop, async (ground) => {
      const [start, open] = opening(workshop, ground);
      const openings = await sampleInTurn([start, open], options);
      const [direct, connect, absolute] = pages(ground, "a connection", 1, CONNECTIONS);
      const connections = await sampleInTurn([direct, connect, absolute], options);
      const [byLoopback, byConnect, byUrl] = pages(ground, "500 MB", DOWNLOAD_BYTES, 1);
      const before = await usageOf(ground.gateway);
      /** @type {import("./rounds.mjs").Samples} */
      let downloads = {};
      const daemonShare = await coreShare(ground.daemon, async () => {
        downloads = await sampleInTurn([byLoopback, byConnect, byUrl], { ...options, warmUps: 1 });
      });
      const after = await usageOf(ground.gateway);
      options.progress("the daemon, idle");
      const idleShare = await coreShare(ground.daemon, () => sleep(IDLE_MS));
      const figure = (/** @type {string} */ what, /** @type {number} */ value, unit = "MB") => {
        return { what, against: "", value, unit, goal: null };
      };
      return {
        samples: { ...openings, ...connections, ...downloads },
        ratios: [
          { what: open.name, against: start.name, goal: null },
          { what: connect.name, against: direct.name, goal: null },
          { what: absolute.name, against: direct.name, goal: null },
          { what: byConnect.name, against: byLoopback.name, goal: 5 },
          { what: byUrl.name, against: byLoopback.name, goal: 5 },
        ],
        figures: [
          figure("memory of the gateway, before the downloads", before.residentMb),
          figure("at most so far", await peakMb(ground.gateway)),
          figure("after the downloads", after.residentMb),
          {
            what: "processor time of the daemon during the downloads",
            against: "idle",
            value: daemonShare - idleShare,
            unit: "% of a core",
            goal: null,
          },
          ...(await manySessions(workshop, ground, options.progress)),
        ],
      };
    });
  },
};

/**
 * A container of its own for each round; the second one opens its network.
 *
 * @param {Workshop} workshop
 * @param {NetworkGround} ground
 * @returns {[Contender, Contender]}
 */
function opening({ sandbox, image }, { control }) {
  const { containers, directory, env } = sandbox;
  let container = "";
  return [
    {
      name: "podman start",
      sample: async () => {
        const create = ["create", "--network", "none", image, "sleep", "86400"];
        container = (await podman(containers, create)).trim();
        return (await timeCommand(["podman", "start", container], env)).durationMs;
      },
    },
    {
      name: "opening a session's network",
      sample: async () => {
        const inspect = ["inspect", "--format", "{{.State.Pid}}", container];
        const process = await identityOf(Number(await podman(containers, inspect)));
        const request = openRequest(process, directory, []);
        const startedMs = performance.now();
        await control.call("open", request);
        const durationMs = performance.now() - startedMs;
        await control.call("close", { session: request.session });
        await podman(containers, ["rm", "--force", "--time=0", container]);
        return durationMs;
      },
    },
  ];
}

/**
 * @param {NetworkGround} ground
 * @param {string} what
 * @param {number} size
 * @param {number} count Pages of one sample, whose mean it is.
 * @returns {[Contender, Contender, Contender]}
 */
function pages({ port, session }, what, size, count) {
  const contender = (/** @type {string} */ name, /** @type {string} */ form) => {
    const args = [CLIENT, form, String(port), String(size), String(count)];
    const print = async () => {
      if (form !== "direct") return await runInNamespace(session, args);
      return (await timeCommand([process.execPath, ...args], process.env)).stdout;
    };
    return { name, sample: async () => Number(await print()) / count };
  };
  return [
    contender(`${what}, over loopback`, "direct"),
    contender(`${what}, by CONNECT`, "connect"),
    contender(`${what}, by a whole URL`, "absolute"),
  ];
}

/**
 * Opens many networks at once, and has a page brought through each while all are open.
 *
 * @param {Workshop} workshop
 * @param {NetworkGround} ground
 * @param {(text: string) => void} progress
 */
async function manySessions({ sandbox }, { control, gateway, port }, progress) {
  progress(`${SESSIONS} sessions' networks`);
  /** @type {Namespace[]} */
  const namespaces = [];
  try {
    for (let count = 0; count < SESSIONS; count += 1) namespaces.push(await makeNamespace());
    const requests = namespaces.map(({ process }) => {
      return openRequest(process, sandbox.directory, [`127.0.0.1:${port}`]);
    });
    const before = await usageOf(gateway);
    const startedMs = performance.now();
    await Promise.all(requests.map(async (request) => control.call("open", request)));
    const openedMs = performance.now() - startedMs;
    const after = await usageOf(gateway);
    const waiting = [...namespaces];
    const bring = async () => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
        await runInNamespace(next.process.pid, [CLIENT, "absolute", String(port), "1", "1"]);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, bring));
    await Promise.all(requests.map(async ({ session }) => control.call("close", { session })));
    const memory = ((after.residentMb - before.residentMb) / SESSIONS) * 1000;
    return [
      { what: `opening ${SESSIONS} networks at once`, against: "", value: openedMs, unit: "ms", goal: null },
      { what: "memory of the gateway for each", against: "", value: memory, unit: "kB", goal: null },
    ];
  } finally {
    await Promise.all(namespaces.map(async (namespace) => namespace.close()));
  }
}

/**
 * @param {{ pid: number, startTime: string }} process
 * @param {string} directory
 * @param {string[]} allow
 */
function openRequest(process, directory, allow) {
  const session = randomBytes(8).toString("hex");
  const egress = join(directory, `${session}.jsonl`);
  return { session, process, policy: { profile: "bench", allow }, egress_path: egress };
}

/** The most that a process has held. @param {number} pid */
async function peakMb(pid) {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1000;
}
