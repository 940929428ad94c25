import type { FeedEvent } from "../../events/event.ts";
import { shortId } from "../../short-id.ts";
import { printable } from "../terminal/printable.ts";

/** An event as one line: time, type, profile, session and what its data says, without what is null. */
export function eventText({ time, type, profile, session_id: id, data }: FeedEvent): string {
  const about = [profile, id === undefined ? undefined : shortId(id)].filter((each) => each !== undefined);
  const facts = Object.entries(data).flatMap(([name, value]) => {
    const text = valueText(value);
    return text === undefined ? [] : [`${name}=${text}`];
  });
  return printable([time, type, ...about, ...facts].join(" "));
}

/** Undefined where there is nothing to say. */
function valueText(value: unknown): string | undefined {
  if (value === null || value === false) return undefined;
  if (Array.isArray(value)) return value.length === 0 ? undefined : valueText(value.join(","));
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return /^[^\s"]+$/.test(text) ? text : JSON.stringify(text);
}
