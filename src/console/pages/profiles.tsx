/** The profiles: what each is, may reach and may spend, and how its sessions went. */
import type { ComponentChildren, JSX } from "preact";
import type { Result } from "../../api/methods.ts";
import type { UsageLine } from "../../web/words/page-answers.ts";
import { useAsked } from "../base/asked.ts";
import { call, question } from "../base/daemon.ts";
import { costText, countText, plural, sizeText, spanText, sumText } from "../base/words.tsx";
import { Facts, Waiting } from "../parts/parts.tsx";
import { RunForm } from "../parts/run-form.tsx";
import { type ProfileHistory, readHistory } from "./history.ts";

const DAYS = 30;

type Profile = Result<"profiles">[number];

async function look() {
  const [profiles, history, usage] = await Promise.all([
    call("profiles", {}),
    readHistory(DAYS, Date.now()),
    question("usage", { by: "profile", since: `${DAYS}d` }).catch(() => undefined),
  ]);
  return { profiles, history, usage: new Map(usage?.rows.map((row) => [row.profile, row])) };
}

export function Profiles(): JSX.Element {
  const asked = useAsked("profiles page", look, {
    changes: ({ type }) => type === "session.sealed" || type === "config.reloaded",
  });
  if (asked.value === undefined) return <Waiting asked={asked} />;
  const { profiles, history, usage } = asked.value;
  return (
    <>
      <h1>Profiles</h1>
      <p class="soft">What is configured now, and the sessions of the last {DAYS} days.</p>
      {profiles.length === 0 && (
        <p class="empty">
          No profile is configured. <code>agentd init</code> writes a first one.
        </p>
      )}
      {profiles.map((profile) => (
        <section class="card profile" id={`profile-${profile.name}`} aria-label={profile.name}>
          <div class="row">
            <h2 class="name">
              <a href={`#/schedules`}>{profile.name}</a>
            </h2>
            <RunForm profiles={profiles} profile={profile.name} />
          </div>
          <div class="halves">
            <Facts facts={factsOf(profile)} />
            <Went history={history.get(profile.name)} usage={usage.get(profile.name)} />
          </div>
        </section>
      ))}
    </>
  );
}

function factsOf(profile: Profile): (readonly [string, ComponentChildren | null])[] {
  const { budget, schedule, schedules, allow } = profile;
  const limit = (value: number | null, text: (value: number) => string): string =>
    value === null ? "no limit" : text(value);
  const scheduled = [...(schedule === null ? [] : [schedule]), ...schedules];
  return [
    ["runs", <span class="mono">{profile.agent ?? profile.command.join(" ")}</span>],
    ["in", <span class="mono">{profile.image}</span>],
    [
      "on",
      profile.workspace === "clone" ? (profile.repo ?? "the repository that a run names") : profile.workspace,
    ],
    ["reaches", networkText(profile.network, allow)],
    ["is given", profile.credentials.length === 0 ? "no credentials" : profile.credentials.join(", ")],
    [
      "may use",
      `${limit(profile.memory_bytes, sizeText)} of memory, ${limit(profile.cpus, (cpus) => plural(cpus, "core"))}, ${limit(profile.timeout_ms, spanText)} of time`,
    ],
    ["may spend", budget === null ? null : spendText(budget)],
    ["at once", limit(profile.max_sessions, (count) => plural(count, "session"))],
    ["schedule", scheduled.length === 0 ? null : <span class="mono">{scheduled.join(" · ")}</span>],
    ["publishes", profile.publishes ? "a branch, and what the profile says" : null],
  ];
}

function networkText(network: Profile["network"], allow: Profile["allow"]): string {
  if (network === "none") return "nothing";
  if (network === "host") return "what this host reaches, and its loopback";
  if (network === "private") return "the internet";
  const names = allow.map((entry) => (typeof entry === "string" ? entry : JSON.stringify(entry)));
  return names.length === 0 ? "language models alone" : names.join(", ");
}

function spendText(budget: NonNullable<Profile["budget"]>): string {
  const limits = [
    budget.max_usd === null ? undefined : `${costText(budget.max_usd)} a session`,
    budget.max_usd_per_day === null ? undefined : `${costText(budget.max_usd_per_day)} a day`,
    budget.max_tokens === null ? undefined : `${countText(budget.max_tokens)} tokens`,
    budget.max_requests === null ? undefined : plural(budget.max_requests, "request"),
  ].filter((text) => text !== undefined);
  return limits.length === 0 ? "without a limit" : limits.join(", ");
}

function Went({
  history,
  usage,
}: {
  readonly history: ProfileHistory | undefined;
  readonly usage: UsageLine | undefined;
}): JSX.Element {
  if (history === undefined || history.sessions === 0)
    return <p class="soft">No session has ended in that time.</p>;
  const { sessions, succeeded, failed, medianMs, days } = history;
  const most = Math.max(1, ...days.map(({ ok, other }) => ok + other));
  return (
    <div>
      <div class="numbers">
        <div>
          <b>{Math.round((succeeded / sessions) * 100)} %</b>
          <span class="soft">success</span>
        </div>
        <div>
          <b>{medianMs === undefined ? "–" : spanText(medianMs)}</b>
          <span class="soft">median</span>
        </div>
        <div>
          <b>{usage === undefined ? "–" : sumText(usage.usd, usage.has_unknown_cost)}</b>
          <span class="soft">cost</span>
        </div>
        <div>
          <b>{sessions.toLocaleString("en")}</b>
          <span class="soft">{failed} failed</span>
        </div>
      </div>
      <svg
        class="days"
        viewBox={`0 0 ${days.length * 10} 40`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Sessions of each of ${days.length} days`}
      >
        {days.map(({ ok, other }, index) => (
          <>
            <rect
              class="ok"
              x={index * 10 + 1}
              width="8"
              y={40 - (ok / most) * 40}
              height={(ok / most) * 40}
            />
            <rect
              class="fail"
              x={index * 10 + 1}
              width="8"
              y={40 - ((ok + other) / most) * 40}
              height={(other / most) * 40}
            />
          </>
        ))}
      </svg>
    </div>
  );
}
