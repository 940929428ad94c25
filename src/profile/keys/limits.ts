/** The limits of a profile's sessions. */
import * as z from "zod";
import { durationMs, graceMs } from "../rules/durations.ts";
import { duration, grace, sessionCount, size } from "../rules/field-rules.ts";
import { sizeBytes } from "../rules/sizes.ts";
import { key, parsed, plain, shown } from "./key.ts";

/** With less, the runtime's own first process is out of memory before the command is reached. */
const MIN_MEMORY = "6m";
const CPUS_RULE = "must be a number of cores from 0.01 to 8192, such as 2 or 0.5";
const PIDS_RULE = "must be a whole number from 1 to 4194304";

const ON_STALL = z.enum(["warn", "stop"]);

const optionalInteger = z.int().optional();

export const LIMITS = {
  max_sessions: shown(
    "max_sessions",
    plain(
      "maxSessions",
      optionalInteger,
      sessionCount()
        .optional()
        .describe(
          "Maximum number of the profile's sessions that run at once; others are queued. Default: as many as daemon.max_sessions allows.",
        ),
    ),
  ),
  timeout: shown(
    "timeout_ms",
    key(
      "timeoutMs",
      duration().optional().describe("Maximum run time of the command. Default: no limit."),
      optionalInteger,
      (written) => (written === undefined ? undefined : parsed(written, durationMs)),
    ),
  ),
  grace: shown(
    "grace_ms",
    key(
      "graceMs",
      grace().default("10s").describe("Time between SIGTERM and SIGKILL when the command is stopped."),
      z.int(),
      (written) => parsed(written, graceMs),
    ),
  ),
  stall: key(
    "stallMs",
    duration()
      .optional()
      .describe(
        "Time after which a session counts as stalled: no output, no answered request to a model and no processor time to speak of. Default: never.",
      ),
    optionalInteger,
    (written) => (written === undefined ? undefined : parsed(written, durationMs)),
  ),
  on_stall: plain(
    "onStall",
    ON_STALL.default("warn"),
    ON_STALL.default("warn").describe("What to do with a stalled session: only say so, or stop it."),
  ),
  memory: shown(
    "memory_bytes",
    key(
      "memoryBytes",
      size()
        .refine(isEnoughMemory, `must be at least ${MIN_MEMORY}`)
        .optional()
        .describe("Maximum memory of a session, without swap. Default: no limit."),
      optionalInteger,
      (written) => (written === undefined ? undefined : parsed(written, sizeBytes)),
    ),
  ),
  disk: shown(
    "disk_bytes",
    key(
      "diskBytes",
      size()
        .optional()
        .describe(
          "Maximum size on disk of a session's clone, home, .runa and container layer together; a larger session ends as disk_limit_exceeded. Default: no limit.",
        ),
      optionalInteger,
      (written) => (written === undefined ? undefined : parsed(written, sizeBytes)),
    ),
  ),
  cpus: shown(
    "cpus",
    plain(
      "cpus",
      z.number().optional(),
      z
        .number(CPUS_RULE)
        .min(0.01, CPUS_RULE)
        .max(8192, CPUS_RULE)
        .optional()
        .describe("Maximum CPU cores of a session; fractions are allowed. Default: no limit."),
    ),
  ),
  pids: shown(
    "pids",
    plain(
      "pids",
      z.int(),
      z
        .int(PIDS_RULE)
        .min(1, PIDS_RULE)
        .max(4_194_304, PIDS_RULE)
        .default(2048)
        .describe("Maximum number of processes and threads of a session."),
    ),
  ),
};

function isEnoughMemory(memory: string): boolean {
  const bytes = sizeBytes(memory);
  return bytes === undefined || bytes >= (sizeBytes(MIN_MEMORY) ?? 0);
}
