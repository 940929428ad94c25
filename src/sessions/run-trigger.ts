/** What starts a session, and what its document says about that. */
import type { SessionDocument } from "../session-document.ts";

/** The schedule that a run comes from. */
export interface Scheduled {
  readonly name: string;
  /** In milliseconds since the epoch. */
  readonly instantMs: number;
  /** Identifies a run that an operator asked for; undefined for one of the schedule itself. */
  readonly fireId?: string | undefined;
}

/** What started a run besides a client. */
export interface Origin {
  /** Undefined for a request by hand. */
  readonly scheduled?: Scheduled | undefined;
}

type TriggerFields = Pick<
  SessionDocument,
  "trigger" | "scheduled_timestamp" | "delay_ms" | "schedule_name" | "fire_id"
>;

export function triggerFields({ scheduled }: Origin, nowMs: number): TriggerFields {
  if (scheduled === undefined) {
    const none = { scheduled_timestamp: null, delay_ms: null, schedule_name: null, fire_id: null };
    return { trigger: "manual", ...none };
  }
  const { name, instantMs, fireId } = scheduled;
  return {
    trigger: "schedule",
    scheduled_timestamp: new Date(instantMs).toISOString(),
    delay_ms: Math.max(0, Math.round(nowMs - instantMs)),
    schedule_name: name,
    fire_id: fireId ?? null,
  };
}
