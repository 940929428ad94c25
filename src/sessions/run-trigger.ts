/** What starts a session, and what its document says about that. */
import type { SessionDocument } from "../session-document.ts";
import { BY_HAND } from "../trigger-fields.ts";

/** The schedule that a run comes from. */
export interface Scheduled {
  readonly name: string;
  /** In milliseconds since the epoch. */
  readonly instantMs: number;
  /** Identifies a run that an operator asked for; undefined for one of the schedule itself. */
  readonly fireId?: string | undefined;
}

/** What started a run besides a client; nothing for a request by hand. */
export interface Origin {
  readonly scheduled?: Scheduled | undefined;
  /** The session that is tried again. */
  readonly retry?: Retry | undefined;
  /** The session of another profile that the run follows. */
  readonly afterSession?: string | undefined;
  readonly webhook?: WebhookOrigin | undefined;
}

/** The delivery that a run comes from. */
export interface WebhookOrigin {
  /** Of the webhook in its profile. */
  readonly name: string;
  readonly delivery: string;
  /** Undefined where the sender does not say. */
  readonly event?: string | undefined;
}

/** The next try of a session. */
export interface Retry {
  readonly of: string;
  /** From 1. */
  readonly number: number;
  /** The schedule of the session; null for none. */
  readonly scheduleName: string | null;
}

type TriggerFields = Pick<SessionDocument, "trigger" | keyof typeof BY_HAND>;

export function triggerFields(
  { scheduled, retry, afterSession, webhook }: Origin,
  nowMs: number,
): TriggerFields {
  if (retry !== undefined) {
    const { of, number, scheduleName } = retry;
    return { ...BY_HAND, trigger: "retry", retry_of: of, retry_number: number, schedule_name: scheduleName };
  }
  if (afterSession !== undefined) return { ...BY_HAND, trigger: "chain", after_session: afterSession };
  if (webhook !== undefined) {
    const { name, delivery, event = null } = webhook;
    const fields = { webhook_name: name, webhook_delivery: delivery, webhook_event: event };
    return { ...BY_HAND, trigger: "webhook", ...fields };
  }
  if (scheduled === undefined) return { ...BY_HAND, trigger: "manual" };
  const { name, instantMs, fireId } = scheduled;
  return {
    ...BY_HAND,
    trigger: "schedule",
    scheduled_timestamp: new Date(instantMs).toISOString(),
    delay_ms: Math.max(0, Math.round(nowMs - instantMs)),
    schedule_name: name,
    fire_id: fireId ?? null,
  };
}
