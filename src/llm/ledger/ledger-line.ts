/**
 * The lines of `llm.jsonl`: two for each request, and counters for what is left out. Never a prompt or an answer.
 */
import * as z from "zod";

const count = z.int().nonnegative();
/** Null where nothing was reported, or nothing is known. */
const maybe = count.nullable();

/** Written before the first byte of a request leaves. */
export const reserveLine = z.object({
  kind: z.literal("reserve"),
  /** RFC 3339, UTC. */
  time: z.string(),
  /** Counts the session's requests, also over restarts of the gateway. */
  id: count,
  provider: z.string(),
  route: z.string(),
  /** The model that was asked for. */
  model: z.string(),
  stream: z.boolean(),
  /** Bytes of the body. */
  bytes: count,
  /** Output tokens per answer that the client asked for, and those that were sent; null: no cap. */
  cap_asked: maybe,
  cap_sent: maybe,
  /** The most that it can use: tokens of input and output, and nano-dollars. Null where nothing bounds it. */
  reserved_tokens: maybe,
  reserved_nano: maybe,
  /** Null: no price is known. */
  price_source: z.string().nullable(),
  /** What was let through although it has no bound. */
  unbounded: z.array(z.string()),
});

/** `reported`: as the provider says. `reserved`: it said nothing, so all is charged. `none`: nothing is charged. */
export const SETTLEMENTS = ["reported", "reserved", "none"] as const;

/** Written when a request has ended. */
export const settleLine = z.object({
  kind: z.literal("settle"),
  time: z.string(),
  id: count,
  /** Null: no answer came. */
  status: z.int().nullable(),
  model_answered: z.string().nullable(),
  duration_ms: count,
  /** From sending the request to the first byte of the answer's body; null: none came. */
  first_token_ms: maybe,
  /** Each token once: input leaves out what was read from a cache or written to one. */
  input_tokens: maybe,
  cached_tokens: maybe,
  cache_write_tokens: maybe,
  output_tokens: maybe,
  /** Of the output. */
  reasoning_tokens: maybe,
  /** What is charged; null where no price is known. */
  nano: maybe,
  settlement: z.enum(SETTLEMENTS),
  /** The provider's name for the request. */
  request_id: z.string().nullable(),
});

/** A request that the gateway did not send. */
export const refusedLine = z.object({
  kind: z.literal("refused"),
  time: z.string(),
  route: z.string(),
  model: z.string(),
  status: z.int(),
  reason: z.string(),
});

/** Everything beyond the bound on lines, kept up to date in place: the last line of the file. */
export const countedLine = z.object({
  kind: z.literal("counted"),
  time: z.string(),
  /** Requests that have ended; with those below, the ones that were sent. */
  requests: count,
  refused: count,
  input_tokens: count,
  cached_tokens: count,
  cache_write_tokens: count,
  output_tokens: count,
  reasoning_tokens: count,
  /** What is charged: nano-dollars, and tokens of all kinds. */
  nano: count,
  charged_tokens: count,
  /** Requests without a price. */
  unpriced: count,
  /** Requests that let something through that has no bound. */
  unbounded: count,
  /** Requests that have not ended, and what is reserved for them. */
  open: count,
  open_nano: count,
  open_tokens: count,
});

export const ledgerLine = z.discriminatedUnion("kind", [reserveLine, settleLine, refusedLine, countedLine]);

export type ReserveLine = z.infer<typeof reserveLine>;
export type SettleLine = z.infer<typeof settleLine>;
export type RefusedLine = z.infer<typeof refusedLine>;
export type CountedLine = z.infer<typeof countedLine>;
export type LedgerLine = z.infer<typeof ledgerLine>;
export type Settlement = (typeof SETTLEMENTS)[number];

/** The file's name in the record's `agentd` directory. */
export const LEDGER_FILE = "llm.jsonl";
