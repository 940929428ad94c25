/** What the daemon asks the gateway: JSON-RPC 2.0, a message a line, on a socket that only the user can reach. */
import * as z from "zod";
import { allowEntrySchema } from "../rules/allow-entry.ts";

/** Raised with every change that an older daemon or gateway would not understand. Part of the socket's name. */
export const GATEWAY_PROTOCOL = 1;

/** Longest request: an allowlist of thousands of hosts. */
export const MAX_CONTROL_BYTES = 1024 * 1024;

const sessionName = z.string().regex(/^[0-9a-f]{1,64}$/);

const process = z.strictObject({ pid: z.int().positive(), startTime: z.string() });

/** What a session may reach. */
const policy = z.strictObject({
  /** The profile's name, for messages. */
  profile: z.string(),
  allow: z.array(allowEntrySchema),
});

const openSession = z.strictObject({
  session: sessionName,
  /** A process of the session's container. */
  process,
  policy,
  /** Where the connections are written down; absolute. */
  egress_path: z.string().startsWith("/"),
});

const sessionStatus = z.object({
  session: z.string(),
  pid: z.int(),
  /** Connections that are open now. */
  connections: z.int(),
});

/** Each method with its parameters and its result. */
export const CONTROL_METHODS = {
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
    }),
  },
  list: {
    params: z.strictObject({}),
    result: z.object({ memory_bytes: z.int(), sessions: z.array(sessionStatus) }),
  },
  /** Ends the gateway; refused while a session is open. */
  end: { params: z.strictObject({}), result: z.object({}) },
} as const;

export type ControlMethod = keyof typeof CONTROL_METHODS;
export type ControlParams<M extends ControlMethod> = z.infer<(typeof CONTROL_METHODS)[M]["params"]>;
export type ControlResult<M extends ControlMethod> = z.infer<(typeof CONTROL_METHODS)[M]["result"]>;
export type OpenSession = z.infer<typeof openSession>;
export type SessionPolicy = z.infer<typeof policy>;

export type ControlHandlers = {
  readonly [M in ControlMethod]: (params: ControlParams<M>) => Promise<ControlResult<M>>;
};
