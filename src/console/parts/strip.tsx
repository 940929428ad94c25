/** The last 24 hours: a bar for each session, on a line for each profile. */
import type { JSX } from "preact";
import type { ListedSession } from "../../session-document.ts";
import { kindOf, runMs, spanText, timeText } from "../base/words.tsx";

const DAY_MS = 24 * 60 * 60 * 1000;
const WIDTH = 1000;

export function Strip({
  sessions,
  now,
}: {
  readonly sessions: readonly ListedSession[];
  readonly now: number;
}): JSX.Element {
  const profiles = [...new Set(sessions.map(({ profile }) => profile))].sort();
  return (
    <>
      <h2>Last 24 hours</h2>
      <div class="strip">
        {profiles.map((profile) => (
          <>
            <span>{profile}</span>
            <svg viewBox={`0 0 ${WIDTH} 18`} preserveAspectRatio="none">
              {sessions.filter((session) => session.profile === profile).map((session) => bar(session, now))}
            </svg>
          </>
        ))}
        <span />
        <span class="row soft">
          <span>{timeText(new Date(now - DAY_MS).toISOString(), now)}</span>
          <span>now</span>
        </span>
      </div>
    </>
  );
}

function bar(session: ListedSession, now: number): JSX.Element {
  const start = Date.parse(session.start_timestamp ?? session.queued_timestamp);
  const ran = runMs(session, now);
  const x = Math.max(0, ((start - now + DAY_MS) / DAY_MS) * WIDTH);
  const width = Math.max(4, ((ran ?? 0) / DAY_MS) * WIDTH);
  const kind = kindOf(session);
  const words = [
    `${session.profile} ${session.work_unit ?? ""}: ${(session.outcome ?? session.state).replaceAll("_", " ")}`,
    ran === undefined ? undefined : spanText(ran),
    timeText(new Date(start).toISOString(), now),
  ];
  const text = words.filter((word) => word !== undefined).join(", ");
  return (
    <a href={`#/session/${session.session_id}`} aria-label={text}>
      {/* What failed is taller, too: not everybody sees the colours. */}
      <rect
        class={kind}
        x={Math.min(x, WIDTH - width)}
        y={kind === "fail" || kind === "warn" ? 0 : 4}
        width={width}
        height={kind === "fail" || kind === "warn" ? 18 : 10}
        rx="2"
      >
        <title>{text}</title>
      </rect>
    </a>
  );
}
