/** The first page: what runs, what waits and why, what failed, what comes next. */
import type { JSX } from "preact";
import type { ListedSession } from "../session-document.ts";
import { call } from "./daemon.ts";
import { usePolled } from "./poll.ts";
import { clockText, costText, kindOf, runMs, SessionLink, spanText, Tag } from "./words.tsx";

const DAY_MS = 24 * 60 * 60 * 1000;
const EVERY_MS = 2_000;

async function look() {
  const now = Date.now();
  const since = new Date(now - DAY_MS).toISOString();
  const [open, day, schedule] = await Promise.all([
    call("list", { all: false, limit: 1000 }),
    call("list", { all: true, limit: 500, since_timestamp: since }),
    call("schedule", { count: 3 }),
  ]);
  const going = open.sessions.filter(({ state }) => state !== "queued");
  const tails = await Promise.all(
    going.slice(0, 12).map(async ({ session_id: session }) => {
      const log = await call("log", { session, from: -1, count: 1 }).catch(() => undefined);
      return [session, log?.lines[0]?.text ?? ""] as const;
    }),
  );
  return {
    now,
    going,
    waiting: open.sessions.filter(({ state }) => state === "queued").reverse(),
    day: day.sessions,
    schedule,
    tails: new Map(tails),
  };
}

export function Now(): JSX.Element {
  const seen = usePolled(look, "now", EVERY_MS);
  if (seen === undefined) return <p class="soft">Asking the daemon…</p>;
  const { now, going, waiting, day, schedule, tails } = seen;
  const failed = day.filter(
    (session) => ["fail", "warn"].includes(kindOf(session)) && session.outcome !== null,
  );
  const costs = day.map(({ llm }) => llm?.usd ?? 0).reduce((sum, usd) => sum + usd, 0);
  const next = schedule.schedules
    .flatMap(({ profile, schedule: text, next_runs: runs }) =>
      runs.map((run) => ({ profile, text, at: run.due_timestamp })),
    )
    .sort((one, other) => one.at.localeCompare(other.at))
    .slice(0, 5);
  return (
    <>
      <h1>
        {going.length} running, {waiting.length} waiting
      </h1>
      <p class="soft">
        {failed.length} of the {day.length} sessions of the last 24 h {failed.length === 1 ? "needs" : "need"}{" "}
        a look. {costText(costs)} spent.
      </p>
      {going.length === 0 && waiting.length === 0 && (
        <p class="empty">
          Nothing runs. Start a session with <code>agentd run PROFILE</code>.
        </p>
      )}
      <div class="grid">
        {going.map((session) => (
          <div class="card" key={session.session_id}>
            <div class="row">
              <SessionLink session={session} />
              <Tag session={session} now={now} />
            </div>
            <div class="tail">{tails.get(session.session_id) || session.reason || "no output yet"}</div>
            {session.llm !== null && (
              <div class="row soft">
                <span>{costText(session.llm.usd)}</span>
                <span>{session.llm.requests} requests</span>
              </div>
            )}
          </div>
        ))}
      </div>
      <Table
        title="Waiting"
        rows={waiting.map((session) => [
          String(session.position ?? ""),
          <SessionLink session={session} />,
          session.reason ?? "",
          spanText(now - Date.parse(session.queued_timestamp)),
        ])}
      />
      {day.length > 0 && <Strip sessions={day} now={now} />}
      <Table
        title="Needs a look"
        rows={failed
          .slice(0, 8)
          .map((session) => [
            <Tag session={session} now={now} />,
            <SessionLink session={session} />,
            session.cause ?? "",
            `${spanText(now - Date.parse(session.end_timestamp ?? session.queued_timestamp))} ago`,
          ])}
      />
      <Table
        title="Next"
        rows={next.map(({ profile, text, at }) => [
          clockText(at),
          <b>{profile}</b>,
          <span class="mono soft">{text}</span>,
          `in ${spanText(Date.parse(at) - now)}`,
        ])}
      />
    </>
  );
}

function Table({
  title,
  rows,
}: {
  readonly title: string;
  readonly rows: readonly (readonly (string | JSX.Element)[])[];
}) {
  if (rows.length === 0) return null;
  return (
    <>
      <h2>{title}</h2>
      <table>
        <tbody>
          {rows.map((cells) => (
            <tr>
              {cells.map((cell) => (
                <td>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

/** A bar for each session, on a line for each profile. */
function Strip({ sessions, now }: { readonly sessions: readonly ListedSession[]; readonly now: number }) {
  const profiles = [...new Set(sessions.map(({ profile }) => profile))].sort();
  return (
    <>
      <h2>Last 24 hours</h2>
      <div class="strip">
        {profiles.map((profile) => (
          <>
            <span>{profile}</span>
            <svg viewBox="0 0 1000 18" preserveAspectRatio="none">
              {sessions
                .filter((session) => session.profile === profile)
                .map((session) => {
                  const start = Date.parse(session.start_timestamp ?? session.queued_timestamp);
                  const x = Math.max(0, ((start - now + DAY_MS) / DAY_MS) * 1000);
                  const width = Math.max(3, ((runMs(session, now) ?? 0) / DAY_MS) * 1000);
                  return (
                    <a
                      href={`#/session/${session.session_id}`}
                      aria-label={`${profile} ${session.work_unit ?? ""}: ${session.outcome ?? session.state}`}
                    >
                      <rect
                        class={kindOf(session)}
                        x={Math.min(x, 997)}
                        y="3"
                        width={width}
                        height="12"
                        rx="2"
                      >
                        <title>{`${profile} ${session.work_unit ?? ""}: ${session.outcome ?? session.state}`}</title>
                      </rect>
                    </a>
                  );
                })}
            </svg>
          </>
        ))}
        <span />
        <span class="row soft">
          <span>24 h ago</span>
          <span>now</span>
        </span>
      </div>
    </>
  );
}
