/** The list of sessions, by pages. */
import { useState } from "preact/hooks";
import { call } from "./daemon.ts";
import { usePolled } from "./poll.ts";
import { runMs, SessionLink, spanText, Tag } from "./words.tsx";

const PAGE = 100;
const EVERY_MS = 5_000;

export function Sessions() {
  const [profile, setProfile] = useState("");
  const [failed, setFailed] = useState(false);
  const [until, setUntil] = useState<string>();
  const profiles = usePolled(() => call("profiles", {}), "profiles", 60_000) ?? [];
  const key = JSON.stringify([profile, failed, until]);
  const ask = () =>
    call("list", {
      all: true,
      limit: PAGE,
      ...(profile === "" ? {} : { profile }),
      ...(failed ? { failed } : {}),
      ...(until === undefined ? {} : { until_timestamp: until }),
    });
  const list = usePolled(ask, key, EVERY_MS);
  const now = Date.now();
  return (
    <>
      <h1>Sessions</h1>
      <p class="row filters">
        <label>
          Profile{" "}
          <select value={profile} onChange={(event) => setProfile(event.currentTarget.value)}>
            <option value="">all</option>
            {profiles.map(({ name }) => (
              <option>{name}</option>
            ))}
          </select>
        </label>
        <label>
          <input
            type="checkbox"
            checked={failed}
            onChange={(event) => setFailed(event.currentTarget.checked)}
          />{" "}
          only failures
        </label>
        {until !== undefined && <button onClick={() => setUntil(undefined)}>Newest</button>}
      </p>
      {list?.sessions.length === 0 && <p class="empty">No session is like that.</p>}
      <table>
        <tbody>
          {list?.sessions.map((session) => (
            <tr key={session.session_id}>
              <td>
                <Tag session={session} now={now} />
              </td>
              <td>
                <SessionLink session={session} />
              </td>
              <td class="short soft wide">{session.trigger}</td>
              <td class="short">
                {typeof session.work?.insertions !== "number"
                  ? ""
                  : `+${session.work.insertions} −${session.work.deletions ?? 0}`}
              </td>
              <td class="short">{spanText(runMs(session, now) ?? 0)}</td>
              <td class="soft">{new Date(session.queued_timestamp).toLocaleString()}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {list?.sessions.length === PAGE && (
        <button onClick={() => setUntil(list.sessions.at(-1)?.queued_timestamp)}>Older</button>
      )}
    </>
  );
}
