import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AgentdError } from "../../../src/errors.ts";
import type { Handlers } from "../../../src/rpc/methods.ts";
import { sessionDocumentSchema } from "../../../src/session-document.ts";
import { sealed, startSmallDaemon, STATUS, view, type SmallDaemon } from "../rpc/small-daemon.ts";
import { page, sections, tableRows } from "../../unit/rpc/markdown.ts";
import { agentd, agentdInto } from "./installed-cli.ts";

const ID = "0198f2a4c6e81234";

let daemon: SmallDaemon | undefined;
let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "agentd-home-"));
});

afterEach(async () => {
  await daemon?.stop();
  daemon = undefined;
  await rm(home, { recursive: true });
});

async function start(handlers: Partial<Handlers>): Promise<string> {
  daemon = await startSmallDaemon(handlers);
  return daemon.directory;
}

describe("without a daemon", () => {
  it.each([
    [["ps"], 1],
    [["status"], 1],
    [["stop", "abc"], 1],
    [["run", "demo"], 125],
    [["wait", "abc"], 125],
  ])("agentd %j says how to start one and exits with %d", async (argv, exitCode) => {
    const result = await agentd(home, ...argv);
    expect(result).toMatchObject({ exitCode, stdout: "" });
    expect(result.stderr).toBe(
      `agentd: cannot reach the daemon on ${home}/agentd.sock: no daemon listens there [daemon_not_running]\n` +
        "  Start it with `systemctl --user start agentd` or `agentd daemon`.\n",
    );
  });

  it.each([[["logs"]], [["audit", "verify"]]])("agentd %j looks for the record on disk", async (words) => {
    const result = await agentd(home, ...words, "abc");
    expect(result).toMatchObject({ exitCode: 1, stdout: "" });
    expect(result.stderr).toContain("[unknown_session]");
  });

  it("agentd audit verify --json prints the fields that docs/json.md describes", async () => {
    const record = join(home, ".local/state/tesserine/audit/demo", ID);
    await mkdir(record, { recursive: true });
    const { exitCode, stdout } = await agentd(home, "audit", "verify", "--json", ID);
    const verification = JSON.parse(stdout) as Record<string, unknown>;
    expect(exitCode).toBe(1);
    expect(verification).toMatchObject({ session_id: ID, record, status: "incomplete" });
    const rows = tableRows(sections(page("json.md"), 2).get("A verification") ?? "");
    expect(Object.keys(verification).sort()).toEqual(rows.map(([field]) => field).sort());
  });

  it("agentd logs -f says that it cannot tell the end of a session that is open", async () => {
    const record = join(home, ".local/state/tesserine/audit/demo", ID, "agentd");
    await mkdir(record, { recursive: true });
    await writeFile(join(record, "session.json"), JSON.stringify(sessionDocumentSchema.parse(view())));
    await writeFile(join(record, "console.log"), "2026-01-02T03:04:05Z stdout F hello\n");
    const result = await agentd(home, "logs", "-f", ID);
    expect(result).toMatchObject({ exitCode: 1, stdout: "hello\n" });
    expect(result.stderr).toContain("[daemon_not_running]");
  });

  it("agentd logs prints the log of a record on disk", async () => {
    const record = join(home, ".local/state/tesserine/audit/demo", ID, "agentd");
    await mkdir(record, { recursive: true });
    await writeFile(join(record, "console.log"), "2026-01-02T03:04:05Z stdout F hello\n");
    const result = await agentd(home, "logs", ID.slice(0, 6));
    expect(result).toMatchObject({ exitCode: 0, stdout: "hello\n", stderr: "" });
  });
});

describe("an output that cannot be written", () => {
  it.each([
    ["ps --help", 1],
    ["ps", 1],
    ["wait abc --json", 125],
  ])("is an error of agentd %s", async (words, exitCode) => {
    const directory = await start({ wait: () => Promise.resolve(sealed()) });
    const result = await agentdInto("/dev/full", directory, ...words.split(" "));
    expect(result.exitCode).toBe(exitCode);
    expect(result.stderr).toContain("agentd: cannot write the output: ENOSPC");
    expect(result.stderr).toContain("[output_failed]");
  });
});

