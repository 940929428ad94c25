/** Which events are worth a person's attention, and how they are told. Never with what a session printed. */
import type { FeedEvent } from "../events/event.ts";
import { isFailure } from "../outcome.ts";
import type { NoticeKind } from "./target.ts";

/** Characters of a reason that others give; the record has all of them. */
const MOST_SAID = 500;

/** Reasons of skips that an operator gave: nobody has to be told. */
const BY_ORDER: ReadonlySet<string> = new Set(["paused", "by_hand"]);

/** Something to tell, before anybody knows to whom. */
export interface Occurrence {
  readonly kind: NoticeKind;
  /** What of that kind: the same of the same profile is a repetition. */
  readonly what: string;
  /** Of the event; of a message that belongs to none, `notify.held` or `notify.test`. */
  readonly type: string;
  /** When it happened; RFC 3339. */
  readonly time: string;
  readonly profile: string | null;
  readonly session_id: string | null;
  readonly title: string;
  /** One sentence or two. */
  readonly why: string;
  /** The command to look closer. */
  readonly look: string;
}

/** How the end of a session counts: whether its profile works. */
export type Verdict = "works" | "fails" | "neither";

/** Undefined for an event that is no end of a session. */
export function verdictOf(event: FeedEvent): Verdict | undefined {
  if (event.type !== "session.sealed") return undefined;
  const { outcome } = event.data;
  if (outcome === "cancelled") return "neither";
  // Nothing went wrong, but it waits for a person.
  return isFailure(event.data) || outcome === "blocked" ? "fails" : "works";
}

/** What is to be told of an event by itself; the ends of sessions depend on those before. */
export function occurrenceOf(event: FeedEvent): Occurrence | undefined {
  const of = (kind: NoticeKind, title: string, why: string): Occurrence => ({
    ...{ kind, what: event.type, type: event.type, time: event.time },
    ...{ profile: event.profile ?? null, session_id: event.session_id ?? null },
    ...{ title, why, look: lookOf(event) },
  });
  const profile = event.profile ?? "a profile";
  switch (event.type) {
    case "session.stalled": {
      const minutes = Math.round(event.data.idle_ms / 60_000);
      const then = event.data.stop ? " It is being stopped." : "";
      return of("stalled", `${profile} is stalled`, `Its session has got nowhere for ${minutes} min.${then}`);
    }
    case "llm.budget_80":
    case "llm.budget_95": {
      const percent = event.type.slice(-2);
      return of("budget", `${profile} has used ${percent} % of its budget`, budgetText(event.data));
    }
    case "llm.budget_exhausted":
      return of("budget", `${profile} has spent its budget`, budgetText(event.data));
    case "schedule.skipped":
      if (BY_ORDER.has(event.data.reason)) return undefined;
      return of("skipped", `${profile} was not run`, skippedText(event.data));
    case "publish.failed":
      return of(
        "failure",
        `The work of ${profile} was not published`,
        "It is in the record, and nowhere else.",
      );
    case "daemon.degraded":
      return of("daemon", `agentd: ${event.data.what} does not work`, asSentence(event.data.why));
    case "daemon.recovered":
      return of("daemon", `agentd: ${event.data.what} works again`, "Sessions go on as usual.");
    case "record.incomplete":
      return of("daemon", "A session cannot be completed", "agentd keeps trying, and its record stays open.");
    default:
      return undefined;
  }
}

/** @param failures in a row, this one included. */
export function failureOf(event: FeedEvent<"session.sealed">, failures: number): Occurrence {
  const { outcome } = event.data;
  const profile = event.profile ?? "a profile";
  const times = failures > 1 ? `, the ${ordinal(failures)} failure in a row` : "";
  const title = outcome === "blocked" ? `${profile} is blocked` : `${profile} failed${times}`;
  return { ...endOf(event, "failure"), title, why: endText(event) };
}

/** @param failures since it was told last. */
export function reminderOf(last: Occurrence, failures: number, sinceTime: string): Occurrence {
  const sessions = failures === 1 ? "another session has" : `another ${failures} sessions have`;
  return {
    ...last,
    what: "reminder",
    title: `${last.profile ?? "a profile"} still fails`,
    why: `Since ${sinceTime} ${sessions} failed. ${last.why}`,
  };
}

/** @param failures before it. */
export function recoveryOf(event: FeedEvent<"session.sealed">, failures: number): Occurrence {
  const after = failures === 1 ? "a failure" : `${failures} failures`;
  return {
    ...endOf(event, "recovery"),
    title: `${event.profile ?? "a profile"} works again`,
    why: `Its session ended as ${event.data.outcome}, after ${after}.`,
  };
}

/** A daemon has started, and the one before it had not ended. */
export function crashOf(event: FeedEvent<"daemon.started">): Occurrence {
  return {
    ...{ kind: "daemon", what: "crash", type: event.type, time: event.time, profile: null, session_id: null },
    title: "agentd is back after a crash",
    why: "The daemon before this one did not end by itself. Sessions that ran have been taken over or ended.",
    look: "agentd status",
  };
}

function endOf(event: FeedEvent<"session.sealed">, kind: NoticeKind): Omit<Occurrence, "title" | "why"> {
  return {
    ...{ kind, what: kind, type: event.type, time: event.time },
    ...{ profile: event.profile ?? null, session_id: event.session_id ?? null, look: lookOf(event) },
  };
}

function endText({ data }: FeedEvent<"session.sealed">): string {
  const { outcome, stage, exit_code: code, cause } = data;
  const facts = [stage === null ? [] : [`stage ${stage}`], code === null ? [] : [`exit code ${code}`]].flat();
  const inBrackets = facts.length === 0 ? "" : ` (${facts.join(", ")})`;
  // The cause of a blocked one is what the agent printed.
  const why = cause === null || outcome === "blocked" ? "" : ` ${asSentence(cause)}`;
  return `Its session ended as ${outcome}${inBrackets}.${why}`;
}

function budgetText({ limit, used, max }: FeedEvent<"llm.budget_80">["data"]): string {
  const amount = (value: number): string =>
    limit.startsWith("usd") ? `$${value.toFixed(2)}` : String(value);
  if (used === null || max === null) return `Its limit is \`${limit}\`.`;
  return `It has used ${amount(used)} of ${amount(max)} (\`${limit}\`).`;
}

function skippedText({ scheduled_timestamp: at, why }: FeedEvent<"schedule.skipped">["data"]): string {
  return `The run of ${at} was skipped. ${asSentence(why)}`;
}

function lookOf({ type, session_id: id, profile }: FeedEvent): string {
  if (type.startsWith("schedule.") && profile !== undefined) return `agentd schedule ${profile}`;
  return id === undefined ? "agentd status" : `agentd show ${id}`;
}

/** What others have said, such as a git server, on one line and not without end. */
function asSentence(text: string): string {
  const line = text.replaceAll(/[\s\p{Cc}]+/gu, " ").trim();
  const said = line.length > MOST_SAID ? `${line.slice(0, MOST_SAID)}…` : line;
  const begun = said.charAt(0).toUpperCase() + said.slice(1);
  return /[.!?\u2026]$/.test(begun) ? begun : `${begun}.`;
}

function ordinal(number: number): string {
  const teen = number % 100 >= 11 && number % 100 <= 13;
  const ending = teen ? "th" : (["th", "st", "nd", "rd"][number % 10] ?? "th");
  return `${number}${ending}`;
}
