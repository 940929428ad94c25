/** What started a session, for people. A daemon that is older has no fields of retries and chains, and no such sessions. */
import { DEFAULT_SCHEDULE } from "../../schedule-id.ts";
import type { SessionView } from "../../session-document.ts";
import { spanText } from "./time-text.ts";

type Fields = Pick<SessionView, "trigger" | "schedule_name" | "retry_number">;

/** In a few words, for a table. */
export function shortTriggerText({ trigger, schedule_name: name, retry_number: number }: Fields): string {
  if (trigger === "retry") return `${trigger} ${number ?? 1}`;
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
    case "schedule":
      if ((view.fire_id ?? null) !== null) return `${short}, by hand`;
      return `${short} of ${scheduled ?? ""}${delayMs === null ? "" : `, ${spanText(delayMs)} late`}`;
  }
}
