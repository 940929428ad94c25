/** How things are called: outcomes, times and numbers. */
import type { JSX } from "preact";
import type { ListedSession } from "../../session-document.ts";

/** A length of time, such as `12 min`. */
export function spanText(ms: number): string {
  if (ms < 9_950) return `${(Math.max(0, ms) / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return hours >= 10 || minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d`;
}

/** How long a session has run, or ran; undefined before its command was started. */
export function runMs(
  { start_timestamp: start, end_timestamp: end }: Pick<ListedSession, "start_timestamp" | "end_timestamp">,
  now: number,
): number | undefined {
  return start === null ? undefined : (end === null ? now : Date.parse(end)) - Date.parse(start);
}

/** A time of the browser's zone: the clock today, else with the day. */
export function timeText(timestamp: string, now = Date.now()): string {
  const at = new Date(timestamp);
  const isToday = at.toDateString() === new Date(now).toDateString();
  const clock = { hour: "2-digit", minute: "2-digit" } as const;
  return isToday
    ? at.toLocaleTimeString([], clock)
    : at.toLocaleString([], { ...clock, day: "numeric", month: "short" });
}

export function costText(usd: number | null): string {
  if (usd === null) return "cost unknown";
  return usd !== 0 && usd < 0.01 ? `$ ${usd.toPrecision(2)}` : `$ ${usd.toFixed(2)}`;
}

/** Dollars of several: with a + where some are unknown. */
export function sumText(usd: number | null, hasUnknown: boolean): string {
  return usd === null ? "unknown" : `${costText(usd)}${hasUnknown ? " +" : ""}`;
}

const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** A number of many things, such as `412K`. */
export function countText(count: number): string {
  return COMPACT.format(count);
}

/** `1 session`, `2 sessions`. */
export function plural(count: number, one: string): string {
  return `${count.toLocaleString("en")} ${one}${count === 1 ? "" : "s"}`;
}

export function sizeText(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit += 1) value /= 1024;
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? ""}`;
}

export type Kind = "ok" | "run" | "fail" | "warn" | "mute";

/** The colour of a session; each has its sign, too. */
export function kindOf({ state, outcome }: Pick<ListedSession, "state" | "outcome">): Kind {
  if (state === "queued" || state === "preparing") return "mute";
  if (state === "paused") return "warn";
  if (outcome === null) return "run";
  if (outcome === "success") return "ok";
  if (outcome === "cancelled" || outcome === "nothing_ready") return "mute";
  return outcome === "blocked" || outcome === "budget_exhausted" ? "warn" : "fail";
}

export function Tag({
  session,
  now,
}: {
  readonly session: ListedSession;
  readonly now: number;
}): JSX.Element {
  const { outcome, state, exit_code: code } = session;
  const ran = runMs(session, now);
  const done = code === null || code === 0 ? outcome : `${outcome ?? ""} ${code}`;
  const going = ran === undefined || state === "queued" ? state : `${state} ${spanText(ran)}`;
  return <Sign kind={kindOf(session)}>{(outcome === null ? going : done)?.replaceAll("_", " ")}</Sign>;
}

/** A word in a colour, with a sign for those who do not see it. */
export function Sign({
  kind,
  children,
}: {
  readonly kind: Kind;
  readonly children: JSX.Element | string | undefined;
}) {
  return <span class={`tag ${kind}`}>{children}</span>;
}

/** A link to a session by what a person calls it. */
export function SessionLink({ session }: { readonly session: ListedSession }): JSX.Element {
  return (
    <a class="go" href={`#/session/${session.session_id}`}>
      <b>{session.profile}</b>{" "}
      <span class="mono soft">{session.work_unit ?? session.session_id.slice(-6)}</span>
    </a>
  );
}

/** What started a session. */
export function triggerText({ trigger, schedule_name: name, retry_number: retry }: ListedSession): string {
  if (trigger === "schedule") return name === null || name === "default" ? "schedule" : `schedule ${name}`;
  if (trigger === "retry") return `retry ${retry ?? ""}`;
  return trigger === "manual" ? "by hand" : trigger;
}
