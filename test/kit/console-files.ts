/** Files of records, profiles and schedules of the console's scene. */
import { createHash } from "node:crypto";
import type { Result } from "../../src/api/methods.ts";
import type { ScheduleView } from "../../src/api/schedule-view.ts";
import type { SessionView } from "../../src/session-document.ts";

const SECOND = 1_000;
const DAY = 86_400_000;

/** Markup that would show that a text became some. */
export const HOSTILE = `<img src=x onerror="document.title='hacked'"><script>document.title="hacked"</script>`;

/** @param text in a line and a name. */
export const patchWith = (text: string): string =>
  [
    "diff --git a/src/date.ts b/src/date.ts",
    "--- a/src/date.ts",
    "+++ b/src/date.ts",
    "@@ -38,7 +38,8 @@ export function format(date: Date): string {",
    "   const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;",
    "-  return date.toISOString();",
    "+  // The zone of the browser, not of the server.",
    "+  return inZone(date, zone);",
    " }",
    ` // ${text}`,
    ' export const DEFAULT = "UTC";',
    "diff --git a/test/date.test.ts b/test/date.test.ts",
    "new file mode 100644",
    "--- /dev/null",
    "+++ b/test/date.test.ts",
    "@@ -0,0 +1,3 @@",
    '+it("keeps the zone of the browser", () => {',
    "+  expect(format(noon)).toBe(12);",
    "+});",
    `diff --git a/${text} b/${text}`,
    "deleted file mode 100644",
    `--- a/${text}`,
    "+++ /dev/null",
    "@@ -1 +0,0 @@",
    "-gone",
    "",
  ].join("\n");

const DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/** Other files of a sealed record, by their paths. @param text in lines and names. */
export const filesWith = (text: string): ReadonlyMap<string, string> =>
  new Map([
    [
      "SHA256SUMS",
      [
        "work/changes.patch",
        "work/commits.bundle",
        "work/summary.json",
        "agentd/session.json",
        "agentd/events.jsonl",
        "agentd/console.log",
        "agentd/egress.jsonl",
        "agentd/llm.jsonl",
        `runa/${text}`,
      ]
        .map((path) => `${DIGEST}  ${path}\n`)
        .join(""),
    ],
    [
      "work/summary.json",
      JSON.stringify({
        commits: [
          {
            id: "3a8adf6c".padEnd(40, "1"),
            author: "site-builder <a@b>",
            time: "2026-11-28T16:38:22Z",
            subject: "Keep the zone of the browser in the date picker",
          },
          { id: "b7e1c002".padEnd(40, "1"), author: `${text} <a@b>`, time: null, subject: text },
        ],
      }),
    ],
    ["agentd/input/request.txt", `Fix the broken date picker on the booking page.\n${text}\n`],
  ]);

/** What a record has in `agentd/`. */
export function consoleFiles(
  now: number,
  since: string | null,
  session: SessionView,
  text: string,
): Record<string, string> {
  const begin = Date.parse(since ?? "") - 10 * SECOND;
  const at = (ms: number): string => new Date(begin + ms).toISOString();
  const journal = [
    { time: at(0), state: "queued", event: "accepted" },
    { time: at(4 * SECOND), state: "preparing", event: "started" },
    { time: at(4.2 * SECOND), state: "preparing", event: "image_found", image: "0c3c54de" },
    { time: at(4.4 * SECOND), state: "preparing", event: "container_created", warnings: [] },
    { time: at(6.1 * SECOND), state: "preparing", event: "cloned", commit: "3a8adf6" },
    { time: at(6.2 * SECOND), state: "running", event: "gate_opened" },
    ...(session.outcome === null
      ? []
      : [
          {
            time: at(300 * SECOND),
            state: "finishing",
            event: "ended",
            outcome: session.outcome,
            cause: text,
          },
          { time: at(301 * SECOND), state: "finishing", event: "exported" },
          { time: at(302 * SECOND), state: "sealed" },
        ]),
  ];
  const asked = Array.from({ length: 38 }, (_, id) => {
    const time = at(10 * SECOND + (id * (session.outcome === null ? now - begin : 290 * SECOND)) / 40);
    return [
      {
        kind: "reserve",
        time,
        id,
        provider: "anthropic",
        route: "messages",
        model: "claude-sonnet-4-5",
        stream: true,
        bytes: 20_000,
        cap_asked: null,
        cap_sent: 8192,
        reserved_tokens: 30_000,
        reserved_nano: 1,
        price_source: "data",
        unbounded: [],
      },
      {
        kind: "settle",
        time,
        id,
        status: id === 30 ? 529 : 200,
        model_answered: null,
        duration_ms: 4200 + id * 71,
        first_token_ms: 800,
        input_tokens: 9_000 + id,
        cached_tokens: 2_000,
        cache_write_tokens: 0,
        output_tokens: 612,
        reasoning_tokens: 0,
        nano: id === 12 ? null : 50_000_000,
        settlement: "reported",
        request_id: null,
      },
    ];
  }).flat();
  const refused = {
    kind: "refused",
    time: at(200 * SECOND),
    route: "messages",
    model: text,
    status: 403,
    reason: "model_not_allowed",
  };
  const hosts = [
    { host: "git.example.org", verdict: "allowed", rule: "git.example.org:443" },
    { host: "packages.example.org", verdict: "allowed", rule: "packages.example.org:443" },
    { host: "telemetry.example.net", verdict: "denied", rule: "not_allowed" },
  ].map((each) => ({
    time: at(20 * SECOND),
    port: 443,
    address: null,
    bytes_sent: 1_200,
    bytes_received: 48_000,
    duration_ms: 40,
    connections: 3,
    via: "proxy",
    reason: null,
    ...each,
  }));
  const lines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  return {
    "events.jsonl": chained(journal),
    "llm.jsonl": lines([...asked, refused]),
    "egress.jsonl": lines(hosts),
  };
}

