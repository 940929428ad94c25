/** The try that will follow a session, for people. A daemon that is older has no such field. */
import type { PendingRetry } from "../../api/schedule-view.ts";
import type { NextRetry } from "../../next-retry.ts";
import { printable } from "../terminal/printable.ts";
import { ageText } from "./time-text.ts";

interface MayBeRetried {
  readonly next_retry?: NextRetry | null;
}

/** Which try and when; null: none. */
export function nextRetryText({ next_retry: next }: MayBeRetried): string | null {
  return next ? `retry ${next.number} at ${next.due_timestamp}` : null;
}

/** For a table. */
export function shortRetryText({ next_retry: next }: MayBeRetried, nowMs: number): string {
  return next ? inText(next, nowMs) : "-";
}

/** For the list of what will run. */
export function pendingRetryText(retry: PendingRetry, nowMs: number): string {
  const { profile, number, session_id: id, due_timestamp: due } = retry;
  return `${printable(profile)}  retry ${number} of session ${id}\n  next  ${due} (${inText(retry, nowMs)})`;
}

function inText({ due_timestamp: due }: NextRetry, nowMs: number): string {
  const leftMs = Date.parse(due) - nowMs;
  return leftMs > 0 ? `in ${ageText(leftMs)}` : "now";
}
