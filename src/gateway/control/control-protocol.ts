/** What the daemon asks the gateway: JSON-RPC 2.0, a message a line, on a socket that only the user can reach. */
import * as z from "zod";
import { AgentdError } from "../../errors.ts";
import { operatorPriceSchema } from "../../llm/prices/operator-price.ts";
import type { ControlConnection } from "../../rpc/control-connection.ts";
import type { ControlHandlersOf, ControlProtocol } from "../../rpc/control-protocol.ts";
import { allowEntrySchema } from "../rules/allow-entry.ts";

/** Raised with every change that an older daemon or gateway would not understand. Part of the socket's name. */
export const GATEWAY_VERSION = 2;

/** Longest request: an allowlist of thousands of hosts. */
const MAX_REQUEST_BYTES = 1024 * 1024;

const sessionName = z.string().regex(/^[0-9a-f]{1,64}$/);

const process = z.strictObject({ pid: z.int().positive(), startTime: z.string() });

/** What a session may reach. */
const policy = z.strictObject({
  /** The profile's name, for messages. */
  profile: z.string(),
  allow: z.array(allowEntrySchema),
});

/** A limit: a whole number. */
const limit = z.int().positive().optional();

/** Where requests of a dialect go, with the real key. */
const provider = z.strictObject({
  name: z.string(),
  dialect: z.enum(["openai", "anthropic", "gemini"]),
  base_url: z.string(),
  key: z.string(),
});

/** The language models that a session may use. */
const llm = z.strictObject({
  /** The profile's name, for messages. */
  profile: z.string(),
  /** What the session's requests carry instead of a key. */
  token: z.string().regex(/^[0-9a-f]{64}$/),
  /** Where the requests are written down; absolute. */
  path: z.string().startsWith("/"),
  /** What the profile has spent, a file a day; absolute, made where it is missing. */
  day_directory: z.string().startsWith("/"),
  /** Whose midnight begins a day; undefined: the gateway's own. */
  time_zone: z.string().optional(),
  providers: z.array(provider).min(1),
  /** Globs; empty: any model. */
  models: z.array(z.string()),
  max_usd_nano: limit,
  max_tokens: limit,
  max_requests: limit,
  max_output_tokens: limit,
  max_usd_per_day_nano: limit,
  max_parallel_requests: z.int().positive(),
  on_exhausted: z.enum(["stop", "refuse"]),
  exact: z.boolean(),
  hosted: z.array(z.string()),
  prices: z.array(operatorPriceSchema),
});

const openSession = z.strictObject({
  session: sessionName,
  /** A process of the session's container. */
  process,
  /** Null: there is no proxy, because the container has a network of its own. */
  policy: policy.nullable(),
  /** Where the connections are written down; absolute. Without a policy there is no such file. */
  egress_path: z.string().startsWith("/"),
  /** Undefined: it uses none. */
  llm: llm.optional(),
});

/** What a session has used of language models so far. Money in nano-dollars. */
const llmNumbers = z.object({
  /** That were sent. */
  requests: z.int(),
  refused: z.int(),
  in_flight: z.int(),
  /** That have ended, and whose cost is not known. */
  unpriced: z.int(),
  /** Whether each request had a bound. */
  exact: z.boolean(),
  /** Not from a cache; with what was written to one. */
  input_tokens: z.int(),
  cached_tokens: z.int(),
  output_tokens: z.int(),
  reasoning_tokens: z.int(),
  /** Of requests that have ended. */
  usd_nano: z.int(),
  /** For requests that have not. */
  reserved_nano: z.int(),
  /** Null: without a limit in dollars. */
  left_nano: z.int().nullable(),
  models: z.array(z.string()),
});

const sessionStatus = z.object({
  session: z.string(),
  pid: z.int(),
  /** Connections that are open now. */
  connections: z.int(),
  /** Null: it uses none. */
  llm: llmNumbers.nullable(),
});

/** Each method with its parameters and its result. */
const CONTROL_METHODS = {
  /** Comes first on every connection. */
  hello: {
    params: z.object({ protocol: z.int(), version: z.string() }),
    result: z.object({ version: z.string(), process, sessions: z.int() }),
  },
  /** Opens a session's network; asked again for the same container, it takes the policy. */
  open: {
    params: openSession,
    result: z.object({
      /** False: it was open already. */
      opened: z.boolean(),
    }),
  },
  /** Changes what a session may reach from its next connection on. */
  update: { params: z.strictObject({ session: sessionName, policy }), result: z.object({}) },
  /** Cuts a session's connections and answers when its log is on disk. */
  close: {
    params: z.strictObject({ session: sessionName }),
    result: z.object({
      /** Whether the gateway had the session. */
      known: z.boolean(),
      /** Connections that are only in counters, and those that could not be written down. */
      counted: z.int(),
      lost: z.int(),
      /** Null: it used none, or is not known. */
      llm: llmNumbers.nullable(),
    }),
  },
  /** A new key, from the next request on, for the sessions that have this provider at this address. */
  rotate: {
    params: z.strictObject({ provider: z.string(), base_url: z.string(), key: z.string() }),
    result: z.object({ sessions: z.int() }),
  },
  /** Answers once a session has to end because of its language models; asked again, at once. */
  verdict: {
    params: z.strictObject({
      session: sessionName,
      /** True: its command has failed by itself, and whether language models are a reason is answered at once. */
      failed: z.boolean(),
    }),
    result: z.object({
      /** Null: the session was closed. */
      kind: z.enum(["budget_exhausted", "llm_refused", "llm_overrun"]).nullable(),
      /** Sentences; null without a kind. */
      cause: z.string().nullable(),
    }),
  },
  list: {
    params: z.strictObject({}),
    result: z.object({ memory_bytes: z.int(), sessions: z.array(sessionStatus) }),
  },
  /** Ends the gateway; refused while a session is open. */
  end: { params: z.strictObject({}), result: z.object({}) },
} as const;

/** How the daemon asks the gateway. */
export const GATEWAY_PROTOCOL = {
  name: "gateway",
  version: GATEWAY_VERSION,
  methods: CONTROL_METHODS,
  maxRequestBytes: MAX_REQUEST_BYTES,
  unavailable: (method: string, why: string) =>
    new AgentdError("gateway_unavailable", {
      ...{ tried: `ask the gateway for ${method}`, why },
      next: "See the daemon's log.",
    }),
} as const satisfies ControlProtocol<typeof CONTROL_METHODS>;

export type GatewayConnection = ControlConnection<typeof CONTROL_METHODS>;
export type ControlMethod = keyof typeof CONTROL_METHODS;
export type ControlParams<M extends ControlMethod> = z.infer<(typeof CONTROL_METHODS)[M]["params"]>;
export type ControlResult<M extends ControlMethod> = z.infer<(typeof CONTROL_METHODS)[M]["result"]>;
export type OpenSession = z.infer<typeof openSession>;
export type LlmAccess = z.infer<typeof llm>;
export type LlmNumbers = z.infer<typeof llmNumbers>;
export type SessionPolicy = z.infer<typeof policy>;

export type ControlHandlers = ControlHandlersOf<typeof CONTROL_METHODS>;
