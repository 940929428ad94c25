/**
 * What is said about a session: to people in words, to the shell as an exit code.
 */
import { runExitCode } from "../../outcome.ts";
import type { ListedSession, SessionView } from "../../session-document.ts";
import { printable } from "../terminal/printable.ts";
import { keptText } from "./kept-text.ts";
import { nextRetryText } from "./retry-text.ts";
import { spanText } from "./time-text.ts";
import { publishedText, workPointer } from "./work-text.ts";

/** How a sealed session ended, such as `success in 1.2 s`, with the cause and the record where something failed. */
export function endText(view: SessionView): string {
  const cause = view.cause === null ? "" : `: ${printable(view.cause)}`;
  const record = view.outcome === "success" ? "" : `\n  the record is ${printable(view.record)}`;
  const duration = durationText(view);
  const span = duration === undefined ? "" : ` in ${duration}`;
  return `session ${view.session_id} ${outcomeText(view)}${span}${cause}${workLine(view)}${record}${pointerText(view)}`;
}

function workLine(view: SessionView): string {
  const lines = [workPointer(view), publishedLine(view), keptLine(view), nextRetryText(view)].filter(
    (line) => line !== null,
  );
  return lines.map((line) => `\n  ${line}`).join("");
}

function publishedLine(view: SessionView): string | null {
  const published = publishedText(view);
  return published === null ? null : `published ${printable(published)}`;
}

function keptLine(view: SessionView): string | null {
  const kept = keptText(view);
  return kept === null ? null : `kept: ${kept}`;
}

/** What looks for the reason on this host; nothing for a command that has run, nor where it is the server's or the ref's. */
function pointerText({ outcome, stage, profile }: SessionView): string {
  if (outcome !== "launch_failed" || stage === "clone") return "";
  return `\n  \`agentd doctor ${profile}\` checks this host for missing requirements`;
}

/** The session's warnings, one line each. */
export function warningTexts({ warnings }: SessionView): string[] {
  return warnings.map((warning) => `warning: ${printable(warning)}`);
}

/** The exit code of `run` and `wait` for a sealed session. */
export function exitCodeOf(sealed: SessionView): number {
  if (sealed.outcome === null) throw new Error(`session ${sealed.session_id} is sealed without an outcome`);
  return runExitCode({ outcome: sealed.outcome, exit_code: sealed.exit_code });
}

/** State or, of a sealed session, outcome. */
export function standingText(view: ListedSession): string {
  if (view.state === "queued" && view.position !== null) return `queued #${view.position}`;
  return view.outcome !== null && view.state === "sealed" ? view.outcome : view.state;
}

/** The outcome with what belongs to it, such as `generic_failure (exit code 42)`. */
export function outcomeText({ outcome, exit_code: exitCode, signal, stage }: ListedSession): string {
  if (outcome === "launch_failed" && stage !== null) return `launch_failed (${stage})`;
  if (outcome === "terminated_by_signal" && signal !== null) return `terminated_by_signal (${signal})`;
  if (outcome === "generic_failure" && exitCode !== null) return `generic_failure (exit code ${exitCode})`;
  return outcome ?? "has not ended";
}

/** How long the command ran; undefined when it never did, or still does. */
export function durationText({
  start_timestamp: start,
  end_timestamp: end,
}: Pick<SessionView, "start_timestamp" | "end_timestamp">): string | undefined {
  if (start === null || end === null) return undefined;
  return spanText(Date.parse(end) - Date.parse(start));
}
