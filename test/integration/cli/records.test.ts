import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sessionDocumentSchema, type SessionView } from "../../../src/session-document.ts";
import { page, sections, tableRows } from "../../kit/markdown.ts";
import { sealed, startSmallDaemon, view } from "../../kit/small-daemon.ts";
import { agentd, agentdOnTerminal } from "./installed-cli.ts";

const ID = "0198f2a4c6e81234";
const OLDER = "0198f2a4c6e80000";

const JOURNAL = chained([
  { seq: 0, time: "2026-01-02T03:04:05.000Z", state: "queued", event: "accepted" },
  {
    seq: 1,
    time: "2026-01-02T03:04:05.500Z",
    state: "preparing",
    event: "cloned",
    commit: "abc",
    warnings: [],
  },
  { seq: 2, time: "2026-01-02T03:04:07.500Z", state: "finishing", event: "ended", cause: "a long story" },
]);

let home: string;
let auditRoot: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "agentd-home-"));
  auditRoot = join(home, ".local/state/tesserine/audit");
});

afterEach(() => rm(home, { recursive: true }));

/** A record on disk, with 3 files and 11 bytes in runa. Resolves to what is shown of it. */
async function makeRecord(fields: Partial<SessionView>): Promise<SessionView> {
  const session = sealed({ session_id: ID, ...fields });
  const record = join(auditRoot, session.profile, session.session_id);
  await mkdir(join(record, "agentd"), { recursive: true });
  await mkdir(join(record, "runa/deep"), { recursive: true });
  await writeFile(join(record, "agentd/session.json"), JSON.stringify(sessionDocumentSchema.parse(session)));
  await writeFile(join(record, "agentd/events.jsonl"), JOURNAL.map((line) => `${line}\n`).join(""));
  for (const name of ["a", "deep/b", "deep/c"]) await writeFile(join(record, "runa", name), name);
  return { ...session, record };
}

describe("agentd show without a daemon", () => {
  it("tells everything and every step, as text", async () => {
    const { record } = await makeRecord({ outcome: "work_failed", exit_code: 5, warnings: ["beware\x1b"] });
    const { stdout, exitCode } = await agentd(home, "show", ID.slice(0, 14));
    expect(exitCode).toBe(0);
    const [title, ...lines] = stdout.split("\n");
    expect(title).toBe(`session ${ID}  work_failed`);
    expect(lines).toEqual(
      expect.arrayContaining(
        [
          "  profile     demo",
          "  repository  https://example.org/demo.git",
          "  took        1.5 s",
          "  outcome     work_failed",
          "  exit code   5",
          "  command     demo exec",
          "  warning     beware\\x1b",
          `  record      ${record}`,
          "  runa        3 files, 13 B",
          "2026-01-02T03:04:05.000Z  +0 ms  queued     accepted",
          "2026-01-02T03:04:05.500Z  +0.5 s  preparing  cloned    commit=abc",
        ].map(
          (line) => expect.stringMatching(new RegExp(`^${escaped(line).replace(/ {2,}/g, " +")}$`)) as string,
        ),
      ),
    );
    expect(stdout).toContain('cause="a long story"');
    expect(stdout).not.toContain("warnings=");
  });

  it("ends with the last ten lines of what was printed, as a terminal would show them", async () => {
    const { record } = await makeRecord({});
    const lines = Array.from({ length: 12 }, (_, index) => `2026-01-02T03:04:05Z stdout F line ${index}`);
    const odd = [
      "2026-01-02T03:04:05Z stdout P 10%\r",
      "2026-01-02T03:04:05Z stdout F 100%\r",
      "2026-01-02T03:04:05Z stderr F \x1b]0;title\x07\x1b[31mred\x1b[0m \u202etxt",
      "2026-01-02T03:04:05Z stdout P the end",
    ];
    await writeFile(join(record, "agentd/console.log"), `${[...lines, ...odd].join("\n")}\n`);
    const { stdout } = await agentd(home, "show", ID);
    expect(stdout.slice(stdout.indexOf("Last"))).toBe(
      "Last 10 lines of output:\n" +
        [5, 6, 7, 8, 9, 10, 11].map((index) => `  line ${index}\n`).join("") +
        "  100%\n  red \\u{202e}txt\n  the end\n",
    );
    await writeFile(join(record, "agentd/console.log"), `${"x".repeat(200_000)}\n${lines[0]}\n`);
    expect((await agentd(home, "show", ID)).stdout).toMatch(/\n\nOutput:\n {2}line 0\n$/);
  });

  it("prints the same object as with a daemon", async () => {
    const expected = await makeRecord({});
    expect(JSON.parse((await agentd(home, "show", ID, "--json")).stdout)).toEqual(expected);
  });

  it("tells of a session that is open what its journal shows last", async () => {
    await makeRecord({ outcome: null, exit_code: null, end_timestamp: null });
    const { stdout } = await agentd(home, "show", ID, "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      state: "finishing",
      reason: "no daemon is running to continue it",
    });
  });

  it("shows the rest when the journal is damaged", async () => {
    const { record } = await makeRecord({});
    await writeFile(join(record, "agentd/events.jsonl"), "not JSON\n");
    const { stdout, exitCode } = await agentd(home, "show", ID);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("The journal is not shown: cannot read the journal");
  });
});

