/** The lines of `egress.jsonl`: one for each connection, and counters for what a flood left no room for. */
import * as z from "zod";

/** `failed`: a rule allows it, but no connection came about. */
export const VERDICTS = ["allowed", "denied", "failed"] as const;

const count = z.int().nonnegative();

const place = {
  /** The host that was asked for; of a request that names none, what stood there, or empty. */
  host: z.string(),
  /** Null where the request names none. */
  port: z.int().nullable(),
  verdict: z.enum(VERDICTS),
  /** Of what was allowed, the entry of `allow`; of what was not, the name of the check that it failed. */
  rule: z.string(),
};

/** A connection, written when it has ended. */
export const connectionLine = z.object({
  /** When it began; RFC 3339, UTC. */
  time: z.string(),
  ...place,
  /** Why it was denied or failed, in words; null for others. */
  reason: z.string().nullable(),
  /** The address that it went to; null where it went nowhere. */
  address: z.string().nullable(),
  /** What the session sent to the server and received from it. */
  bytes_sent: count,
  bytes_received: count,
  duration_ms: count,
});

/** Connections of one kind beyond the bound on lines, written when the session ends. */
export const counterLine = z.object({
  time: z.string(),
  ...place,
  /** How many connections this line stands for. */
  connections: count,
  bytes_sent: count,
  bytes_received: count,
});

/** In this order: a counter has everything that a connection needs not have. */
export const egressLine = z.union([counterLine, connectionLine]);

export type Verdict = (typeof VERDICTS)[number];
export type ConnectionLine = z.infer<typeof connectionLine>;
export type CounterLine = z.infer<typeof counterLine>;
export type EgressLine = z.infer<typeof egressLine>;

/** The file's name in the record's `agentd` directory. */
export const EGRESS_FILE = "egress.jsonl";
