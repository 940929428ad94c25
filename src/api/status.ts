/** What the daemon says of itself: on the wire and for `agentd status --json`. */
import * as z from "zod";
import { notifyStateSchema, sinkStateSchema } from "./notify-method.ts";

const count = z.int().min(0);

export const statusSchema = z.strictObject({
  pid: z.int(),
  version: z.string(),
  protocol: z.int(),
  /** Eight hexadecimal digits that name the state directory, and the containers of this daemon. */
  instance: z.string(),
  state: z.enum(["running", "draining"]),
  started_timestamp: z.iso.datetime(),
  socket_path: z.string(),
  state_directory: z.string(),
  audit_root: z.string(),
  config_file: z.string(),
  config_loaded_timestamp: z.iso.datetime(),
  /** The files among the configuration and the credentials that have changed since the daemon read them. */
  changed_files: z.array(z.string()),
  max_sessions: z.int(),
  /** The limit on the sum of the memory limits of running sessions; null for none. */
  memory_budget_bytes: z.int().nullable(),
  /** How many sessions are in each state. */
  sessions: z.strictObject({
    queued: count,
    preparing: count,
    running: count,
    paused: count,
    finishing: count,
  }),
  /** Sessions that stay after their end, and the bytes that they take. */
  kept: z.strictObject({ sessions: count, bytes: count, max_bytes: count }),
  /** Containers that wait for sessions: how many there are, how many there may be, and the memory that they take. */
  warm: z.strictObject({ waiting: count, most: count, memory_bytes: count }),
  /** Records whose teardown or sealing failed and is retried. */
  incomplete: z.array(z.strictObject({ session_id: z.string(), reason: z.string() })),
  /** The process that opens the network of sessions with an allowlist; null while none runs. */
  gateway: z
    .strictObject({
      pid: z.int(),
      memory_bytes: count,
      sessions: count,
      /** Of the sessions, those with language models, and their requests that have not ended. */
      llm_sessions: count,
      llm_requests_in_flight: count,
    })
    .nullable(),
  /** Whom it tells of what needs people, in the order of the configuration. */
  notify: z.array(notifyStateSchema),
  /** Where every event goes, too. */
  sinks: z.array(sinkStateSchema),
  /** What this host's Podman is and can do; fields may be added. */
  engine: z.record(z.string(), z.unknown()),
});

/** What sessions lack; empty where they can run. */
export const healthSchema = z.strictObject({
  missing: z.array(z.strictObject({ what: z.enum(["engine", "disk"]), why: z.string() })),
});
