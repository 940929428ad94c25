/**
 * The one description of the configuration file: keys, types, rules, defaults and what they mean.
 *
 * A rule's message has no full stop. Values that could be a secret are marked `concealed`: no message shows them.
 */
import * as z from "zod";
import { profileDocumentSchema, zonesAreKnown } from "../profile/document.ts";
import {
  always,
  type Context,
  isTable,
  namesAreUnique,
  path,
  sessionCount,
  size,
  sizeOrZero,
} from "../profile/rules/field-rules.ts";
import { sizeBytes } from "../profile/rules/sizes.ts";

/** What the host contributes to defaults. */
export interface SchemaDefaults {
  /** Number of processor cores, the default of `daemon.max_sessions`. */
  readonly cores: number;
}

/** The schema of the whole file, snake_case as in TOML. The rules that depend on the host are in `host-rules.ts`. */
export function configSchema(defaults: SchemaDefaults) {
  return z
    .strictObject({
      daemon: daemonSchema(defaults).prefault({}),
      profiles: z
        .array(profileDocumentSchema)
        .min(1, "declare at least one [[profiles]]")
        .superRefine(namesAreUnique("another profile has this name"), always)
        .superRefine(zonesAreKnown, always)
        .describe("What can be run: one [[profiles]] for each environment."),
    })
    .superRefine(memoryFitsBudget, always);
}

export type ConfigDocument = z.infer<ReturnType<typeof configSchema>>;

function daemonSchema(defaults: SchemaDefaults) {
  return z.strictObject({
    audit_root: path()
      .optional()
      .describe("Where the records of sessions are kept. Default: $XDG_STATE_HOME/tesserine/audit."),
    audit_private: z
      .boolean()
      .default(true)
      .describe("Whether sealed records are readable by their owner alone (0400) or by every user (0444)."),
    record_limit: size()
      .default("16g")
      .describe(
        "How much of what a session leaves its record gets, in bytes of files and of their paths; what is beyond is listed instead.",
      ),
    log_limit: size()
      .default("1g")
      .describe("How much a session may print; one that prints more ends as output_limit_exceeded."),
    min_free: sizeOrZero()
      .default("1g")
      .describe(
        'How much must be free on the disks of records, clones and state for a session to begin; "0": anything will do.',
      ),
    max_sessions: sessionCount()
      .default(defaults.cores)
      .describe("How many sessions run at once; more are queued. Default: the number of cores."),
    memory_budget: size()
      .optional()
      .describe(
        "What the memory of the sessions that run at once may add up to; more are queued. Default: no limit.",
      ),
    shutdown: z
      .enum(["drain", "detach"])
      .default("drain")
      .describe(
        "What the first signal brings about: waiting for running sessions, or leaving them to the next daemon.",
      ),
    socket_path: path()
      .optional()
      .describe("The daemon's socket. Default: $XDG_RUNTIME_DIR/agentd/agentd.sock."),
    podman_socket: path()
      .optional()
      .describe("Socket of a Podman service to use. Default: the daemon starts a service of its own."),
  });
}

/** A budget is meaningful only when every profile has a memory limit. */
function memoryFitsBudget(document: unknown, context: Context): void {
  if (!isTable(document) || !isTable(document["daemon"]) || !Array.isArray(document["profiles"])) return;
  const written = document["daemon"]["memory_budget"];
  const budget = bytesOf(written);
  if (budget === undefined) return;
  for (const [index, profile] of document["profiles"].entries()) {
    if (!isTable(profile)) continue;
    const { memory } = profile;
    const path = ["profiles", index, "memory"];
    if (memory === undefined) {
      context.addIssue({ code: "custom", path, message: "is required where daemon.memory_budget is set" });
    } else if ((bytesOf(memory) ?? 0) > budget) {
      const message = `must not be more than daemon.memory_budget, which is ${JSON.stringify(written)}`;
      context.addIssue({ code: "custom", path, message });
    }
  }
}

function bytesOf(size: unknown): number | undefined {
  return typeof size === "string" ? sizeBytes(size) : undefined;
}