function chained(entries: readonly object[]): string {
  let prev: string | null = null;
  return entries
    .map((entry, seq) => {
      const line: string = JSON.stringify({ seq, prev, ...entry });
      prev = createHash("sha256").update(line).digest("hex");
      return `${line}\n`;
    })
    .join("");
}

/** A profile as the daemon shows it. */
export function profileOf(name: string): Result<"profiles">[number] {
  return {
    ...{
      name,
      agent: name === "site-builder" ? "claude" : null,
      image: `ghcr.io/example/${name}:latest`,
      pull: "missing",
    },
    ...{
      command: [name, "exec"],
      repo: "https://github.com/example/site.git",
      ref: null,
      workspace: "clone",
      directory: null,
    },
    ...{
      schedule: name === "dep-updates" ? "0 2 * * *" : null,
      schedules: name === "code-reviewer" ? ["office"] : [],
    },
    ...{
      max_sessions: 1,
      timeout_ms: 7_200_000,
      grace_ms: 10_000,
      memory_bytes: 4 * 1024 ** 3,
      disk_bytes: null,
      cpus: 2,
      pids: 2048,
    },
    ...{
      network: "allowlist",
      allow: ["git.example.org:443", "packages.example.org:443"],
      credentials: ["GITHUB_TOKEN"],
    },
    ...{ runtime: null, read_only_root: true, tmp_bytes: null, shm_bytes: null, devices: [], cap_add: [] },
    budget: {
      max_usd: name === "dep-updates" ? 3 : 5,
      max_usd_per_day: 20,
      max_tokens: null,
      max_requests: null,
    },
    publishes: name === "site-builder",
  } as unknown as Result<"profiles">[number];
}

interface Wanted {
  readonly profile: string;
  readonly name?: string;
  readonly schedule: string;
  readonly timezone: string;
  readonly hours: readonly number[];
  readonly paused?: true;
}

/** A schedule with a run at each of these hours of the next days. */
export function scheduleOf(
  { profile, name = "default", schedule, timezone, hours, paused }: Wanted,
  now: number,
): ScheduleView {
  const offset = timezone === "UTC" ? 0 : 1;
  const runs = Array.from({ length: 8 }, (_, day) => {
    const date = new Date(now + day * DAY).toISOString().slice(0, 10);
    return hours.map((hour) => {
      const two = String(hour).padStart(2, "0");
      const at = new Date(Date.parse(`${date}T${two}:00:00.000Z`) - offset * 3_600_000).toISOString();
      return {
        scheduled_timestamp: at,
        local_time: `${date}T${two}:00:00.000${offset === 0 ? "Z" : "+01:00"}`,
        due_timestamp: at,
      };
    });
  })
    .flat()
    .filter(
      ({ due_timestamp: due }) =>
        Date.parse(due) > now &&
        (!schedule.endsWith("mon-fri") || ![0, 6].includes(new Date(due).getUTCDay())),
    );
  return {
    ...{
      profile,
      name,
      schedule,
      timezone,
      missed: "skip",
      overlap: "skip",
      catchup_window_ms: 0,
      jitter_ms: 0,
    },
    last_run: null,
    last_skip:
      name === "office"
        ? {
            scheduled_timestamp: new Date(now - DAY).toISOString(),
            local_time: "2026-11-27T10:30:00.000+01:00",
            until_timestamp: new Date(now - DAY).toISOString(),
            reason: "overlap",
            why: "the run before it had not ended",
          }
        : null,
    paused:
      paused === true ? { since_timestamp: new Date(now - DAY).toISOString(), until_timestamp: null } : null,
    waiting_timestamp: null,
    next_runs: paused === true ? [] : runs,
  };
}