describe("agentd show with a daemon", () => {
  it("prints the daemon's view", async () => {
    const shown = view({ state: "queued", position: 3, reason: "all places are taken" });
    const daemon = await startSmallDaemon({ show: () => Promise.resolve(shown) });
    try {
      const { stdout } = await agentd(daemon.directory, "show", ID, "--json");
      expect(JSON.parse(stdout)).toEqual(shown);
    } finally {
      await daemon.stop();
    }
  });
});

describe("agentd audit ls", () => {
  it("lists records, the newest first, of all profiles or of one", async () => {
    await makeRecord({ session_id: OLDER, profile: "other", outcome: "blocked", exit_code: 3 });
    await makeRecord({ commit: "0123456789abcdef", work_unit: "issue-42" });
    const lines = (await agentd(home, "audit", "ls")).stdout.trimEnd().split("\n");
    expect(lines[0]?.split(/ {2,}/)).toEqual([
      ...["SESSION", "PROFILE", "OUTCOME", "TRIGGER", "WORK UNIT", "AGE", "TOOK", "COMMIT"],
      ...["FILES", "SIZE", "IMAGE"],
    ]);
    expect(lines[1]).toMatch(
      new RegExp(
        `^e81234 +demo +success +manual +issue-42 +\\d+ d +1\\.5 s +0123456789 +3 +13 B +localhost/demo$`,
      ),
    );
    expect(lines[2]).toMatch(/^e80000 +other +blocked /);
    expect(lines).toHaveLength(3);
    expect((await agentd(home, "audit", "ls", "other")).stdout.trimEnd().split("\n")).toHaveLength(2);
    expect((await agentd(home, "audit", "ls", "--limit", "1")).stdout.trimEnd().split("\n")).toHaveLength(2);
  });

  it("chooses by profile, by failure and by time, and says how many it does not show", async () => {
    const idAt = (day: number) => Date.UTC(2026, 0, day).toString(16).padStart(11, "0") + "00000";
    await makeRecord({ session_id: idAt(1), outcome: "work_failed", exit_code: 5 });
    await makeRecord({ session_id: idAt(2) });
    await makeRecord({ session_id: idAt(3), outcome: "timed_out", exit_code: null });
    await makeRecord({ session_id: idAt(4), profile: "other", outcome: "cancelled", exit_code: null });
    const listed = async (...options: string[]) => {
      const { stdout, stderr } = await agentd(home, "audit", "ls", "--json", ...options);
      const records = JSON.parse(stdout) as SessionView[];
      return [records.map(({ session_id: id }) => [1, 2, 3, 4].find((day) => idAt(day) === id)), stderr];
    };
    expect(await listed()).toEqual([[4, 3, 2, 1], ""]);
    expect(await listed("--failed")).toEqual([[3, 1], ""]);
    expect(await listed("--profile", "demo")).toEqual([[3, 2, 1], ""]);
    expect(await listed("--since", "2026-01-02T00:00:00Z", "--until", "2026-01-03T00:00:00Z")).toEqual([
      [3, 2],
      "",
    ]);
    expect(await listed("--limit", "1")).toEqual([[4], "agentd: 1 of 4 shown; see more with --limit\n"]);
    expect(await listed("--failed", "--limit", "1")).toEqual([
      [3],
      "agentd: 1 shown; there may be more, see --limit\n",
    ]);
  });

  it("prints an array of what docs/json.md describes", async () => {
    const { excluded: _excluded, ...session } = await makeRecord({});
    const records = JSON.parse((await agentd(home, "audit", "ls", "--json")).stdout) as unknown[];
    expect(records).toEqual([{ ...session, runa_files: 3, runa_bytes: 13 }]);
  });

  it("goes on behind a record that cannot be read, and says so", async () => {
    await makeRecord({ session_id: OLDER });
    await mkdir(join(auditRoot, "demo", ID), { recursive: true });
    const { exitCode, stdout, stderr } = await agentd(home, "audit", "ls", "--json");
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject([{ session_id: OLDER }]);
    expect(stderr).toContain(`cannot read ${join(auditRoot, "demo", ID)}/agentd/session.json`);
    expect(stderr).toContain("[record_unusable]");
  });

  it("reads no document that is huge, and says so; show does", async () => {
    await makeRecord({ session_id: OLDER });
    const excluded = Array.from({ length: 20_000 }, (_, number) => ({
      path: `runa/${"link".repeat(10)}-${number}`,
      reason: "symbolic link to nowhere",
    }));
    const { record } = await makeRecord({ excluded });
    const { exitCode, stdout, stderr } = await agentd(home, "audit", "ls", "--json");
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject([{ session_id: OLDER }]);
    expect(stderr).toMatch(`cannot read ${record}/agentd/session.json: it has `);
    expect(stderr).toContain(" bytes, and at most 1048576 are read");
    const shown = await agentd(home, "show", ID);
    expect(shown.exitCode).toBe(0);
    expect(shown.stdout).toContain("and 19995 more, see session.json");
  });

  it("says so when there are none", async () => {
    expect((await agentdOnTerminal(home, "audit", "ls")).stdout).toContain(
      `There are no records in ${auditRoot}.`,
    );
    expect((await agentd(home, "audit", "ls", "--json")).stdout).toBe("[]\n");
  });
});

