/** What started a session, for people. A daemon that is older has no fields of retries and chains, and no such sessions. */
import { DEFAULT_SCHEDULE } from "../../schedule-id.ts";
import type { SessionView } from "../../session-document.ts";
import { spanText } from "./time-text.ts";

type Fields = Pick<SessionView, "trigger" | "schedule_name" | "retry_number" | "webhook_name">;

/** In a few words, for a table. */
export function shortTriggerText(fields: Fields): string {
  const { trigger, retry_number: number } = fields;
  if (trigger === "retry") return `${trigger} ${number ?? 1}`;
  const name = trigger === "webhook" ? fields.webhook_name : fields.schedule_name;
  return (name ?? DEFAULT_SCHEDULE) === DEFAULT_SCHEDULE ? trigger : `${trigger} ${name ?? ""}`;
}

export function triggerText(view: SessionView): string {
  const { trigger, scheduled_timestamp: scheduled, delay_ms: delayMs } = view;
  const short = shortTriggerText(view);
  switch (trigger) {
    case "manual":
      return short;
    case "retry":
      return `${short} of session ${view.retry_of ?? ""}`;
    case "chain":
      return `${short}, after session ${view.after_session ?? ""}`;
    case "webhook":
      return `${short}${view.webhook_event === null ? "" : `, ${view.webhook_event}`}, delivery ${view.webhook_delivery ?? ""}`;
    case "schedule":
      if ((view.fire_id ?? null) !== null) return `${short}, by hand`;
      return `${short} of ${scheduled ?? ""}${delayMs === null ? "" : `, ${spanText(delayMs)} late`}`;
  }
}
