/** The list of sessions, by pages. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { OUTCOMES } from "../../outcome.ts";
import { useAsked } from "../base/asked.ts";
import { call } from "../base/daemon.ts";
import { isOfInterest, isReload } from "../base/interest.ts";
import {
  costText,
  plural,
  runMs,
  SessionLink,
  spanText,
  Tag,
  timeText,
  triggerText,
} from "../base/words.tsx";
import { Table, Waiting } from "../parts/parts.tsx";
import { ANY, type Cursor, findSessions, type Query } from "./session-query.ts";

/** While a person types. */
const TYPING_MS = 300;

export function Sessions(): JSX.Element {
  const [query, setQuery] = useState(ANY);
  const [typed, setTyped] = useState("");
  /** The beginnings of the pages before this one, and of this one. */
  const [cursors, setCursors] = useState<readonly (Cursor | undefined)[]>([undefined]);
  const profiles = useAsked("profiles", () => call("profiles", {}), { changes: isReload }).value ?? [];
  const cursor = cursors.at(-1);
  const asked = useAsked(JSON.stringify([query, cursor]), () => findSessions(query, cursor, Date.now()), {
    changes: isOfInterest,
  });
  const change = (part: Partial<Query>): void => {
    setQuery({ ...query, ...part });
    setCursors([undefined]);
  };
  useEffect(() => {
    if (typed === query.text) return undefined;
    const timer = setTimeout(() => change({ text: typed }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  const now = Date.now();
  const found = asked.value;
  const pick = (
    name: Exclude<keyof Query, "text">,
    label: string,
    options: readonly (readonly [string, string])[],
  ) => (
    <label>
      {label}{" "}
      <select value={query[name]} onChange={(event) => change({ [name]: event.currentTarget.value })}>
        {options.map(([value, text]) => (
          <option value={value}>{text}</option>
        ))}
      </select>
    </label>
  );
  return (
    <>
      <div class="row head">
        <h1>Sessions</h1>
        <span class="soft">{found?.total === undefined ? "" : plural(found.total, "session")}</span>
      </div>
      <div class="bar" role="search">
        <input
          type="search"
          class="search"
          aria-label="Search sessions"
          placeholder="Work unit, id, cause, ref or commit  /"
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
        {pick("profile", "Profile", [["", "all"], ...profiles.map(({ name }) => [name, name] as const)])}
        {pick("outcome", "Outcome", [
          ["", "all"],
          ["open", "open"],
          ["failed", "failures"],
          ...OUTCOMES.map((outcome) => [outcome, outcome.replaceAll("_", " ")] as const),
        ])}
        {pick("trigger", "Trigger", [
          ["", "all"],
          ["manual", "by hand"],
          ["schedule", "schedule"],
          ["retry", "retry"],
          ["chain", "chain"],
        ])}
        {pick("days", "Time", [
          ["", "all"],
          ["1", "24 hours"],
          ["7", "7 days"],
          ["30", "30 days"],
        ])}
      </div>
      {found === undefined ? (
        <Waiting asked={asked} />
      ) : found.sessions.length === 0 ? (
        <p class="empty">
          {query === ANY ? (
            <>
              No session yet. Start one with <code>agentd run PROFILE</code>.
            </>
          ) : (
            `No session is like that among the ${found.lookedAt.toLocaleString("en")} that were looked at.`
          )}
        </p>
      ) : (
        <Table
          label="Sessions"
          columns={[
            { name: "Outcome", short: true },
            { name: "Session" },
            { name: "Trigger", short: true, wide: true },
            { name: "Lines", number: true },
            { name: "Cost", number: true },
            { name: "Ran", number: true },
            { name: "Queued", short: true },
          ]}
          rows={found.sessions.map((session) => [
            <Tag session={session} now={now} />,
            <SessionLink session={session} />,
            <span class="soft">{triggerText(session)}</span>,
            typeof session.work?.insertions === "number" && (
              <>
                <span class="ok ink">+{session.work.insertions}</span>{" "}
                <span class="fail ink">−{session.work.deletions ?? 0}</span>
              </>
            ),
            session.llm === null ? "" : costText(session.llm.usd),
            session.start_timestamp === null ? "" : spanText(runMs(session, now) ?? 0),
            <span class="soft">{timeText(session.queued_timestamp, now)}</span>,
          ])}
        />
      )}
      <p class="actions">
        {cursors.length > 1 && <button onClick={() => setCursors(cursors.slice(0, -1))}>Newer</button>}
        {found?.next !== undefined && (
          <button onClick={() => setCursors([...cursors, found.next])}>
            {found.sessions.length === 0 ? "Look further" : "Older"}
          </button>
        )}
      </p>
    </>
  );
}
