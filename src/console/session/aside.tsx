/** The facts beside the parts of a session: what it spends, reaches and is. */
import type { JSX } from "preact";
import type { SessionView } from "../../session-document.ts";
import type { Step } from "../../web/words/page-answers.ts";
import { useAsked } from "../base/asked.ts";
import { call } from "../base/daemon.ts";
import { costText, countText, plural, sizeText, spanText, timeText } from "../base/words.tsx";
import { Facts, Meter } from "../parts/parts.tsx";
import { preparedText } from "./timeline.tsx";

const EVERY_MS = 3_000;

export interface AsideProps {
  readonly session: SessionView;
  readonly steps: readonly Step[];
  readonly now: number;
}

export function Aside({ session, steps, now }: AsideProps): JSX.Element {
  return (
    <aside>
      <Spend session={session} />
      <Reach session={session} />
      <Inside session={session} steps={steps} now={now} />
      <Proof session={session} now={now} />
    </aside>
  );
}

function Spend({ session: { llm, profile } }: { readonly session: SessionView }): JSX.Element | null {
  const asked = useAsked(`budget ${profile}`, () => call("profiles", {}), { changes: () => false });
  if (llm === null) return null;
  const max = asked.value?.find(({ name }) => name === profile)?.budget?.max_usd ?? null;
  const read = llm.input_tokens + llm.cached_tokens;
  return (
    <section>
      <h2>Spend</h2>
      <div class="card">
        <div class="row">
          <b>{costText(llm.usd)}</b>
          {max !== null && <span class="soft">of {costText(max)}</span>}
        </div>
        {max !== null && llm.usd !== null && <Meter used={llm.usd} max={max} label="Part of the budget" />}
        <Facts
          facts={[
            ["tokens", `${countText(read)} in · ${countText(llm.output_tokens)} out`],
            ["cached", read === 0 ? null : `${Math.round((llm.cached_tokens / read) * 100)} %`],
            ["model", llm.models.length === 0 ? null : <span class="mono">{llm.models.join(", ")}</span>],
            ["requests", `${llm.requests}, ${llm.refused === 0 ? "none" : llm.refused} refused`],
          ]}
        />
      </div>
    </section>
  );
}

function Reach({ session: { egress } }: { readonly session: SessionView }): JSX.Element | null {
  if (egress === null) return null;
  const more = (count: number, shown: number): string => (count > shown ? ` and ${count - shown} more` : "");
  return (
    <section>
      <h2>Reach</h2>
      <div class="card">
        <Facts
          facts={[
            ["allowed", egress.allowed.slice(0, 5).join(" · ") + more(egress.allowed_count, 5) || "nothing"],
            [
              "refused",
              egress.denied_count === 0 ? (
                "nothing"
              ) : (
                <b class="warn ink">
                  ! {egress.denied.slice(0, 5).join(" · ")}
                  {more(egress.denied_count, 5)}
                </b>
              ),
            ],
          ]}
        />
      </div>
    </section>
  );
}

function Inside({ session, steps, now }: AsideProps): JSX.Element {
  const { session_id: id, state, image, start_timestamp: start } = session;
  const isRunning = state === "running" || state === "paused";
  const asked = useAsked(
    `stats ${id} ${String(isRunning)}`,
    async () => (isRunning ? (await call("stats", { sessions: [id] })).sessions[0] : undefined),
    { changes: () => false, ...(isRunning ? { everyMs: EVERY_MS } : {}) },
  );
  const profile = useAsked(`limits ${session.profile}`, () => call("profiles", {}), { changes: () => false });
  const timeout = profile.value?.find(({ name }) => name === session.profile)?.timeout_ms ?? null;
  const stats = asked.value;
  const of = (limit: number | null): string => (limit === null ? "" : ` of ${sizeText(limit)}`);
  const peak = session.peak_memory_bytes;
  return (
    <section>
      <h2>Inside</h2>
      <div class="card">
        <Facts
          facts={[
            ["image", <span class="mono">{image}</span>],
            ["repository", session.repo_url],
            ["prepared", preparedText(steps) || null],
            [
              "memory",
              typeof stats?.memory_bytes === "number"
                ? `${sizeText(stats.memory_bytes)}${of(stats.memory_limit_bytes)}`
                : peak === null
                  ? null
                  : `${sizeText(peak)} at most`,
            ],
            ["processes", stats?.pids ?? session.peak_pids],
            ["processor", session.cpu_seconds === null ? null : spanText(session.cpu_seconds * 1000)],
            ["disk", typeof stats?.disk_bytes === "number" ? sizeText(stats.disk_bytes) : null],
            [
              "ends by",
              isRunning && start !== null && timeout !== null
                ? `${timeText(new Date(Date.parse(start) + timeout).toISOString(), now)} (timeout ${spanText(timeout)})`
                : null,
            ],
            [
              "not strict",
              session.exceptions.length === 0 ? null : session.exceptions.map(({ name }) => name).join(", "),
            ],
          ]}
        />
      </div>
    </section>
  );
}

function Proof({ session, now }: { readonly session: SessionView; readonly now: number }): JSX.Element {
  const { session_id: id, outcome, kept, redaction, redacted_values: values } = session;
  return (
    <section>
      <h2>Proof</h2>
      <div class="card">
        <Facts
          facts={[
            ["session", <span class="mono">{id}</span>],
            [
              "record",
              outcome === null ? (
                "open, sealed when it ends"
              ) : (
                <a href={`#/session/${id}/record`}>
                  <u>sealed, verify it</u>
                </a>
              ),
            ],
            [
              "kept",
              kept === null ? null : `until ${timeText(kept.until_timestamp, now)}, ${sizeText(kept.bytes)}`,
            ],
            [
              "values",
              redaction === "complete" ? `${plural(values ?? 0, "value")} of credentials replaced` : null,
            ],
            ["published", session.published === null ? null : session.published.branch],
            [
              "left out",
              (session.excluded_count ?? 0) === 0 ? null : plural(session.excluded_count ?? 0, "file"),
            ],
            [
              "warnings",
              session.warnings.length === 0 ? null : session.warnings.map((text) => <div>{text}</div>),
            ],
          ]}
        />
      </div>
    </section>
  );
}