describe("agentd ps", () => {
  it("prints a table, with nothing in it that a user could move the cursor with", async () => {
    const directory = await start({
      list: () =>
        Promise.resolve([
          view({ work_unit: "issue-42", state: "queued", position: 2 }),
          sealed({ session_id: "0198f2a4c6e80000", work_unit: "\x1b[2J", outcome: "blocked", exit_code: 3 }),
        ]),
    });
    const { stdout } = await agentd(directory, "ps", "-a");
    const [header, ...rows] = stdout.trimEnd().split("\n");
    expect(header).toBe("SESSION           PROFILE  STATE      WORK UNIT  AGE    REPOSITORY");
    expect(rows.map((row) => row.replace(/\d+ d /, "N d    "))).toEqual([
      `${ID}  demo     queued #2  issue-42   N d     https://example.org/demo.git`,
      "0198f2a4c6e80000  demo     blocked    \\x1b[2J    N d     https://example.org/demo.git",
    ]);
  });

  it.each([
    [[], { all: false, limit: 1000 }],
    [["-a"], { all: true, limit: 20 }],
    [["-a", "--limit", "5"], { all: true, limit: 5 }],
  ])("with %j asks for %o", async (options, params) => {
    const asked: unknown[] = [];
    const directory = await start({ list: (given) => Promise.resolve((asked.push(given), [])) });
    const result = await agentd(directory, "ps", "--json", ...options);
    expect(result).toMatchObject({ exitCode: 0, stdout: "[]\n" });
    expect(asked).toEqual([params]);
  });

  it("prints the views as a JSON array", async () => {
    const directory = await start({ list: () => Promise.resolve([view()]) });
    const { stdout } = await agentd(directory, "ps", "--json");
    expect(JSON.parse(stdout)).toEqual([view()]);
  });
});

describe("agentd status", () => {
  it("prints a block for people and an object for programs", async () => {
    const directory = await start({});
    const { stdout } = await agentd(directory, "status");
    expect(stdout).toMatch(/^agentd 0\.1\.0, running for .* as process 4711\n/);
    expect(stdout).toContain(
      "  sessions    2 running, 1 preparing, 0 finishing, 0 queued; at most 2 at once\n",
    );
    expect(stdout).toContain("  incomplete  0198f2a4c6e81234: the container cannot be removed\n");
    expect(JSON.parse((await agentd(directory, "status", "--json")).stdout)).toEqual(STATUS);
  });
});

describe("agentd wait", () => {
  it.each([
    [{}, 0, "success in 1.5 s\n"],
    [
      { outcome: "work_failed", exit_code: 5 } as const,
      5,
      "work_failed in 1.5 s\n  the record is /nonexistent/record\n",
    ],
    [{ outcome: "generic_failure", exit_code: 42 } as const, 42, "generic_failure (exit code 42) in 1.5 s\n"],
    [
      {
        outcome: "launch_failed",
        exit_code: null,
        start_timestamp: null,
        stage: "clone",
        cause: "no route to host",
      } as const,
      125,
      "launch_failed (clone): no route to host\n",
    ],
    [{ outcome: "interrupted", exit_code: null } as const, 75, "interrupted in 1.5 s\n"],
    [
      { outcome: "terminated_by_signal", exit_code: 139, signal: "SIGSEGV" } as const,
      139,
      "(SIGSEGV) in 1.5 s\n",
    ],
  ])("exits as the session ended: %o", async (end, exitCode, text) => {
    const directory = await start({ wait: () => Promise.resolve(sealed(end)) });
    const result = await agentd(directory, "wait", ID);
    expect(result).toMatchObject({ exitCode, stdout: "" });
    expect(result.stderr).toContain(`agentd: session ${ID} `);
    expect(result.stderr).toContain(text);
  });

  it("names the session when the daemon goes away", async () => {
    const directory = await start({
      wait: (_params, { signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason as Error));
          setImmediate(() => void daemon?.server.close());
        }),
    });
    const result = await agentd(directory, "wait", ID);
    expect(result).toMatchObject({ exitCode: 125, stdout: "" });
    expect(result.stderr).toContain(`agentd: cannot wait for session ${ID}: `);
    expect(result.stderr).toContain(`When the daemon is back: \`agentd wait ${ID}\`.`);
  });
});

describe("agentd stop", () => {
  it("passes the grace on and returns when the session is sealed", async () => {
    const calls: unknown[] = [];
    const directory = await start({
      stop: (params) => Promise.resolve((calls.push(params), view())),
      wait: (params) => Promise.resolve((calls.push(params), sealed({ outcome: "cancelled" }))),
    });
    const result = await agentd(directory, "stop", ID.slice(0, 4), "--grace", "1m");
    expect(result).toMatchObject({ exitCode: 0, stdout: "" });
    expect(result.stderr).toContain("cancelled in 1.5 s");
    expect(calls).toEqual([{ session: ID.slice(0, 4), grace_ms: 60_000 }, { session: ID }]);
  });
});

describe("an error of the daemon", () => {
  it("reaches the operator with its code and what to do next", async () => {
    const directory = await start({
      run: () =>
        Promise.reject(
          new AgentdError("unknown_profile", {
            tried: "run nope",
            why: "no profile is called nope",
            next: "Declare it.",
          }),
        ),
    });
    const result = await agentd(directory, "run", "nope");
    expect(result).toMatchObject({ exitCode: 125, stdout: "" });
    expect(result.stderr).toBe(
      "agentd: cannot run nope: no profile is called nope [unknown_profile]\n  Declare it.\n",
    );
  });
});
