/**
 * The daemon's status as a block of text.
 */
import type { Status } from "../../api/methods.ts";
import { changedFiles } from "./changed-files.ts";
import { type Fact, renderFacts } from "./facts.ts";
import { countText, sizeText } from "./size-text.ts";
import { spanText } from "./time-text.ts";

/** @param nowMs milliseconds since 1970. */
export function statusText(status: Status, nowMs: number): string {
  const age = spanText(nowMs - Date.parse(status.started_timestamp));
  const title = `agentd ${status.version}, ${status.state} for ${age} as process ${status.pid}`;
  const { warnings, ...engine } = status.engine;
  return renderFacts(title, [
    ["socket", status.socket_path],
    ["state", `${status.state_directory} (instance ${status.instance})`],
    ["records", status.audit_root],
    ["config", configText(status, nowMs)],
    ...changedFiles(status).map((file): Fact => ["changed", `${file}, since it was read: agentd reload`]),
    ["sessions", sessionsText(status)],
    ...budgetFacts(status),
    ...keptFacts(status),
    ...warmFacts(status),
    ...gatewayFacts(status),
    ...outletFacts(status),
    ["engine", engineText(engine)],
    ...warningsOf(warnings).map((warning): Fact => ["warning", warning]),
    ...status.incomplete.map(({ session_id: id, reason }): Fact => ["incomplete", `${id}: ${reason}`]),
  ]);
}

function configText({ config_file: file, config_loaded_timestamp: loaded }: Status, nowMs: number): string {
  return `${file}, loaded ${spanText(nowMs - Date.parse(loaded))} ago`;
}

function warningsOf(warnings: unknown): string[] {
  return Array.isArray(warnings) ? warnings.map(String) : [];
}

function sessionsText({ sessions, max_sessions: max }: Status): string {
  const { running, preparing, finishing, queued } = sessions;
  // A daemon that is older has no such number.
  const paused = (sessions.paused as number | undefined) ?? 0;
  const standing = paused === 0 ? "" : `${paused} paused, `;
  return `${running} running, ${standing}${preparing} preparing, ${finishing} finishing, ${queued} queued; at most ${max} at once`;
}

function budgetFacts({ memory_budget_bytes: budget }: Status): Fact[] {
  return budget === null
    ? []
    : [["memory", `limits of running sessions add up to at most ${sizeText(budget)}`]];
}

/** @param status of a daemon that may be older, and have no such field. */
function keptFacts({ kept }: { readonly kept?: Status["kept"] }): Fact[] {
  if (kept === undefined || kept.sessions === 0) return [];
  const { sessions, bytes, max_bytes: max } = kept;
  return [
    ["kept", `${countText(sessions, "ended session")}, ${sizeText(bytes)} of at most ${sizeText(max)}`],
  ];
}

/** @param status of a daemon that may be older, and have no such field. */
function warmFacts({ warm }: { readonly warm?: Status["warm"] }): Fact[] {
  if (warm === undefined || warm.waiting === 0) return [];
  const waiting = countText(warm.waiting, "container");
  return [["waiting", `${waiting} for the next session, with ${sizeText(warm.memory_bytes)} of memory`]];
}

/** @param status of a daemon that may be older, and have no such field. */
function gatewayFacts({ gateway }: { readonly gateway?: Status["gateway"] }): Fact[] {
  if (gateway === undefined || gateway === null) return [];
  const {
    pid,
    memory_bytes: memory,
    sessions,
    llm_sessions: llm,
    llm_requests_in_flight: inFlight,
  } = gateway;
  const models =
    llm === 0 ? "" : `, ${llm} with language models: ${countText(inFlight, "request")} in flight`;
  return [
    ["gateway", `process ${pid}, ${sizeText(memory)} of memory, ${countText(sessions, "session")}${models}`],
  ];
}

/** @param status of a daemon that may be older, and have no such fields. */
function outletFacts({ notify = [], sinks = [] }: Partial<Pick<Status, "notify" | "sinks">>): Fact[] {
  const waiting = (pending: number): string =>
    pending === 0 ? "" : `, ${countText(pending, "message")} waiting`;
  const troubled = (why: string | null): string => (why === null ? "" : `: ${why}`);
  return [
    ...notify.map(({ name, via, state, pending, why }): Fact => [
      "notify",
      `${name} (${via}) is ${state}${waiting(pending)}${troubled(why)}`,
    ]),
    ...sinks.map(({ name, behind, why }): Fact => [
      "sink",
      `${name}, ${countText(behind, "event")} behind${troubled(why)}`,
    ]),
  ];
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
