/** What the daemon asks the channel. */
import * as z from "zod";
import { AgentdError } from "../../errors.ts";
import type { ControlConnection } from "../../rpc/control-connection.ts";
import type { ControlHandlersOf, ControlProtocol, ControlResultOf } from "../../rpc/control-protocol.ts";

/** Longest request: a plan with the files that a session is given, and credentials. */
const MAX_CONTROL_BYTES = 32 * 1024 * 1024;

const session = z.string().regex(/^[0-9a-f]{16}$/);
const digest = z.string().regex(/^[0-9a-f]{64}$/);
/** A file of the head that a node fills, and its limit. */
const file = z.strictObject({ path: z.string().startsWith("/"), most_bytes: z.int().positive() });

const status = z.object({
  session: z.string(),
  /** Names of the jobs that may claim it, in the order in which they were told. */
  jobs: z.array(z.object({ name: z.string(), is_resume: z.boolean() })),
  /** Null: no runner has come. */
  claim: z
    .object({ job: z.string(), node: z.string(), boot_id: z.string(), key: z.string(), seal_key: z.string() })
    .nullable(),
  is_handed_over: z.boolean(),
  /** Whether the channel knows what to give: not after it was started, until it is told again. */
  is_supplied: z.boolean(),
  later_boot_id: z.string().nullable(),
  /** The job whose runner was told last by the engine to end, and how long it had run. */
  told: z.object({ job: z.string(), ran_ms: z.int() }).nullable(),
  /** Whether a runner is on the channel now. */
  is_connected: z.boolean(),
  /** The node's record, once it is here whole. */
  collected: z.object({ bytes: z.int(), sha256: z.string() }).nullable(),
  /** Claims that were refused since the channel has started. */
  refusals: z.int(),
});

const METHODS = {
  /** Comes first on every connection. */
  hello: {
    params: z.object({ protocol: z.int(), version: z.string() }),
    result: z.object({
      version: z.string(),
      process: z.strictObject({ pid: z.int().positive(), startTime: z.string() }),
      /** SHA-256 of the certificate. */
      fingerprint: z.string(),
      /** Where it listens. */
      port: z.int(),
    }),
  },
  /** Lets a job claim a session; again for the same job, it renews what is given. */
  expect: {
    params: z.strictObject({
      session,
      job: z.string(),
      token_sha256: digest,
      is_resume: z.boolean(),
      console: file,
      record: file,
      plan: z.string(),
      credentials: z.string(),
    }),
    result: z.object({}),
  },
  /** Tells again what a session is given, after a start of the channel. */
  supply: {
    params: z.strictObject({ session, plan: z.string(), credentials: z.string() }),
    result: z.object({}),
  },
  /** Tells a session's runner to end it. */
  stop: {
    params: z.strictObject({
      session,
      grace_ms: z.int().nonnegative(),
      /** For the record; without one, it is the operator's. */
      cause: z.string().optional(),
    }),
    result: z.object({}),
  },
  /** Those of the sessions that the channel knows. */
  status: {
    params: z.strictObject({ sessions: z.array(session) }),
    result: z.object({ sessions: z.array(status) }),
  },
  /** Forgets a session: no token of it is worth anything any more. */
  close: {
    params: z.strictObject({
      session,
      /** Only while no runner has claimed it. */
      only_unclaimed: z.boolean(),
    }),
    result: z.object({ closed: z.boolean() }),
  },
  /** Ends the channel. */
  end: { params: z.strictObject({}), result: z.object({}) },
} as const;

export const CHANNEL_CONTROL = {
  name: "channel",
  version: 1,
  methods: METHODS,
  maxRequestBytes: MAX_CONTROL_BYTES,
  unavailable: (method: string, why: string) =>
    new AgentdError("placement_unknown", {
      ...{ tried: `ask the channel for ${method}`, why },
      next: "See the daemon's log.",
    }),
} as const satisfies ControlProtocol<typeof METHODS>;

export type ChannelConnection = ControlConnection<typeof METHODS>;
export type ChannelHandlers = ControlHandlersOf<typeof METHODS>;
export type ChannelStatus = ControlResultOf<typeof METHODS, "status">["sessions"][number];
