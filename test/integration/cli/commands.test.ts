import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Handlers } from "../../../src/api/handlers.ts";
import type { Params, Reload } from "../../../src/api/methods.ts";
import { AgentdError } from "../../../src/errors.ts";
import type { ProfileView } from "../../../src/profile/view.ts";
import { listed as withoutExcluded, sessionDocumentSchema } from "../../../src/session-document.ts";
import { page, sections, tableRows } from "../../kit/markdown.ts";
import {
  listed,
  RELOADED,
  sealed,
  type SmallDaemon,
  startSmallDaemon,
  STATUS,
  view,
} from "../../kit/small-daemon.ts";
import { agentd, agentdInto, agentdOnTerminal } from "./installed-cli.ts";

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
    [["profiles"], 1],
    [["stop", "--all"], 1],
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

  it.each([[["logs"]], [["show"]], [["audit", "show"]], [["audit", "verify"]]])(
    "agentd %j looks for the record on disk",
    async (words) => {
      const result = await agentd(home, ...words, "abc");
      expect(result).toMatchObject({ exitCode: 1, stdout: "" });
      expect(result.stderr).toContain("[unknown_session]");
    },
  );

  it("agentd audit verify --json prints the fields that docs/json.md describes", async () => {
    const record = join(home, ".local/state/tesserine/audit/demo", ID);
    await mkdir(record, { recursive: true });
    const { exitCode, stdout } = await agentd(home, "audit", "verify", "--json", ID);
    const verification = JSON.parse(stdout) as Record<string, unknown>;
    expect(exitCode).toBe(3);
    expect(verification).toMatchObject({ session_id: ID, record, status: "incomplete" });
    const rows = tableRows(sections(page("json.md"), 2).get("A verification") ?? "");
    expect(Object.keys(verification).sort()).toEqual(rows.map(([field]) => field).sort());
  });

  it("agentd logs -f says that it cannot tell the end of a session that is open", async () => {
    const record = join(home, ".local/state/tesserine/audit/demo", ID, "agentd");
    await mkdir(record, { recursive: true });
    await writeFile(join(record, "session.json"), JSON.stringify(sessionDocumentSchema.parse(view())));
    await writeFile(join(record, "console.log"), "2026-01-02T03:04:05Z stdout F hello\n");
    const result = await agentd(home, "logs", "-f", "--raw", ID);
    expect(result).toMatchObject({ exitCode: 1, stdout: "hello\n" });
    expect(result.stderr).toContain("[daemon_not_running]");
    // Nobody knows its credentials any more.
    const refused = await agentd(home, "logs", ID);
    expect(refused).toMatchObject({ exitCode: 1, stdout: "" });
    expect(refused.stderr).toContain("[redaction_unavailable]");
  });

  it("agentd logs prints the log of a record on disk", async () => {
    const record = join(home, ".local/state/tesserine/audit/demo", ID, "agentd");
    await mkdir(record, { recursive: true });
    await writeFile(join(record, "console.log"), "2026-01-02T03:04:05Z stdout F hello\n");
    const result = await agentd(home, "logs", "--raw", ID.slice(0, 6));
    expect(result).toMatchObject({ exitCode: 0, stdout: "hello\n", stderr: "" });
  });
});

