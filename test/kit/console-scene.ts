/** What the console is shown in tests and pictures: a small daemon with sessions of every kind, some with hostile texts. */
import type { Handlers } from "../../src/api/handlers.ts";
import type { LogLine } from "../../src/api/record-methods.ts";
import type { SessionView } from "../../src/session-document.ts";
import { listed, sealed, view } from "./small-daemon.ts";

/** Markup that would show that a text became some. */
export const HOSTILE = `<img src=x onerror="document.title='hacked'"><script>document.title="hacked"</script>`;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Lines of the log of the running session. */
export const LOG_LINES = 2_500_000;

const PRINTED = [
  "› I'll run the tests for the calendar before I change the parser.",
  "$ npm test -- calendar",
  "\u001b[32m✓\u001b[0m parses ISO dates (14 ms)",
  "\u001b[31m✕ keeps the zone of the browser (31 ms)\u001b[0m",
  "    expected 2026-11-28T00:00:00+01:00, got 2026-11-27T23:00:00Z",
  "› The picker converts to UTC before it formats. Changing src/date.ts:41.",
  "GITHUB_TOKEN=[GITHUB_TOKEN]",
  HOSTILE,
];

const PATCH = [
  "diff --git a/src/date.ts b/src/date.ts",
  "--- a/src/date.ts",
  "+++ b/src/date.ts",
  "@@ -38,5 +38,6 @@ export function format(date: Date): string {",
  "   const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;",
  "-  return date.toISOString();",
  "+  // The zone of the browser, not of the server.",
  "+  return inZone(date, zone);",
  ` ${HOSTILE}`,
  "",
].join("\n");

/** @param now milliseconds since 1970. */
export function consoleScene(now: number): {
  readonly handlers: Partial<Handlers>;
  readonly running: string;
} {
  const at = (ago: number): string => new Date(now - ago).toISOString();
  const llm = (usd: number | null, requests: number) => ({
    ...{ requests, refused: 0, input_tokens: 300_000, cached_tokens: 80_000, output_tokens: 23_000 },
    ...{ reasoning_tokens: 0, usd, models: ["claude-sonnet-4-5"], exact: true },
  });
  const id = (index: number): string => index.toString(16).padStart(16, "0");
  const running = view({
    ...{
      session_id: id(1),
      profile: "site-builder",
      work_unit: "issue-42",
      state: "running",
      llm: llm(1.92, 38),
    },
    ...{
      queued_timestamp: at(13 * MINUTE),
      start_timestamp: at(12 * MINUTE),
      commit: "3a8adf6".padEnd(40, "0"),
    },
    egress: {
      allowed: ["git.example.org:443"],
      denied: ["telemetry.example.net:443"],
      allowed_count: 1,
      denied_count: 1,
    },
  });
  const open: SessionView[] = [
    running,
    view({
      ...{
        session_id: id(2),
        profile: "dep-updates",
        work_unit: "nightly",
        state: "running",
        llm: llm(2.74, 71),
      },
      ...{ queued_timestamp: at(42 * MINUTE), start_timestamp: at(41 * MINUTE) },
    }),
    view({
      ...{ session_id: id(3), profile: "site-builder", work_unit: "issue-43", state: "queued", position: 1 },
      ...{ queued_timestamp: at(4 * MINUTE), reason: "its profile runs 1 of 1 at once" },
    }),
  ];
  const ended = Array.from({ length: 40 }, (_, index): SessionView => {
    const [profile, outcome] = [
      ["site-builder", "dep-updates", "code-reviewer"][index % 3] ?? "",
      index % 7 === 3
        ? ("work_failed" as const)
        : index % 11 === 5
          ? ("blocked" as const)
          : ("success" as const),
    ];
    const ago = (index + 1) * 0.55 * HOUR;
    return sealed({
      ...{ session_id: id(100 + index), profile, outcome, exit_code: outcome === "work_failed" ? 5 : 0 },
      ...{
        queued_timestamp: at(ago + MINUTE),
        start_timestamp: at(ago),
        end_timestamp: at(ago - (5 + (index % 9)) * MINUTE),
      },
      work_unit: index === 3 ? HOSTILE : `issue-${60 - index}`,
      cause:
        outcome === "work_failed"
          ? "npm test: 3 of 212 failed"
          : outcome === "blocked"
            ? "it asks which zone is meant"
            : null,
      work: {
        ...{ head_commit: null, commits: 1, files_changed: 2, insertions: 84, deletions: 31, uncommitted: 0 },
        patch_bytes: PATCH.length,
      },
      llm: llm(index % 8 === 0 ? null : 0.2, 9),
    });
  });
  const all = [...open, ...ended];
  const find = (session: string): SessionView => all.find((each) => each.session_id === session) ?? running;
  const line = (number: number): LogLine => ({
    ...{ line: number, stream: number % 50 === 7 ? "stderr" : "stdout", goes_on: false },
    ...{ time: at((LOG_LINES - number) * 10), text: PRINTED[number % PRINTED.length] ?? "" },
  });
  return {
    running: running.session_id,
    handlers: {
      list: ({ all: both, limit, failed }) => {
        const shown = both ? all : open;
        return listed(
          ...shown.filter(({ outcome }) => failed !== true || outcome === "work_failed").slice(0, limit),
        );
      },
      show: async ({ session }) => find(session),
      log: async ({ session, from, count }) => {
        const first = from < 0 ? Math.max(1, LOG_LINES + from + 1) : from;
        const length = Math.min(count, LOG_LINES - first + 1);
        return {
          ...{ session_id: session, total: LOG_LINES, bytes: LOG_LINES * 80, complete: false },
          lines: Array.from({ length }, (_, index) => line(first + index)),
        };
      },
      file: async ({ session, path }) => {
        const text = path === "SHA256SUMS" ? `${"0".repeat(64)}  work/changes.patch\n` : PATCH;
        return { session_id: session, bytes: text.length, data: Buffer.from(text).toString("base64") };
      },
      schedule: async () => ({
        ...{ more: false, retries: [] },
        schedules: [
          {
            ...{
              profile: "dep-updates",
              name: "default",
              schedule: "0 2 * * *",
              timezone: "UTC",
              missed: "skip",
              overlap: "skip",
            },
            ...{
              catchup_window_ms: 0,
              jitter_ms: 0,
              last_run: null,
              last_skip: null,
              paused: null,
              waiting_timestamp: null,
            },
            next_runs: [{ scheduled_timestamp: at(-HOUR), local_time: at(-HOUR), due_timestamp: at(-HOUR) }],
          },
        ],
      }),
    },
  };
}
