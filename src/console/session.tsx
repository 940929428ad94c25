/** One session: what it is, its output, its changes, its record. */
import { useState } from "preact/hooks";
import type { SessionView } from "../session-document.ts";
import { call, place } from "./daemon.ts";
import { Log } from "./log.tsx";
import { usePolled } from "./poll.ts";
import { costText, runMs, spanText, Tag } from "./words.tsx";

const EVERY_MS = 2_000;
const PIECE = 384 * 1024;
const TABS = ["Log", "Changes", "Record"] as const;

export function Session({ id }: { readonly id: string }) {
  const session = usePolled(() => call("show", { session: id }), id, EVERY_MS);
  const [tab, setTab] = useState<(typeof TABS)[number]>("Log");
  const [failure, setFailure] = useState<string>();
  if (session === undefined) return <p class="soft">Asking the daemon…</p>;
  const now = Date.now();
  const act = (work: Promise<unknown>): void => {
    setFailure(undefined);
    work.catch((error: unknown) => setFailure((error as Error).message));
  };
  const rerun = async (): Promise<void> => {
    const { session_id: next } = await call("rerun", { request_id: crypto.randomUUID(), session: id });
    location.hash = `#/session/${next}`;
    place.value = `/session/${next}`;
  };
  const facts: readonly (readonly [string, string | null])[] = [
    ["repository", session.repo_url],
    ["commit", session.commit?.slice(0, 12) ?? null],
    ["session", id],
    ["ran", spanText(runMs(session, now) ?? 0)],
    ["image", session.image],
    [
      "models",
      session.llm === null ? null : `${costText(session.llm.usd)}, ${session.llm.requests} requests`,
    ],
    ["reached", session.egress === null ? null : session.egress.allowed.join(", ") || "nothing"],
    ["denied", session.egress === null ? null : session.egress.denied.join(", ") || "nothing"],
    ["record", session.outcome === null ? "open, sealed when it ends" : "sealed"],
  ];
  return (
    <>
      <div class="row">
        <h1>
          {session.profile} {session.work_unit !== null && <>· {session.work_unit} </>}
          <Tag session={session} now={now} />
        </h1>
        <span class="actions">
          <button onClick={() => act(rerun())}>Rerun</button>
          {session.outcome === null && (
            <button onClick={() => act(call("stop", { session: id }))}>Stop</button>
          )}
        </span>
      </div>
      <p class="soft">{session.cause ?? session.reason ?? startedText(session)}</p>
      {failure !== undefined && (
        <p class="error" role="alert">
          {failure}
        </p>
      )}
      <div class="cols">
        <div>
          <div class="tabs" role="tablist">
            {TABS.map((name) => (
              <button role="tab" aria-selected={name === tab} onClick={() => setTab(name)}>
                {name}
              </button>
            ))}
          </div>
          {tab === "Log" && <Log session={id} />}
          {tab === "Changes" && (
            <File
              key="patch"
              session={id}
              path="work/changes.patch"
              empty="It changed nothing, or has not ended."
            />
          )}
          {tab === "Record" && (
            <File key="sums" session={id} path="SHA256SUMS" empty="The record is not sealed yet." />
          )}
        </div>
        <dl class="card">
          {facts.map(([name, value]) =>
            value === null ? null : (
              <>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </>
            ),
          )}
        </dl>
      </div>
    </>
  );
}

function startedText({ trigger, queued_timestamp: since, ref }: SessionView): string {
  const how = trigger === "schedule" ? "by its schedule" : "by hand";
  return `Started ${how} on ${new Date(since).toLocaleString()}${ref === null ? "" : `, from ${ref}`}.`;
}

/** The beginning of a file of the record, as text; lines of a patch have their colours. */
function File({
  session,
  path,
  empty,
}: {
  readonly session: string;
  readonly path: string;
  readonly empty: string;
}) {
  const read = async () => {
    const { bytes, data } = await call("file", { session, path, offset: 0, limit: PIECE }).catch(() => ({
      bytes: 0,
      data: "",
    }));
    const text = new TextDecoder().decode(Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0)));
    return { bytes, text };
  };
  const file = usePolled(read, `${session} ${path}`, 10_000);
  if (file === undefined) return <p class="soft">Asking the daemon…</p>;
  if (file.bytes === 0) return <p class="empty">{empty}</p>;
  return (
    <>
      <div class="diff" tabIndex={0} role="region" aria-label={path}>
        {file.text.split("\n").map((line) => (
          <div class={lineClass(line)}>{line === "" ? " " : line}</div>
        ))}
      </div>
      {file.bytes > PIECE && <p class="soft">Only the first 384 KiB are shown; `agentd cp` has all of it.</p>}
    </>
  );
}

function lineClass(line: string): string {
  if (/^(?:diff |\+\+\+|---|index )/.test(line)) return "head";
  if (line.startsWith("@@")) return "hunk";
  if (line.startsWith("+")) return "add";
  return line.startsWith("-") ? "del" : "";
}
