/** How things are called: outcomes, times and numbers. */
import type { JSX } from "preact";
import type { ListedSession } from "../session-document.ts";

/** A length of time, such as `12 min`. */
export function spanText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d`;
}

/** How long a session has run, or ran; undefined before its command was started. */
export function runMs(
  { start_timestamp: start, end_timestamp: end }: ListedSession,
  now: number,
): number | undefined {
  return start === null ? undefined : (end === null ? now : Date.parse(end)) - Date.parse(start);
}

export function clockText(timestamp: string): string {
  return new Date(timestamp).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

export function costText(usd: number | null): string {
  return usd === null ? "cost unknown" : `$ ${usd.toFixed(2)}`;
}

export type Kind = "ok" | "run" | "fail" | "warn" | "mute";

/** The colour of a session; each has its sign, too. */
export function kindOf({ state, outcome }: ListedSession): Kind {
  if (state === "queued" || state === "preparing") return "mute";
  if (state === "paused") return "warn";
  if (outcome === null) return "run";
  if (outcome === "success") return "ok";
  if (outcome === "cancelled") return "mute";
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
  return <span class={`tag ${kindOf(session)}`}>{outcome === null ? going : done}</span>;
}

/** A link to a session by what a person calls it. */
export function SessionLink({ session }: { readonly session: ListedSession }): JSX.Element {
  return (
    <a href={`#/session/${session.session_id}`}>
      <b>{session.profile}</b>{" "}
      <span class="mono soft">{session.work_unit ?? session.session_id.slice(-6)}</span>
    </a>
  );
}
