/**
 * The one description of the configuration file: keys, types, rules, defaults and what they mean.
 *
 * A rule's message has no full stop. Values that could be a secret are marked `concealed`: no message shows them.
 */
import * as z from "zod";
import { profileDocumentSchema, zonesAreKnown } from "../profile/document.ts";
import { chainsAreSound } from "../profile/rules/chains.ts";
import {
  age,
  always,
  type Context,
  duration,
  isTable,
  namesAreUnique,
  path,
  sessionCount,
  size,
  sizeOrZero,
} from "../profile/rules/field-rules.ts";
import { writtenRetention } from "../profile/rules/retention.ts";
import { sizeBytes } from "../profile/rules/sizes.ts";
import { llmSchema, providersAreKnown } from "./llm-schema.ts";
import { notifiedProfilesAreKnown, notifySchema } from "./notify-schema.ts";
import { placedProfilesFit, placementSchema } from "./placement-schema.ts";
import { sinksSchema } from "./sinks-schema.ts";
import { webSchema } from "./web-schema.ts";

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
      llm: llmSchema().prefault({}),
      web: webSchema().prefault({}),
      notify: notifySchema(),
      sinks: sinksSchema(),
      placement: placementSchema()
        .optional()
        .describe("Sessions on other machines, by an engine that these have."),
      profiles: z
        .array(profileDocumentSchema)
        .min(1, "declare at least one [[profiles]]")
        .superRefine(namesAreUnique("another profile already has this name"), always)
        .superRefine(zonesAreKnown, always)
        .superRefine(chainsAreSound, always)
        .describe("What can be run: one [[profiles]] for each environment."),
    })
    .superRefine(memoryFitsBudget, always)
    .superRefine(providersAreKnown, always)
    .superRefine(placedProfilesFit, always)
    .superRefine(notifiedProfilesAreKnown, always);
}

export type ConfigDocument = z.infer<ReturnType<typeof configSchema>>;

function daemonSchema(defaults: SchemaDefaults) {
  return z.strictObject({
    audit_root: path()
      .optional()
      .describe("Directory for session records. Default: $XDG_STATE_HOME/tesserine/audit."),
    audit_private: z
      .boolean()
      .default(true)
      .describe("If true, only the owner can read sealed records (0400); if false, every user can (0444)."),
    record_limit: size()
      .default("16g")
      .describe(
        "Maximum size of the files that a record takes from its session, in bytes of contents and paths; files beyond it are listed only.",
      ),
    records: writtenRetention
      .optional()
      .describe(
        "How long sealed records are kept, of profiles that do not say it themselves. Default: until somebody removes them.",
      )
      .meta({ type_in_words: "table" }),
    log_limit: size()
      .default("1g")
      .describe("Maximum output of a session; a session that prints more ends as output_limit_exceeded."),
    pause_max: duration()
      .default("24h")
      .describe("How long a session may be paused in all; then it goes on by itself."),
    events_keep: age().default("30d").describe("How long events of the feed are kept, see `agentd events`."),
    export_limit: size()
      .default("256m")
      .describe(
        "Maximum size of what a record takes of its session's work: commits, patch and artifacts together; what does not fit is not exported.",
      ),
    keep_max: size()
      .default("20g")
      .describe("Maximum size of all kept sessions together; beyond it the oldest go first."),
    min_free: sizeOrZero()
      .default("1g")
      .describe(
        'Free space needed on the disks of records, clones and state before a session starts; "0" disables the check.',
      ),
    max_sessions: sessionCount()
      .default(defaults.cores)
      .describe(
        "Maximum number of sessions that run at once; others are queued. Default: the number of cores.",
      ),
    warm: z
      .union([z.enum(["auto", "off"]), z.int().min(1)])
      .default("auto")
      .describe(
        "Containers that wait for the next session, one for each profile that was used within 15 minutes: at most so many, or as many as max_sessions with `auto`, or none with `off`.",
      )
      .meta({ type_in_words: '`"auto"`, `"off"` or whole number' }),
    memory_budget: size()
      .optional()
      .describe(
        "Maximum total memory of the sessions that run at once; others are queued. Default: no limit.",
      ),
    shutdown: z
      .enum(["drain", "detach"])
      .default("drain")
      .describe(
        "What the daemon does on the first signal: wait for running sessions, or leave them to the next daemon.",
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
      context.addIssue({ code: "custom", path, message: "is required if daemon.memory_budget is set" });
    } else if ((bytesOf(memory) ?? 0) > budget) {
      const message = `must not be more than daemon.memory_budget, which is ${JSON.stringify(written)}`;
      context.addIssue({ code: "custom", path, message });
    }
  }
}

function bytesOf(size: unknown): number | undefined {
  return typeof size === "string" ? sizeBytes(size) : undefined;
}
