/** The head of the measurement `placement`, in a process of its own: what it uses is that of the daemon's part. */
import { fork, spawn } from "node:child_process";
import { mkdir, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { until } from "../../kit/until.mjs";
import { usageOf } from "../process-usage.mjs";
import { summarize } from "../statistics.mjs";
import { SimulatedSlurm } from "./engine.mjs";

/**
 * @typedef {object} Outcome
 * @property {{ tookMs: number, cpuMs: number }} placed
 * @property {{ medianMs: number }} looks
 * @property {{ headShare: number, channelShare: number, headMb: number, channelMb: number, squeuePerMinute: number }} steady
 * @property {{ perSecond: number, channelMs: number, headMs: number }} turnover
 * @property {{ state: number, claims: number }} bytes
 */

const [directory = "", parts = "", channelScript = "", size = ""] = process.argv.slice(2);
const RUNNERS = fileURLToPath(new URL("runners.mjs", import.meta.url));
const VERSION = "0.1.0";
const LIMIT_MS = 3_600_000;
/** As the daemon asks its engine. */
const ENGINE_MS = 5_000;
/** A session with a small request has a plan of that size. */
const PLAN = JSON.stringify({ plan: "x".repeat(6_000) });

/** @type {typeof import("../placement.mjs").SIZE} */
const { sessions, nodes, steadyMs } = JSON.parse(size);
/**
 * @type {typeof import("../../../src/placed/watches.ts") & typeof import("../../../src/placed/kept-runs.ts") &
 *   typeof import("../../../src/placement/placed-runs.ts") & typeof import("../../../src/placement/channel/control.ts") &
 *   typeof import("../../../src/rpc/control-connection.ts") & typeof import("../../../src/slurm/slurm-placement.ts") &
 *   typeof import("../../../src/log.ts")}
 */
const { Watches, KeptRuns, PlacedRuns, CHANNEL_CONTROL, ControlConnection, SlurmPlacement, createLogger } =
  await import(pathToFileURL(parts).href);

const log = createLogger({ write: (line) => void process.stderr.write(line) }, "warn");
const monotonic = () => performance.now();
const socket = join(directory, "c.sock");
const state = join(directory, "state");
const keptIn = join(directory, "kept");
for (const name of ["state", "out", "kept"]) await mkdir(join(directory, name));

const channel = spawn(process.execPath, [channelScript, socket, state, "127.0.0.1:0"], {
  stdio: ["ignore", "ignore", "ignore"],
});
process.on("exit", () => channel.kill("SIGKILL"));
const connection = await until(
  "an answer of the channel",
  async () => await ControlConnection.open(CHANNEL_CONTROL, socket, VERSION, 10_000),
);
const channelPid = channel.pid ?? 0;
const { fingerprint, port } = connection.peer;
const address = `127.0.0.1:${port}`;

const runners = fork(RUNNERS, [parts, address, fingerprint]);
let [started, ended] = [0, 0];
let isReady = false;
runners.on("message", (/** @type {{ ready?: true, started?: string, ended?: string }} */ said) => {
  if (said.ready) isReady = true;
  if (said.started !== undefined) started += 1;
  if (said.ended === undefined) return;
  ended += 1;
  slurm.end(said.ended);
});
await until("the runners", () => isReady);

const slurm = new SimulatedSlurm(nodes, ({ name, token, node }) => {
  const session = name.split("-")[2] ?? "";
  runners.send({ start: { job: name, token, node, session } });
});
const placement = new SlurmPlacement({
  programs: /** @type {import("../../../src/slurm/slurm-programs.ts").SlurmPrograms} */ (
    /** @type {unknown} */ (slurm)
  ),
  ...{ monotonic, partition: undefined, extraArgs: [] },
});

/** @type {number[]} */
const lookedMs = [];
const watches = new Watches({
  runs: () => Promise.resolve(runs),
  ...{ monotonic, log, onTrouble: () => undefined },
});
const runs = new PlacedRuns({
  ...{ placement, channel: connection, head: "0a1b2c3d", address, fingerprint, monotonic },
  ...{ engineMs: ENGINE_MS, onSeen: watches.onSeen, onStep: watches.onStep },
});
const look = runs.look.bind(runs);
runs.look = async (signal) => {
  const begunMs = performance.now();
  const ends = await look(signal);
  lookedMs.push(performance.now() - begunMs);
  for (const end of ends.values()) if (end.kind !== "collected") throw new Error(`a session is ${end.kind}`);
  return ends;
};
const kept = new KeptRuns(keptIn);

/** @param {number} index */
async function place(index) {
  const session = (index + 1).toString(16).padStart(16, "0");
  const at = (/** @type {string} */ name) => join(directory, "out", `${session}${name}`);
  await kept.write({
    ...{ version: 1, session, plan: PLAN, limits: {}, graceMs: 10_000 },
    ...{ mostLogBytes: 1_000_000, mostRecordBytes: 1_000_000 },
    ...{ console: at(".log"), runa: at(".runa"), node: at(".node"), claims: at(".claims") },
  });
  const watch = await watches.add({
    ...{ sessionId: session, plan: PLAN, credentials: "{}", graceMs: 10_000 },
    limits: { memoryBytes: undefined, cpus: undefined, timeMs: undefined },
    console: { path: at(".log"), most_bytes: 1_000_000 },
    record: { path: at(".record"), most_bytes: 1_000_000 },
  });
  watch.ended.catch(() => undefined);
}

/**
 * What both processes use while something happens.
 *
 * @param {() => Promise<unknown>} happen
 */
async function used(happen) {
  const before = { head: await usageOf(process.pid), channel: await usageOf(channelPid) };
  const begunMs = performance.now();
  await happen();
  const tookMs = performance.now() - begunMs;
  const after = { head: await usageOf(process.pid), channel: await usageOf(channelPid) };
  return {
    tookMs,
    headMs: after.head.cpuMs - before.head.cpuMs,
    channelMs: after.channel.cpuMs - before.channel.cpuMs,
    headMb: after.head.residentMb,
    channelMb: after.channel.residentMb,
  };
}

/** @param {string} what @param {() => boolean} condition */
const reached = (what, condition) => until(what, condition, { timeoutMs: LIMIT_MS });

const placing = await used(async () => {
  for (let index = 0; index < sessions; index += 1) await place(index);
  await reached("all submissions", () => slurm.submitted === sessions);
});
process.stderr.write(`bench: placement: placed in ${Math.round(placing.tookMs)} ms\n`);
await reached("a session at each node", () => started === nodes);
await sleep(ENGINE_MS);
lookedMs.length = 0;
const looksBefore = slurm.looks;
const steady = await used(() => sleep(steadyMs));
const looks = { medianMs: summarize(lookedMs).median };
const squeuePerMinute = ((slurm.looks - looksBefore) * 60_000) / steady.tookMs;
process.stderr.write("bench: placement: ending as many as there are nodes\n");
const turning = await used(async () => {
  runners.send({ end: nodes });
  await reached("another session at each node", () => started === 2 * nodes && ended === nodes);
});
if (slurm.submitted !== sessions) throw new Error("a session was placed twice");

/** Of the sessions that have ended. @param {string} below @param {string} suffix */
async function sizes(below, suffix) {
  const names = (await readdir(below)).filter((name) => name.endsWith(suffix));
  const all = await Promise.all(
    names
      .sort()
      .slice(0, nodes)
      .map((name) => stat(join(below, name))),
  );
  return all.reduce((sum, { size: bytes }) => sum + bytes, 0) / Math.max(1, all.length);
}
const claims = await sizes(join(state, "sessions"), ".claims.jsonl");
const ofSession = (await sizes(join(state, "sessions"), ".json")) + (await sizes(keptIn, ".json"));

/** @type {Outcome} */
const outcome = {
  placed: { tookMs: placing.tookMs, cpuMs: placing.headMs },
  looks,
  steady: {
    headShare: (steady.headMs / steady.tookMs) * 100,
    channelShare: (steady.channelMs / steady.tookMs) * 100,
    headMb: steady.headMb,
    channelMb: steady.channelMb,
    squeuePerMinute,
  },
  turnover: {
    perSecond: nodes / (turning.tookMs / 1_000),
    channelMs: turning.channelMs / nodes,
    headMs: turning.headMs / nodes,
  },
  bytes: { state: claims + ofSession, claims },
};
process.stdout.write(JSON.stringify(outcome));
await watches.close();
runners.disconnect();
await connection.call("end", {}, 10_000);
connection.close();
