/** What the console is shown in tests and pictures: a small daemon with sessions of every kind, some with hostile texts. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Handlers } from "../../src/api/handlers.ts";
import type { LogLine } from "../../src/api/record-methods.ts";
import type { SessionView } from "../../src/session-document.ts";
import { consoleFiles, filesWith, HOSTILE, patchWith, profileOf, scheduleOf } from "./console-files.ts";
import { listed, sealed, STATUS, view } from "./small-daemon.ts";

export { HOSTILE };

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
];

export interface ConsoleScene {
  readonly handlers: Partial<Handlers>;
  /** A session whose command runs. */
  readonly running: string;
  /** A session that has ended, with work. */
  readonly ended: string;
}

/**
 * @param now milliseconds since 1970.
 * @param directory where the files of records are written.
 * @param text of everything that a session may write. Default: hostile.
 */
export function consoleScene(now: number, directory: string, text = HOSTILE): ConsoleScene {
  const patch = patchWith(text);
  const files = filesWith(text);
  const recordOf = (id: string): string => join(directory, id);
  const at = (ago: number): string => new Date(now - ago).toISOString();
  const llm = (usd: number | null, requests: number) => ({
    ...{ requests, refused: 0, input_tokens: 300_000, cached_tokens: 80_000, output_tokens: 23_000 },
    ...{ reasoning_tokens: 0, usd, models: ["claude-sonnet-4-5"], exact: true },
  });
  const id = (index: number): string => index.toString(16).padStart(16, "0");
  const running = view({
    ...{
      session_id: id(1),
      record: recordOf(id(1)),
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
      record: recordOf(id(100 + index)),
      trigger: index % 4 === 1 ? "schedule" : "manual",
      schedule_name: index % 4 === 1 ? "default" : null,
      egress:
        index % 3 === 0
          ? { allowed: ["git.example.org:443"], denied: [], allowed_count: 1, denied_count: 0 }
          : null,
      commit: "3a8adf6".padEnd(40, "0"),
      request_bytes: 71,
      ...{
        peak_memory_bytes: 1_234_567_890,
        peak_pids: 38,
        cpu_seconds: 61.4,
        redaction: "complete",
        redacted_values: 2,
      },
      ...{ session_id: id(100 + index), profile, outcome, exit_code: outcome === "work_failed" ? 5 : 0 },
      ...{
        queued_timestamp: at(ago + MINUTE),
        start_timestamp: at(ago),
        end_timestamp: at(ago - (5 + (index % 9)) * MINUTE),
      },
      work_unit: index === 3 ? text : `issue-${60 - index}`,
      cause:
        outcome === "work_failed"
          ? "npm test: 3 of 212 failed"
          : outcome === "blocked"
            ? "it asks which zone is meant"
            : null,
      work: {
        ...{ head_commit: null, commits: 1, files_changed: 2, insertions: 84, deletions: 31, uncommitted: 0 },
        patch_bytes: patch.length,
      },
      llm: llm(index % 8 === 0 ? null : 0.2, 9),
    });
  });
  for (const session of [running, ...ended.slice(0, 1)]) {
    mkdirSync(join(session.record, "agentd"), { recursive: true });
    const since = session.outcome === null ? session.start_timestamp : session.queued_timestamp;
    for (const [name, content] of Object.entries(consoleFiles(now, since, session, text)))
      writeFileSync(join(session.record, "agentd", name), content);
  }
  const all = [...open, ...ended];
  const find = (session: string): SessionView => all.find((each) => each.session_id === session) ?? running;
  const line = (number: number): LogLine => ({
    ...{ line: number, stream: number % 50 === 7 ? "stderr" : "stdout", goes_on: false },
    ...{ time: at((LOG_LINES - number) * 10), text: PRINTED[number % (PRINTED.length + 1)] ?? text },
  });
  return {
    running: running.session_id,
    ended: ended[0]?.session_id ?? "",
    handlers: {
      profiles: () => Promise.resolve(["site-builder", "dep-updates", "code-reviewer"].map(profileOf)),
      status: () => Promise.resolve({ ...STATUS, incomplete: [], notify: [] }),
      stats: () =>
        Promise.resolve({
          sampled_ms: now,
          sessions: open
            .filter(({ state }) => state === "running")
            .map(({ session_id: session, profile, state, llm: used }, index) => ({
              ...{
                session_id: session,
                profile,
                state,
                llm: used,
                cpu_seconds: 61,
                memory_bytes: 1_181_116_006,
              },
              ...{
                pids: 38,
                memory_limit_bytes: 4 * 1024 ** 3,
                pids_limit: 2048,
                disk_bytes: null,
                disk_limit_bytes: null,
              },
              last_output_timestamp: at(index * 18 * MINUTE),
            })),
        }),
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
        const text = files.get(path) ?? patch;
        return { session_id: session, bytes: text.length, data: Buffer.from(text).toString("base64") };
      },
      schedule: async () => ({
        ...{ more: false, retries: [] },
        schedules: [
          scheduleOf({ profile: "dep-updates", schedule: "0 2 * * *", timezone: "UTC", hours: [2] }, now),
          scheduleOf(
            {
              profile: "code-reviewer",
              name: "office",
              schedule: "0 8-18 * * mon-fri",
              timezone: "Europe/Berlin",
              hours: [8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18],
            },
            now,
          ),
          scheduleOf(
            {
              profile: "site-builder",
              name: "weekly",
              schedule: "0 6 * * 1",
              timezone: "Europe/Berlin",
              hours: [6],
              paused: true,
            },
            now,
          ),
        ],
      }),
    },
  };
}
