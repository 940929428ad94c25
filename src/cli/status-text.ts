/**
 * The daemon's status as a block of text.
 */
import type { Status } from "../rpc/methods.ts";
import { renderTable } from "./table.ts";
import { spanText } from "./time-text.ts";

/** @param nowMs milliseconds since 1970. */
export function statusText(status: Status, nowMs: number): string {
  const age = spanText(nowMs - Date.parse(status.started_timestamp));
  const title = `agentd ${status.version}, ${status.state} for ${age} as process ${status.pid}`;
  const { warnings, ...engine } = status.engine;
  const facts = [
    ["socket", status.socket_path],
    ["state", `${status.state_directory} (instance ${status.instance})`],
    ["records", status.audit_root],
    ["sessions", sessionsText(status)],
    ["engine", engineText(engine)],
    ...(Array.isArray(warnings) ? warnings.map((warning) => ["warning", String(warning)]) : []),
    ...status.incomplete.map(({ session_id: id, reason }) => ["incomplete", `${id}: ${reason}`]),
  ];
  return renderTable(
    [title],
    facts.map(([name = "", fact = ""]) => [`  ${name.padEnd(10)}  ${fact}`]),
  );
}

function sessionsText({ sessions, max_sessions: max }: Status): string {
  const { running, preparing, finishing, queued } = sessions;
  return `${running} running, ${preparing} preparing, ${finishing} finishing, ${queued} queued; at most ${max} at once`;
}

function engineText(engine: Readonly<Record<string, unknown>>): string {
  return Object.entries(engine)
    .map(([name, fact]) => `${name.replaceAll("_", " ")} ${factText(fact)}`)
    .join(", ");
}

function factText(fact: unknown): string {
  if (!Array.isArray(fact)) return String(fact);
  return fact.length === 0 ? "none" : fact.join(" ");
}