describe("agentd audit show", () => {
  it("prints the record with its journal, in the fields that docs/json.md describes", async () => {
    const session = await makeRecord({});
    const { stdout } = await agentd(home, "audit", "show", ID, "--json");
    const record = JSON.parse(stdout) as Record<string, unknown>;
    expect(record).toEqual({
      ...session,
      runa_files: 3,
      runa_bytes: 13,
      events: JOURNAL.map((line) => JSON.parse(line) as unknown),
    });
    const described = (heading: string) =>
      tableRows(sections(page("json.md"), 2).get(heading) ?? "").filter((row) => row.length === 4);
    const fields = [...described("A session"), ...described("An audited record")].map(([field]) => field);
    expect(Object.keys(record).sort()).toEqual(fields.sort());
  });
});

describe("a record in which a file of agentd's is something else", () => {
  /** Puts a FIFO, a link or a directory where the file was. */
  async function replace(path: string, kind: string): Promise<void> {
    await rm(path, { force: true });
    if (kind === "FIFO") await execa("mkfifo", [path]);
    else if (kind === "symbolic link") await symlink("/dev/zero", path);
    else await mkdir(path);
  }

  describe.each(["FIFO", "symbolic link", "directory"])("such as a %s", (kind) => {
    const WHY = `it is a ${kind}, not a regular file`;

    it("is refused at once by show, audit ls and audit verify where it is session.json", async () => {
      const { record } = await makeRecord({});
      await replace(join(record, "agentd/session.json"), kind);
      const why = `cannot read ${record}/agentd/session.json: ${WHY}`;
      for (const command of [
        ["show", ID],
        ["audit", "show", ID],
        ["audit", "ls"],
      ]) {
        const { exitCode, stderr } = await agentd(home, ...command);
        expect([command, exitCode]).toEqual([command, 1]);
        expect(stderr).toContain(why);
      }
      const { exitCode, stdout } = await agentd(home, "audit", "verify", ID);
      expect(exitCode).toBe(3);
      expect(stdout).toContain(why);
    });

    it("is refused at once by logs where it is console.log", async () => {
      const { record } = await makeRecord({});
      await replace(join(record, "agentd/console.log"), kind);
      const why = `cannot read ${record}/agentd/console.log: ${WHY}`;
      for (const options of [[], ["--tail", "5"], ["--follow"]]) {
        const { exitCode, stderr } = await agentd(home, "logs", ...options, ID);
        expect([options, exitCode]).toEqual([options, 1]);
        expect(stderr).toContain(why);
      }
    });

    it("is told by show and audit verify where it is events.jsonl", async () => {
      const { record } = await makeRecord({ outcome: null, exit_code: null, end_timestamp: null });
      await replace(join(record, "agentd/events.jsonl"), kind);
      const verified = await agentd(home, "audit", "verify", ID);
      expect([verified.exitCode, verified.stdout]).toEqual([1, expect.stringContaining(WHY)]);
      const sealed = await makeRecord({ session_id: OLDER });
      await replace(join(sealed.record, "agentd/events.jsonl"), kind);
      const shown = await agentd(home, "show", OLDER);
      expect([shown.exitCode, shown.stdout]).toEqual([
        0,
        expect.stringContaining("The journal is not shown"),
      ]);
      expect(shown.stdout).toContain(WHY);
    });
  });
});

/** The lines of a journal, each with the digest of the one before. */
function chained(entries: readonly object[]): string[] {
  const lines: string[] = [];
  for (const entry of entries) {
    const last = lines.at(-1);
    const prev = last === undefined ? null : createHash("sha256").update(last).digest("hex");
    lines.push(JSON.stringify({ ...entry, prev }));
  }
  return lines;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
