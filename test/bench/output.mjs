/**
 * What the daemon's processor time is while a session prints a lot.
 */
import { randomUUID } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../kit/until.mjs";
import { connectWire } from "../kit/wire.mjs";
import { coreShare } from "./process-usage.mjs";
import { summarize } from "./statistics.mjs";
import { PRINTING_PROFILE } from "./workshop.mjs";

const PRINTED_BYTES = 100_000_000;
const IDLE_MS = 5_000;
const TIMEOUT_MS = 300_000;

/** @type {import("./measurements.mjs").Measurement} */
export const output = {
  name: "output",
  rounds: 3,
  async run({ sandbox }, { rounds, progress, signal }) {
    const wire = await connectWire(sandbox.socketPath);
    try {
      const { pid } = await wire.call("status");
      const idle = await coreShare(pid, () => sleep(IDLE_MS));
      const printing = [];
      for (let round = 1; round <= rounds; round += 1) {
        progress(`round ${round} of ${rounds}`);
        signal.throwIfAborted();
        const run = { request_id: randomUUID(), profile: PRINTING_PROFILE };
        const { session_id: session, record } = await wire.call("run", run);
        const log = join(record, "agentd/console.log");
        // From its first byte to its last: launching and sealing it are other measurements.
        await until("the session prints", async () => (await sizeOf(log)) > 0, { timeoutMs: TIMEOUT_MS });
        const printed = async () => (await sizeOf(log)) >= PRINTED_BYTES;
        printing.push(
          await coreShare(pid, () => until("all is printed", printed, { timeoutMs: TIMEOUT_MS })),
        );
        const { outcome } = await wire.call("wait", { session });
        if (outcome !== "success") throw new Error(`the session that prints ended as ${outcome}`);
      }
      const value = summarize(printing).median - idle;
      const what = "processor time of the daemon while a session prints 100 MB";
      return { samples: {}, figures: [{ what, against: "idle", value, unit: "% of a core", goal: 5 }] };
    } finally {
      wire.close();
    }
  },
};

/** @param {string} path */
async function sizeOf(path) {
  // It is there once the container starts.
  return await stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
