/** One session: what it is, how its time went, and everything that is known of it. */
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { SessionView } from "../../session-document.ts";
import { useAsked } from "../base/asked.ts";
import { call, go, question } from "../base/daemon.ts";
import { isReload } from "../base/interest.ts";
import { watched } from "../base/live.ts";
import { runMs, spanText, Tag, timeText, triggerText } from "../base/words.tsx";
import { Act, Waiting } from "../parts/parts.tsx";
import { Aside } from "./aside.tsx";
import { Changes } from "./changes.tsx";
import { Input } from "./input.tsx";
import { Log } from "./log.tsx";
import { RecordTab } from "./record.tsx";
import { Timeline } from "./timeline.tsx";
import { Model, Network } from "./traffic.tsx";

const EVERY_MS = 3_000;
const TABS = ["log", "changes", "model", "network", "input", "record"] as const;

type Tab = (typeof TABS)[number];

/** The part of an address behind the session: a tab, and a line of the log. */
export interface SessionPlace {
  readonly id: string;
  readonly tab: string;
  /** From 1; undefined for none. */
  readonly line: number | undefined;
}

export function Session({ id, tab: wanted, line }: SessionPlace): JSX.Element {
  useEffect(() => {
    watched.value = id;
    return () => void (watched.value = "");
  }, [id]);
  const asked = useAsked(
    id,
    async () => {
      const [session, steps] = await Promise.all([
        call("show", { session: id }),
        // A journal that was changed hides nothing else; the proof says what is wrong with it.
        question("journal", { session: id }).catch(() => []),
      ]);
      return { session, steps, now: Date.now() };
    },
    {
      changes: ({ session_id: about }) => about === id || about === null,
      everyMs: EVERY_MS,
    },
  );
  if (asked.value === undefined) return <Waiting asked={asked} />;
  const { session, steps, now } = asked.value;
  const tab: Tab = TABS.find((name) => name === wanted) ?? "log";
  return (
    <>
      <div class="row head">
        <h1>
          {session.profile} {session.work_unit !== null && <>· {session.work_unit} </>}
          <Tag session={session} now={now} />
        </h1>
        <Actions session={session} again={asked.again} />
      </div>
      <p class="soft">{aboutText(session, now)}</p>
      <Timeline session={session} steps={steps} now={now} />
      <div class="cols">
        <div>
          <div class="tabs" role="tablist" aria-label="Parts of the session">
            {TABS.map((name) => (
              <button
                role="tab"
                id={`tab-${name}`}
                aria-selected={name === tab}
                aria-controls="part"
                onClick={() => go(`/session/${id}/${name}`)}
              >
                {tabText(name, session)}
              </button>
            ))}
          </div>
          <div id="part" role="tabpanel" aria-labelledby={`tab-${tab}`}>
            {tab === "log" && <Log session={id} isOpen={session.outcome === null} line={line} />}
            {tab === "changes" && <Changes session={session} />}
            {tab === "model" && <Model session={session} />}
            {tab === "network" && <Network session={session} />}
            {tab === "input" && <Input session={session} />}
            {tab === "record" && <RecordTab session={session} steps={steps} />}
          </div>
        </div>
        <Aside session={session} steps={steps} now={now} />
      </div>
    </>
  );
}

function tabText(tab: Tab, { work, llm, egress, inputs, request_bytes: request }: SessionView): string {
  if (tab === "changes" && typeof work?.insertions === "number")
    return `Changes +${work.insertions} −${work.deletions ?? 0}`;
  if (tab === "model" && llm !== null) return `Model ${llm.requests}`;
  if (tab === "network" && egress !== null) return `Network ${egress.allowed_count + egress.denied_count}`;
  const given = inputs.length + (request === null ? 0 : 1);
  if (tab === "input" && given > 0) return `Input ${given}`;
  return `${tab.charAt(0).toUpperCase()}${tab.slice(1)}`;
}

/** Why it is as it is, in a sentence or two. */
function aboutText(session: SessionView, now: number): string {
  const { queued_timestamp: queued, ref, cause, reason, position, end_timestamp: end } = session;
  const from = ref === null ? "" : ` on ${ref}`;
  const at = session.commit === null ? "" : ` at ${session.commit.slice(0, 7)}`;
  const started = `Started ${triggerText(session)}${from}${at}, ${timeText(queued, now)}.`;
  if (position !== null)
    return `${started} Number ${position} in the queue: ${reason ?? "it waits for a place"}.`;
  const why = cause ?? reason;
  const ended = end === null ? "" : ` Ran ${spanText(runMs(session, now) ?? 0)}.`;
  return why === null ? `${started}${ended}` : `${why.replace(/\.?$/, ".")} ${started}${ended}`;
}

function Actions({
  session,
  again,
}: {
  readonly session: SessionView;
  readonly again: () => void;
}): JSX.Element {
  const { session_id: id, outcome, state, kept } = session;
  const act = (work: () => Promise<unknown>) => async () => {
    await work();
    again();
  };
  const profiles = useAsked("profiles", () => call("profiles", {}), { changes: isReload });
  const isPublished =
    profiles.value?.some(({ name, publishes }) => name === session.profile && publishes) === true;
  // Uncommitted changes become a last commit, unless the profile says otherwise.
  const hasWork = (session.work?.commits ?? 0) + (session.work?.uncommitted ?? 0) > 0;
  const rerun = async (): Promise<void> => {
    const { session_id: next } = await call("rerun", { request_id: crypto.randomUUID(), session: id });
    go(`/session/${next}`);
  };
  const publish = async (): Promise<void> => {
    const { published, why } = await question("publish", { session: id });
    if (published === null) throw new Error(why ?? "nothing was published");
  };
  return (
    <span class="actions">
      {state === "running" && <Act does={act(() => call("pause", { session: id }))}>Pause</Act>}
      {state === "paused" && <Act does={act(() => call("resume", { session: id }))}>Resume</Act>}
      {outcome !== null && isPublished && hasWork && (
        <Act does={act(publish)} asks="Push its work to a branch, as the profile says now?">
          {session.published === null ? "Publish" : "Publish again"}
        </Act>
      )}
      {kept !== null && (
        <Act
          does={act(() => call("remove", { session: id, force: false }))}
          asks="Remove its container and its clone? The record stays."
        >
          Remove what is kept
        </Act>
      )}
      <Act does={rerun}>Rerun</Act>
      {outcome === null && state !== "finishing" && (
        <Act
          does={act(() => call("stop", { session: id }))}
          asks={`Stop ${session.profile}? Its work so far is exported, and its record is sealed.`}
        >
          Stop
        </Act>
      )}
    </span>
  );
}