describe("an output that cannot be written", () => {
  it.each([
    ["ps --help", 1],
    ["ps", 1],
    [`wait ${ID} --json`, 125],
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
        listed(
          view({ work_unit: "issue-42", state: "queued", position: 2 }),
          sealed({ session_id: "0198f2a4c6e80000", work_unit: "\x1b[2J", outcome: "blocked", exit_code: 3 }),
        ),
    });
    const { stdout } = await agentd(directory, "ps", "-a");
    const [header, ...rows] = stdout.trimEnd().split("\n");
    expect(header?.split(/ {2,}/)).toEqual([
      ...["SESSION", "PROFILE", "STATE", "EXIT", "WORK UNIT", "AGE", "TOOK", "REPOSITORY"],
    ]);
    expect(rows.map((row) => row.replace(/\d+ d /, "N d ").split(/ {2,}/))).toEqual([
      ["e81234", "demo", "queued #2", "-", "issue-42", "N d", "-", "https://example.org/demo.git"],
      ["e80000", "demo", "blocked", "3", "\\x1b[2J", "N d", "1.5 s", "https://example.org/demo.git"],
    ]);
  });

  it.each([
    [[], 104, "agentd: 2 of 104 shown; see more with --limit\n"],
    [["--json"], 104, "agentd: 2 of 104 shown; see more with --limit\n"],
    [["--failed"], null, "agentd: 2 shown; there may be more, see --limit\n"],
    [[], 2, ""],
  ])("with %j says on standard error how many of %j it shows", async (options, total, stderr) => {
    const sessions = [view(), sealed()];
    const directory = await start({ list: () => Promise.resolve({ sessions, unreadable: [], total }) });
    const result = await agentd(directory, "ps", "-a", ...options);
    expect(result).toMatchObject({ exitCode: 0, stderr });
    expect(result.stdout).not.toContain("shown");
  });

  it("asks for sessions since and until an instant", async () => {
    const asked: Params<"list">[] = [];
    const directory = await start({ list: (given) => (asked.push(given), listed()) });
    const beforeMs = Date.now();
    await agentd(directory, "ps", "--since", "2w", "--until", "2026-01-02T03:04:05Z");
    expect(asked).toMatchObject([{ all: true, limit: 20, until_timestamp: "2026-01-02T03:04:05.000Z" }]);
    const sinceMs = Date.parse(asked[0]?.since_timestamp ?? "");
    expect(sinceMs).toBeGreaterThanOrEqual(beforeMs - 14 * 86_400_000);
    expect(sinceMs).toBeLessThanOrEqual(Date.now() - 14 * 86_400_000);
    await agentd(directory, "ps", "--since", "999999999w");
    expect(asked[1]?.since_timestamp).toBe("1970-01-01T00:00:00.000Z");
  });

  it.each([
    [[], { all: false, limit: 1000 }],
    [["-a"], { all: true, limit: 20 }],
    [["-a", "--limit", "5"], { all: true, limit: 5 }],
    [["--profile", "demo"], { all: false, limit: 1000, profile: "demo" }],
    [["--failed"], { all: true, limit: 20, failed: true }],
  ])("with %j asks for %o", async (options, params) => {
    const asked: unknown[] = [];
    const directory = await start({ list: (given) => (asked.push(given), listed()) });
    const result = await agentd(directory, "ps", "--json", ...options);
    expect(result).toMatchObject({ exitCode: 0, stdout: "[]\n" });
    expect(asked).toEqual([params]);
  });

  it("prints the views as a JSON array", async () => {
    const directory = await start({ list: () => listed(view()) });
    const { stdout } = await agentd(directory, "ps", "--json");
    expect(JSON.parse(stdout)).toEqual([withoutExcluded(view())]);
  });

  it("lists what can be read, and names what cannot", async () => {
    const why = "cannot read /r/0198f2a4c6e80000/agentd/session.json: it is not JSON";
    const unreadable = [{ session_id: "0198f2a4c6e80000", record: "/r/0198f2a4c6e80000", why }];
    const directory = await start({
      list: () => Promise.resolve({ sessions: [view()], unreadable, total: 2 }),
    });
    const result = await agentd(directory, "ps", "-a", "--json");
    expect(result).toMatchObject({
      exitCode: 1,
      stderr: `agentd: /r/0198f2a4c6e80000 is not listed: ${why}\n`,
    });
    expect(JSON.parse(result.stdout)).toEqual([withoutExcluded(view())]);
  });
});

