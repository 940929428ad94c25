/** What a runner asks its head, over HTTPS with a certificate on both sides. Both ends read this file. */
import * as z from "zod";

/** Part of every path; raised with a change that the other side would not understand. */
export const CHANNEL_PROTOCOL = 1;

/** A piece of a log or a record. */
export const MAX_PIECE_BYTES = 1024 * 1024;
/** Any other request. */
export const MAX_REQUEST_BYTES = 64 * 1024;
/** How long a runner that asks for orders waits for the answer that there are none. */
export const ORDERS_WAIT_MS = 25_000;

const JOB = /^agentd-[0-9a-f]{8}-([0-9a-f]{16})-\d{1,6}$/;

/** The session of a job, by the job's name; undefined where it is none of agentd's. */
export function sessionOfJob(job: string): string | undefined {
  return JOB.exec(job)?.[1];
}

const words = z.string().min(1).max(255);

export const claimRequest = z.strictObject({
  job: z.string().regex(JOB),
  token: z.string().regex(/^[A-Za-z0-9_-]{22,128}$/),
  node: words,
  boot_id: z.string().regex(/^[0-9a-f-]{36}$/),
  /** SPKI, base64. */
  seal_key: z.string().regex(/^[A-Za-z0-9+/=]{40,200}$/),
  is_resume: z.boolean(),
});

export const claimAnswer = z.object({
  plan: z.string(),
  /** Absent when the command has them. */
  credentials: z.string().optional(),
  /** How much of the log the head has. */
  log_bytes: z.int(),
});

export const refusal = z.object({ code: z.string(), why: z.string() });

export const filled = z.object({ bytes: z.int() });

export const collectRequest = z.strictObject({
  bytes: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/** That the engine has told the runner of a job to end, after so long a time: the head finds out whether it has to. */
export const toldRequest = z.strictObject({ job: z.string().regex(JOB), ran_ms: z.int().nonnegative() });

/** Null: none. Without a cause, it is the operator's. */
export const orders = z.object({
  stop: z.object({ grace_ms: z.int().nonnegative(), cause: z.string().optional() }).nullable(),
});

export type WireTold = z.infer<typeof toldRequest>;
export type WireClaim = z.infer<typeof claimRequest>;
export type Order = NonNullable<z.infer<typeof orders>["stop"]>;
