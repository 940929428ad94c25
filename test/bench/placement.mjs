/**
 * What ten thousand placed sessions cost the head, a thousand of them at work on as many nodes. Real are the looks, what is
 * kept of each session, the channel as the program that it is, and the runners' end of it with TLS. Slurm's programs are
 * answered by the measurement itself, at once, and a runner sends a made record at the end instead of running a session.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { execa } from "execa";

/** Nodes run one session each. */
export const SIZE = { sessions: 10_000, nodes: 1_000, steadyMs: 60_000 };

const SOURCE = fileURLToPath(new URL("../../src", import.meta.url));
const HEAD = fileURLToPath(new URL("placement/head.mjs", import.meta.url));
const CHANNEL = fileURLToPath(new URL("../../dist/placement.cjs", import.meta.url));

/** What the head's sources have for it. */
const PARTS = [
  "placed/watches.ts",
  "placed/kept-runs.ts",
  "placement/placed-runs.ts",
  "placement/channel/control.ts",
  "placement/channel/channel-client.ts",
  "placement/channel/identity.ts",
  "rpc/control-connection.ts",
  "slurm/slurm-placement.ts",
  "log.ts",
];

/** @type {import("./measurements.mjs").Measurement} */
export const placement = {
  name: "placement",
  rounds: 1,
  async run(_workshop, { progress, signal }) {
    // Short: a socket lies in it.
    const directory = await mkdtemp(join(tmpdir(), "agentd-bench-"));
    try {
      const parts = join(directory, "parts.cjs");
      await build({
        stdin: {
          contents: PARTS.map((path) => `export * from "./${path}";`).join("\n"),
          resolveDir: SOURCE,
        },
        ...{ outfile: parts, bundle: true, platform: "node", format: "cjs", logLevel: "error" },
      });
      progress(`${SIZE.sessions} sessions, ${SIZE.nodes} nodes`);
      const words = [HEAD, directory, parts, CHANNEL, JSON.stringify(SIZE)];
      const head = execa(process.execPath, words, { cancelSignal: signal, stderr: "inherit" });
      /** @type {import("./placement/head.mjs").Outcome} */
      const { placed, looks, steady, turnover, bytes } = JSON.parse((await head).stdout);
      const per = (/** @type {number} */ value) => value / SIZE.sessions;
      return {
        samples: {},
        figures: [
          alone("placing a session, to its job's submission", placed.tookMs / SIZE.sessions, "ms"),
          alone("processor time of the daemon's part for that", per(placed.cpuMs), "ms"),
          alone(`a look at ${SIZE.sessions} placed sessions`, looks.medianMs, "ms"),
          alone(
            `processor time with ${SIZE.nodes} of them at work: the daemon's part`,
            steady.headShare,
            "%",
          ),
          alone("the same of the channel", steady.channelShare, "%"),
          alone("memory of the daemon's part", steady.headMb, "MB"),
          alone(`memory of the channel, ${SIZE.nodes} runners connected`, steady.channelMb, "MB"),
          alone("squeue for all sessions, a minute", steady.squeuePerMinute, ""),
          alone("sessions that end on nodes while others start there, a second", turnover.perSecond, ""),
          alone("processor time of the channel for each", turnover.channelMs, "ms"),
          alone("processor time of the daemon's part for each", turnover.headMs, "ms"),
          alone("what is kept of a session on disk until its seal, without log and record", bytes.state, "B"),
          alone("of that, for its record: who has claimed it", bytes.claims, "B"),
        ],
      };
    } finally {
      await rm(directory, { recursive: true });
    }
  },
};

/**
 * @param {string} what
 * @param {number} value
 * @param {string} unit
 */
function alone(what, value, unit) {
  return { what, against: "", value, unit, goal: null };
}