describe("agentd ps on a terminal", () => {
  it("says what there is not, and where to look", async () => {
    const directory = await start({ list: () => listed() });
    expect((await agentdOnTerminal(directory, "ps")).stdout).toBe(
      "No sessions are queued or running. `agentd ps -a` lists ended sessions.\r\n",
    );
    expect((await agentdOnTerminal(directory, "ps", "-a")).stdout).toBe("There are no sessions yet.\r\n");
    expect((await agentd(directory, "ps", "-a")).stdout).toBe(
      "SESSION  PROFILE  STATE  WORK UNIT  AGE  REPOSITORY\n",
    );
  });

  it("shows why something waits, for which the repository gives way, and colours what runs", async () => {
    const list = () =>
      listed(
        view({ state: "queued", position: 1, reason: "all 1 slots of daemon.max_sessions are taken" }),
        view({ state: "running" }),
      );
    const directory = await start({ list });
    const [header = "", queued = "", running = ""] = (await agentdOnTerminal(directory, "ps")).stdout.split(
      "\r\n",
    );
    expect(header).not.toContain("REPOSITORY");
    expect(header).toContain("REASON");
    expect(queued).toMatch(/^e81234 +demo +queued #1 .* all 1 slots of daemon\.max_sessions are taken$/);
    expect(running).toContain("\x1b[36mrunning\x1b[39m");
    const piped = await agentd(directory, "ps");
    expect(piped.stdout).toContain("  all 1 slots of daemon.max_sessions are taken\n");
    expect(piped.stdout).not.toContain("\x1b");
  });
});

describe("agentd profiles", () => {
  const PROFILE: ProfileView = {
    name: "demo",
    agent: null,
    image: "localhost/demo",
    pull: "missing",
    command: ["demo", "exec"],
    repo: null,
    ref: null,
    workspace: "clone",
    directory: null,
    schedule: "0 3 * * *",
    schedules: ["issues"],
    max_sessions: null,
    timeout_ms: 7_200_000,
    grace_ms: 10_000,
    network: "private",
    allow: [],
    memory_bytes: 2 * 1024 ** 3,
    disk_bytes: null,
    cpus: 0.5,
    pids: 2048,
    runtime: null,
    read_only_root: true,
    tmp_bytes: 1024 ** 3,
    shm_bytes: null,
    devices: [],
    cap_add: [],
    budget: null,
    publishes: false,
    credentials: ["GITHUB_TOKEN"],
  };

  it("prints a table for people and an array for programs", async () => {
    const directory = await start({ profiles: () => Promise.resolve([PROFILE]) });
    expect((await agentd(directory, "profiles")).stdout).toBe(
      "NAME  IMAGE           TIMEOUT  MEMORY   CPUS  PIDS  SCHEDULE           REPOSITORY\n" +
        "demo  localhost/demo  2 h      2.0 GiB  0.5   2048  0 3 * * *, issues  -\n",
    );
    expect(JSON.parse((await agentd(directory, "profiles", "--json")).stdout)).toEqual([PROFILE]);
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
    expect(stdout).toContain("  kept        1 ended session, 3.0 MiB of at most 20 GiB\n");
    expect(stdout).toContain("  incomplete  0198f2a4c6e81234: the container cannot be removed\n");
    expect(stdout).toContain(
      "  gateway     process 4712, 45 MiB of memory, 2 sessions, 1 with language models: 3 requests in flight\n",
    );
    expect(JSON.parse((await agentd(directory, "status", "--json")).stdout)).toEqual(STATUS);
  });
});

describe("agentd status of a daemon without a gateway", () => {
  it("says nothing of one", async () => {
    const directory = await start({ status: () => Promise.resolve({ ...STATUS, gateway: null }) });
    const { stdout, exitCode } = await agentd(directory, "status");
    expect(exitCode).toBe(0);
    expect(stdout).not.toContain("gateway");
  });
});

describe("agentd reload", () => {
  it("prints what has changed for people, and an object for programs", async () => {
    const directory = await start({});
    expect((await agentd(directory, "reload")).stdout).toBe(
      "reloaded /home/demo/.config/agentd/agentd.toml\n" +
        "  profiles added       reviewer\n" +
        "  profiles removed     tester, demo\n" +
        "  schedules changed    reviewer\n" +
        "  settings changed     daemon.max_sessions\n" +
        "  credentials changed  SITE_TOKEN\n" +
        "  needs a restart      daemon.audit_root\n",
    );
    expect(JSON.parse((await agentd(directory, "reload", "--json")).stdout)).toEqual(RELOADED);
  });

  it("says so when nothing has changed", async () => {
    const lists = Object.entries(RELOADED).map(([name, value]) => [name, Array.isArray(value) ? [] : value]);
    const unchanged = Object.fromEntries(lists) as Reload;
    const directory = await start({ reload: () => Promise.resolve(unchanged) });
    expect((await agentd(directory, "reload")).stdout).toBe(
      "reloaded /home/demo/.config/agentd/agentd.toml: no changes\n",
    );
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
});

describe("agentd stop", () => {
  it("passes the grace on and returns when the session is sealed", async () => {
    const calls: unknown[] = [];
    const directory = await start({
      stop: (params) => Promise.resolve((calls.push(params), view())),
      wait: (params) => Promise.resolve((calls.push(params), sealed({ outcome: "cancelled" }))),
    });
    const result = await agentd(directory, "stop", ID, "--grace", "1m");
    expect(result).toMatchObject({ exitCode: 0, stdout: "" });
    expect(result.stderr).toContain("cancelled in 1.5 s");
    expect(calls).toEqual([{ session: ID, grace_ms: 60_000 }, { session: ID }]);
  });
});

describe("a session that is named otherwise than by its id", () => {
  it.each([
    [
      ["wait", "demo"],
      ["show demo", `wait ${ID}`],
    ],
    [
      ["wait", "-l"],
      ["list", `wait ${ID}`],
    ],
    [
      ["stop", "e81234"],
      ["show e81234", `stop ${ID}`, `wait ${ID}`],
    ],
    [
      ["stop", "--latest"],
      ["list", `stop ${ID}`, `wait ${ID}`],
    ],
    [["show", "demo", "--json"], ["show demo"]],
    [
      ["show", "-l", "--json"],
      ["list", `show ${ID}`],
    ],
    [
      ["logs", "--latest"],
      ["list", `show ${ID}`],
    ],
  ])("is one and the same for all that %j asks", async (argv, expected) => {
    const calls: string[] = [];
    const one = (method: string) => (params: { session: string }) =>
      Promise.resolve((calls.push(`${method} ${params.session}`), sealed()));
    const directory = await start({
      list: (params) => {
        expect(params).toEqual({ all: true, limit: 1 });
        return (calls.push("list"), listed(sealed()));
      },
      ...{ show: one("show"), wait: one("wait"), stop: one("stop") },
    });
    expect((await agentd(directory, ...argv)).exitCode).toBe(0);
    expect(calls).toEqual(expected);
  });

  it("is an error where there is none", async () => {
    const directory = await start({ list: () => listed() });
    const result = await agentd(directory, "wait", "-l");
    expect(result.exitCode).toBe(125);
    expect(result.stderr).toContain(
      "cannot find the newest session: there are no sessions yet [unknown_session]",
    );
  });
});

describe("agentd alone", () => {
  it("is help on a terminal, and the daemon elsewhere", async () => {
    const onTerminal = await agentdOnTerminal(home);
    expect(onTerminal.exitCode).toBe(0);
    expect(onTerminal.stdout).toContain("Usage: agentd [options] [command]");
    const elsewhere = await agentd(home);
    expect(elsewhere.exitCode).toBe(1);
    expect(elsewhere.stderr).toContain("[config_not_found]");
  });
});

describe("agentd stop --all", () => {
  it("stops the newest first, so that nothing leaves the queue, and waits for all", async () => {
    const calls: string[] = [];
    const ids = ["0198f2a4c6e80003", "0198f2a4c6e80002", "0198f2a4c6e80001"];
    const directory = await start({
      list: () => listed(...ids.map((id) => view({ session_id: id }))),
      stop: ({ session }) => Promise.resolve((calls.push(`stop ${session}`), view({ session_id: session }))),
      wait: ({ session }) =>
        Promise.resolve(
          (calls.push(`wait ${session}`), sealed({ session_id: session, outcome: "cancelled" })),
        ),
    });
    const result = await agentd(directory, "stop", "--all");
    expect(result).toMatchObject({ exitCode: 0, stdout: "" });
    expect(calls).toEqual([...ids.map((id) => `stop ${id}`), ...ids.map((id) => `wait ${id}`)]);
    for (const id of ids) expect(result.stderr).toContain(`session ${id} cancelled in 1.5 s`);
  });

  it("says so when there is nothing to stop", async () => {
    const directory = await start({ list: () => listed() });
    expect(await agentd(directory, "stop", "--all")).toMatchObject({
      exitCode: 0,
      stderr: "agentd: no session to stop\n",
    });
  });

  it.each([[[]], [[ID, "--all"]], [["-l", "-a"]], [[ID, "-l"]]])(
    "is one session or all of them, never %j",
    async (words) => {
      const result = await agentd(home, "stop", ...words);
      expect(result).toMatchObject({ exitCode: 2, stdout: "" });
      expect(result.stderr).toContain("give exactly one of a session, --latest and --all [usage]");
    },
  );
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
