/** What started a session, for people. */
import { DEFAULT_SCHEDULE } from "../../schedule-id.ts";
import type { SessionView } from "../../session-document.ts";
import { spanText } from "./time-text.ts";

export function triggerText(view: SessionView): string {
  const { trigger, scheduled_timestamp: scheduled, delay_ms: delayMs, schedule_name: name } = view;
  if (view.retry_of !== null) return `${trigger} ${view.retry_number ?? 1} of session ${view.retry_of}`;
  if (view.after_session !== null) return `${trigger}, after session ${view.after_session}`;
  if (scheduled === null) return trigger;
  const which = name === null || name === DEFAULT_SCHEDULE ? trigger : `${trigger} ${name}`;
  if (view.fire_id !== null) return `${which}, by hand`;
  return `${which} of ${scheduled}${delayMs === null ? "" : `, ${spanText(delayMs)} late`}`;
}
