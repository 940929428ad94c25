/**
 * The one description of the configuration file: keys, types, rules, defaults and what they mean.
 *
 * A rule's message has no full stop. Values that could be a secret are marked `concealed`: no message shows them.
 */
import * as z from "zod";
import { always, path, size } from "./field-rules.ts";
import { namesAreUnique, profileSchema } from "./profile-schema.ts";

/** What the host contributes to defaults. */
export interface SchemaDefaults {
  /** Number of processor cores, the default of `daemon.max_sessions`. */
  readonly cores: number;
}

const MAX_SESSIONS_RULE = "must be a whole number from 1 to 10000";

/** The schema of the whole file, snake_case as in TOML. What only the host can tell is in `host-rules.ts`. */
export function configSchema(defaults: SchemaDefaults) {
  return z.strictObject({
    daemon: daemonSchema(defaults).prefault({}),
    profiles: z
      .array(profileSchema)
      .min(1, "declare at least one [[profiles]]")
      .superRefine(namesAreUnique("another profile has this name"), always)
      .describe("What can be run: one [[profiles]] for each environment."),
  });
}

export type ConfigDocument = z.infer<ReturnType<typeof configSchema>>;
export type ProfileDocument = z.infer<typeof profileSchema>;

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
      .describe("How much of what a session leaves is hashed by its seal; what is beyond is listed instead."),
    log_limit: size()
      .default("1g")
      .describe("How much a session may print; one that prints more ends as output_limit_exceeded."),
    max_sessions: z
      .int(MAX_SESSIONS_RULE)
      .min(1, MAX_SESSIONS_RULE)
      .max(10_000, MAX_SESSIONS_RULE)
      .default(defaults.cores)
      .describe("How many sessions run at once; more are queued. Default: the number of cores."),
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
