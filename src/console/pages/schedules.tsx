/** The schedules: when they run, how the last run went, what was skipped and why. */
import type { JSX } from "preact";
import type { ScheduleView } from "../../api/schedule-view.ts";
import { useAsked } from "../base/asked.ts";
import { call, go } from "../base/daemon.ts";
import { kindOf, Sign, timeText } from "../base/words.tsx";
import { Act, Facts, Waiting } from "../parts/parts.tsx";
import { Week } from "./week.tsx";

const WEEK_MS = 7 * 24 * 60 * 60 * 1000;
/** Enough for a run every quarter of an hour. */
const RUNS = 700;

async function look() {
  const schedules: ScheduleView[] = [];
  for (let after: string | undefined; ;) {
    const part = await call("schedule", { count: RUNS, ...(after === undefined ? {} : { after }) });
    schedules.push(...part.schedules);
    const last = part.schedules.at(-1);
    if (!part.more || last === undefined) return { schedules, now: Date.now() };
    after = `${last.profile} ${last.name}`;
  }
}

export function Schedules(): JSX.Element {
  const asked = useAsked("schedules", look, {
    changes: ({ type }) => /^(?:schedule|config|daemon)\.|^session\.sealed/.test(type),
  });
  if (asked.value === undefined) return <Waiting asked={asked} />;
  const { schedules, now } = asked.value;
  const zones = Map.groupBy(schedules, ({ timezone }) => timezone);
  return (
    <>
      <h1>Schedules</h1>
      <p class="soft">The next seven days, each schedule at the clock of its own zone.</p>
      {schedules.length === 0 && (
        <p class="empty">
          No profile has a schedule. Give one <code>schedule = &quot;0 2 * * *&quot;</code>.
        </p>
      )}
      {[...zones].map(([timezone, there]) => (
        <Week schedules={there} timezone={timezone} now={now} />
      ))}
      <div class="grid">
        {schedules.map((schedule) => (
          <Schedule schedule={schedule} now={now} again={asked.again} />
        ))}
      </div>
    </>
  );
}

function Schedule({
  schedule,
  now,
  again,
}: {
  readonly schedule: ScheduleView;
  readonly now: number;
  readonly again: () => void;
}): JSX.Element {
  const {
    profile,
    name,
    paused,
    last_run: last,
    last_skip: skip,
    next_runs: next,
    waiting_timestamp: waiting,
  } = schedule;
  const act = (work: () => Promise<unknown>) => async () => {
    await work();
    again();
  };
  const fire = async (): Promise<void> => {
    const { session_id: id } = await call("schedule_fire", {
      request_id: crypto.randomUUID(),
      profile,
      name,
    });
    go(`/session/${id}`);
  };
  const pause = (ms?: number): Promise<unknown> =>
    call("schedule_pause", {
      ...{ profile, name },
      ...(ms === undefined ? {} : { until_timestamp: new Date(Date.now() + ms).toISOString() }),
    });
  return (
    <section class="card" aria-label={`${profile} ${name}`}>
      <div class="row">
        <span>
          <b>{profile}</b> <span class="soft">{name === "default" ? "" : name}</span>
        </span>
        {paused === null ? <Sign kind="ok">on</Sign> : <Sign kind="warn">{pausedText(paused, now)}</Sign>}
      </div>
      <p class="mono">{schedule.schedule}</p>
      <Facts
        facts={[
          [
            "next",
            waiting !== null
              ? "waits for the run before it"
              : next[0] === undefined
                ? "none"
                : localText(next[0].local_time),
          ],
          [
            "last",
            last === null ? (
              "never"
            ) : (
              <a href={`#/session/${last.session_id}`}>
                <u>{localText(last.local_time)}</u>{" "}
                {last.state !== null && (
                  <Sign kind={kindOf({ state: last.state, outcome: last.outcome })}>
                    {(last.outcome ?? last.state).replaceAll("_", " ")}
                  </Sign>
                )}
              </a>
            ),
          ],
          ["skipped", skip === null ? null : `${localText(skip.local_time)}: ${skip.why}`],
          ["rules", `missed: ${schedule.missed}, overlap: ${schedule.overlap}`],
        ]}
      />
      <p class="actions">
        {paused === null ? (
          <>
            <Act does={act(() => pause())}>Pause</Act>
            <Act does={act(() => pause(WEEK_MS))}>Pause a week</Act>
            {next.length > 0 && (
              <Act does={act(() => call("schedule_skip", { profile, name }))}>Skip next</Act>
            )}
          </>
        ) : (
          <Act does={act(() => call("schedule_resume", { profile, name }))}>Resume</Act>
        )}
        <Act does={fire}>Run now</Act>
      </p>
    </section>
  );
}

function pausedText({ until_timestamp: until }: NonNullable<ScheduleView["paused"]>, now: number): string {
  return until === null ? "paused" : `paused until ${timeText(until, now)}`;
}

/** A wall clock's time in the schedule's zone. */
function localText(local: string): string {
  const at = new Date(`${local.slice(0, 19)}Z`);
  return at.toLocaleString([], {
    weekday: "short",
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    timeZone: "UTC",
  });
}
