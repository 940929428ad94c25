/** The first page: what runs, what waits and why, what failed, what comes next. */
import type { JSX } from "preact";
import type { ListedSession } from "../../session-document.ts";
import { useAsked } from "../base/asked.ts";
import { call } from "../base/daemon.ts";
import { isOfInterest } from "../base/interest.ts";
import {
  costText,
  countText,
  kindOf,
  plural,
  SessionLink,
  Sign,
  sizeText,
  spanText,
  Tag,
  timeText,
} from "../base/words.tsx";
import { Meter, Table, Waiting } from "../parts/parts.tsx";
import { RunForm } from "../parts/run-form.tsx";
import { Strip } from "../parts/strip.tsx";

const DAY_MS = 24 * 60 * 60 * 1000;
/** For what no event tells: the last line, tokens and cost. */
const EVERY_MS = 3_000;
const MOST_TAILS = 12;
/** Without output for so long, a session is worth a look. */
const QUIET_MS = 10 * 60 * 1000;

async function look() {
  const now = Date.now();
  const since = new Date(now - DAY_MS).toISOString();
  const [open, day, schedule, stats, status, profiles, health] = await Promise.all([
    call("list", { all: false, limit: 1000 }),
    call("list", { all: true, limit: 1000, since_timestamp: since }),
    call("schedule", { count: 3 }),
    call("stats", {}),
    call("status", {}),
    call("profiles", {}),
    call("health", {}),
  ]);
  const going = open.sessions.filter(({ state }) => state !== "queued");
  const tails = await Promise.all(
    going.slice(0, MOST_TAILS).map(async ({ session_id: session }) => {
      const log = await call("log", { session, from: -1, count: 1 }).catch(() => undefined);
      return [session, log?.lines[0]?.text ?? ""] as const;
    }),
  );
  return {
    ...{ now, going, schedule, status, profiles, health },
    waiting: open.sessions.filter(({ state }) => state === "queued").sort(byPosition),
    day: day.sessions,
    isAllOfDay: day.sessions.length < 1000,
    stats: new Map(stats.sessions.map((each) => [each.session_id, each])),
    tails: new Map(tails),
  };
}

function byPosition(one: ListedSession, other: ListedSession): number {
  return (one.position ?? 0) - (other.position ?? 0);
}

export function Now(): JSX.Element {
  const asked = useAsked("now", look, { changes: isOfInterest, everyMs: EVERY_MS });
  if (asked.value === undefined) return <Waiting asked={asked} />;
  const { now, going, waiting, day, isAllOfDay, schedule, tails, stats, status, profiles, health } =
    asked.value;
  const failed = day.filter(
    (session) => ["fail", "warn"].includes(kindOf(session)) && session.outcome !== null,
  );
  const known = day.flatMap(({ llm }) => (llm === null ? [] : [llm.usd]));
  const spent = known.reduce<number>((sum, usd) => sum + (usd ?? 0), 0);
  const next = schedule.schedules
    .flatMap(({ profile, schedule: text, timezone, next_runs: runs }) =>
      runs.map((run) => ({ profile, text: `${text} ${timezone}`, at: run.due_timestamp })),
    )
    .sort((one, other) => one.at.localeCompare(other.at))
    .slice(0, 5);
  return (
    <>
      <div class="row head">
        <h1>
          {going.length} running, {waiting.length} waiting
        </h1>
        <RunForm profiles={profiles} />
      </div>
      <p class="soft">
        {failed.length === 0 ? "None" : failed.length} of the {day.length}
        {isAllOfDay ? "" : " newest"} sessions of the last 24 h {failed.length > 1 ? "need" : "needs"} a look.{" "}
        {known.length > 0 &&
          `${costText(spent)}${known.includes(null) ? " and something unknown" : ""} spent.`}
      </p>
      {going.length === 0 && waiting.length === 0 && (
        <p class="empty">
          Nothing runs. Start a session here, with <code>agentd run PROFILE</code>, or by a schedule.
        </p>
      )}
      <div class="grid">
        {going.map((session) => {
          const budget = profiles.find(({ name }) => name === session.profile)?.budget ?? null;
          const output = stats.get(session.session_id)?.last_output_timestamp ?? session.start_timestamp;
          return (
            <Card
              {...{ session, now }}
              maxUsd={budget?.max_usd ?? null}
              tail={tails.get(session.session_id) || session.reason || "no output yet"}
              quietMs={session.state === "running" && output !== null ? now - Date.parse(output) : 0}
            />
          );
        })}
      </div>
      {waiting.length > 0 && (
        <>
          <h2>Waiting</h2>
          <Table
            label="Waiting"
            head={false}
            columns={[
              { name: "Position", short: true },
              { name: "Session" },
              { name: "Why" },
              { name: "Since", short: true },
            ]}
            rows={waiting.map((session) => [
              String(session.position ?? ""),
              <SessionLink session={session} />,
              session.reason ?? "",
              spanText(now - Date.parse(session.queued_timestamp)),
            ])}
          />
        </>
      )}
      {day.length > 0 && <Strip sessions={day} now={now} />}
      {failed.length > 0 && (
        <>
          <h2>Needs a look</h2>
          <Table
            label="Needs a look"
            head={false}
            columns={[
              { name: "Outcome", short: true },
              { name: "Session" },
              { name: "Why" },
              { name: "When", short: true },
            ]}
            rows={failed
              .slice(0, 8)
              .map((session) => [
                <Tag session={session} now={now} />,
                <SessionLink session={session} />,
                session.cause ?? "",
                `${spanText(now - Date.parse(session.end_timestamp ?? session.queued_timestamp))} ago`,
              ])}
          />
        </>
      )}
      {next.length > 0 && (
        <>
          <h2>Next</h2>
          <Table
            label="Next"
            head={false}
            columns={[
              { name: "At", short: true },
              { name: "Profile" },
              { name: "Schedule" },
              { name: "In", short: true },
            ]}
            rows={next.map(({ profile, text, at }) => [
              <span class="mono">{timeText(at, now)}</span>,
              <b>{profile}</b>,
              <span class="mono soft">{text}</span>,
              `in ${spanText(Date.parse(at) - now)}`,
            ])}
          />
        </>
      )}
      <Host status={status} missing={health.missing} />
    </>
  );
}

