/** From the job of a session to what its runner is given, and what the engine is asked for. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { PlacedPlan } from "../placement/placed-plan.ts";
import type { PlacedLimits } from "../placement/placement.ts";
import type { Job } from "../sessions/port/executor.ts";
import type { KeptRun } from "./kept-runs.ts";
import type { PlacedParts } from "./ports.ts";

/** What a record has besides the agent's files and its work: journals, and the log twice over. */
const SPARE_BYTES = 1024 * 1024 * 1024;
const MIB = 1024 * 1024;

/** All that is kept of a session's placement. */
export async function runOf(job: Job, { version, limits: limitsNow }: PlacedParts): Promise<KeptRun> {
  const { document, plan, logLimitBytes, nodeMs, nodeDirectory, claimsPath } = job.whole();
  const { recordBytes, exportBytes, minFreeBytes } = limitsNow();
  const placed: PlacedPlan = {
    ...{ version: 1, engine: "slurm", agentd: version, document, plan },
    files: job.input === undefined ? [] : await filesIn(job.input.directory),
    limits: { record_bytes: recordBytes, export_bytes: exportBytes, min_free_bytes: minFreeBytes },
  };
  return {
    ...{
      version: 1,
      session: job.sessionId,
      plan: JSON.stringify(placed),
      limits: limitsOf(job.profile, nodeMs),
    },
    graceMs: job.profile.graceMs,
    // What is more than the limit ends the session on its node, which takes a moment.
    mostLogBytes: logLimitBytes + 64 * MIB,
    mostRecordBytes: recordBytes + exportBytes + logLimitBytes + SPARE_BYTES,
    ...{ console: job.consoleLogPath, runa: job.runaDirectory, node: nodeDirectory, claims: claimsPath },
  };
}

/** Podman limits the session on its node; the engine only has to find one that has so much. */
function limitsOf({ memoryBytes, cpus }: Job["profile"], timeMs: number | undefined): PlacedLimits {
  return { memoryBytes, cpus, timeMs };
}

async function filesIn(directory: string): Promise<PlacedPlan["files"]> {
  const names = (await readdir(directory)).sort();
  return await Promise.all(
    names.map(async (name) => ({
      name,
      content: (await readFile(join(directory, name))).toString("base64"),
    })),
  );
}