function Card({
  session,
  now,
  maxUsd,
  tail,
  quietMs,
}: {
  readonly session: ListedSession;
  readonly now: number;
  readonly maxUsd: number | null;
  readonly tail: string;
  readonly quietMs: number;
}): JSX.Element {
  const { llm } = session;
  return (
    <div class="card">
      <div class="row">
        <SessionLink session={session} />
        {quietMs > QUIET_MS ? (
          <Sign kind="warn">{`quiet for ${spanText(quietMs)}`}</Sign>
        ) : (
          <Tag session={session} now={now} />
        )}
      </div>
      <div class="tail" title={tail}>
        {tail}
      </div>
      {llm !== null && (
        <div class="row soft">
          <span>
            {costText(llm.usd)}
            {maxUsd === null ? "" : ` of ${costText(maxUsd)}`}
          </span>
          <span>
            {countText(llm.input_tokens + llm.cached_tokens + llm.output_tokens)} tokens ·{" "}
            {plural(llm.requests, "request")}
          </span>
        </div>
      )}
      {llm !== null && llm.usd !== null && maxUsd !== null && (
        <Meter used={llm.usd} max={maxUsd} label="Part of the budget" />
      )}
    </div>
  );
}

type Seen = Awaited<ReturnType<typeof look>>;

function Host({
  status,
  missing,
}: {
  readonly status: Seen["status"];
  readonly missing: Seen["health"]["missing"];
}): JSX.Element {
  const { engine, kept, incomplete, notify, sinks, version, state } = status;
  const { version: podman, warnings = [] } = engine as { version?: string; warnings?: string[] };
  const troubles = [
    ...warnings,
    ...missing.map(({ what, why }) => `${what}: ${why}`),
    ...(state === "draining" ? ["the daemon ends once its sessions have"] : []),
    ...incomplete.map(({ session_id: id, reason }) => `${id}: ${reason}`),
    ...notify.flatMap(({ name, why }) => (why === null ? [] : [`${name} gets no messages: ${why}`])),
    ...sinks.flatMap(({ name, why }) => (why === null ? [] : [`${name} gets no events: ${why}`])),
  ];
  return (
    <>
      <h2>Host</h2>
      <div class="card">
        <p class={troubles.length === 0 ? "last soft" : "soft"}>
          agentd {version}, Podman {podman ?? "away"}
          {kept.sessions > 0 && `, ${plural(kept.sessions, "session")} kept, ${sizeText(kept.bytes)}`}
        </p>
        {troubles.map((trouble) => (
          <p class="last warn ink">! {trouble}</p>
        ))}
      </div>
    </>
  );
}
