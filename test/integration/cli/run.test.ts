import { appendFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Handlers } from "../../../src/api/handlers.ts";
import type { Params, Status } from "../../../src/api/methods.ts";
import type { SessionView } from "../../../src/session-document.ts";
import { sealed, type SmallDaemon, startSmallDaemon, STATUS, view } from "../../kit/small-daemon.ts";
import { agentd, agentdOnTerminal } from "./installed-cli.ts";

const AT = "2026-01-02T03:04:05.123456789+00:00";
const WAIT = { timeout: 60_000, interval: 10 };

let record: string;
let log: string;
let daemon: SmallDaemon;
let requests: Params<"run">[];
let stops: number;
/** How often somebody asked how the session stands, and what they were told. */
let daemonStatus: Status;
let standing: Partial<SessionView>;
let end: (fields?: Partial<SessionView>) => void;

beforeEach(async () => {
  record = await mkdtemp(join(tmpdir(), "agentd-record-"));
  log = join(record, "agentd", "console.log");
  await mkdir(join(record, "agentd"));
  requests = [];
  stops = 0;
  standing = { state: "running" };
  daemonStatus = STATUS;
  let ended: (view: SessionView) => void = () => undefined;
  const seal = new Promise<SessionView>((resolve) => (ended = resolve));
  end = (fields = {}) => ended(sealed({ record, ...fields }));
  const handlers: Partial<Handlers> = {
    run: (params) => {
      requests.push(params);
      return Promise.resolve(view({ record }));
    },
    show: () => {
      return Promise.resolve(view({ record, ...standing }));
    },
    stop: () => {
      stops += 1;
      return Promise.resolve(view({ record }));
    },
    wait: () => seal,
    status: () => Promise.resolve(daemonStatus),
  };
  daemon = await startSmallDaemon(handlers);
});

afterEach(async () => {
  end();
  await daemon.stop();
  await rm(record, { recursive: true });
});

const start = (...argv: string[]) => agentd(daemon.directory, ...argv);

/** What the process has printed so far, as it comes. */
function live(stream: NodeJS.ReadableStream | null): () => string {
  let text = "";
  stream?.on("data", (chunk: Buffer) => (text += chunk.toString()));
  return () => text;
}

describe("agentd run", () => {
  it("asks with all that was given and an id of its own", async () => {
    end();
    await start("run", "demo", "https://x/r.git", "--work-unit", "w", "--ref", "v1", "--timeout", "2m");
    await start("run", "demo");
    expect(requests).toMatchObject([
      { profile: "demo", repo: "https://x/r.git", work_unit: "w", ref: "v1", timeout_ms: 120_000 },
      { profile: "demo" },
    ]);
    expect(Object.keys(requests[1] ?? {})).toEqual(["request_id", "profile"]);
    expect(requests[0]?.request_id).toMatch(/^[0-9a-f-]{36}$/);
    expect(requests[0]?.request_id).not.toBe(requests[1]?.request_id);
  });

  it.each([
    ["nothing", {}, ""],
    [
      "files that have changed",
      { changed_files: ["/etc/a.toml", "/etc/b.env"] },
      "agentd: /etc/a.toml and /etc/b.env changed since the daemon read it: apply the change with `agentd reload`\n",
    ],
    [
      "that the daemon is of another version",
      { version: "0.0.9" },
      /^agentd: the daemon is agentd 0\.0\.9, and this is agentd \d.*: restart the daemon\n$/,
    ],
    ["nothing of a daemon that does not tell", { changed_files: undefined }, ""],
  ])("tells on standard error of %s", async (_, status, told) => {
    standing = {};
    daemonStatus = { ...STATUS, ...status } as Status;
    const { stderr, exitCode } = await start("run", "demo", "--detach");
    expect(exitCode).toBe(0);
    if (typeof told === "string") expect(stderr).toBe(told);
    else expect(stderr).toMatch(told);
    end();
    expect((await start("run", "demo")).stderr).toContain(stderr);
  });

  it("prints the session's output live, each stream on its own, and exits as it does", async () => {
    const run = start("run", "demo");
    const [stdout, stderr] = [live(run.stdout), live(run.stderr)];
    await vi.waitFor(() => expect(stderr()).toContain("accepted"), WAIT);
    await writeFile(log, `${AT} stdout F hello\n`);
    await vi.waitFor(() => expect(stdout()).toBe("hello\n"), WAIT);
    await appendFile(log, `${AT} stderr F oops\n${AT} stdout P no newline\n`);
    end({ outcome: "work_failed", exit_code: 5 });
    const result = await run;
    expect(result).toMatchObject({ exitCode: 5, stdout: "hello\nno newline" });
    expect(result.stderr).toBe(
      `agentd: session 0198f2a4c6e81234 accepted, recorded in ${record}\noops\n` +
        `agentd: session 0198f2a4c6e81234 work_failed in 1.5 s\n  the record is ${record}\n`,
    );
  });

  it("prints one JSON object and nothing else on stdout with --json", async () => {
    await writeFile(log, `${AT} stdout F hello\n`);
    end({ outcome: "blocked", exit_code: 3 });
    const result = await start("run", "demo", "--json");
    expect(result.exitCode).toBe(0);
    expect(JSON.parse(result.stdout)).toEqual(sealed({ record, outcome: "blocked", exit_code: 3 }));
    expect(result.stderr).toContain("hello\n");
  });

  it("prints only the id with --detach, and the view with --json", async () => {
    expect(await start("run", "demo", "--detach")).toMatchObject({
      exitCode: 0,
      stdout: "0198f2a4c6e81234\n",
      stderr: "",
    });
    const { stdout } = await start("run", "demo", "--detach", "--json");
    expect(JSON.parse(stdout)).toEqual(view({ record }));
  });

  it("asks the session to stop at the first Ctrl-C and stays until it has", async () => {
    const run = start("run", "demo");
    const stderr = live(run.stderr);
    await vi.waitFor(() => expect(stderr()).toContain("accepted"), WAIT);
    run.kill("SIGINT");
    await vi.waitFor(() => expect(stops).toBe(1), WAIT);
    await writeFile(log, `${AT} stdout F cleaning up\n`);
    end({ outcome: "cancelled", exit_code: 143 });
    expect(await run).toMatchObject({ exitCode: 130, stdout: "cleaning up\n" });
    expect(stops).toBe(1);
  });

  it("leaves the session alone at the second Ctrl-C and says how to follow it", async () => {
    const run = start("run", "demo");
    const stderr = live(run.stderr);
    await vi.waitFor(() => expect(stderr()).toContain("accepted"), WAIT);
    run.kill("SIGTERM");
    await vi.waitFor(() => expect(stops).toBe(1), WAIT);
    run.kill("SIGINT");
    expect(await run).toMatchObject({ exitCode: 130 });
    expect(stderr()).toContain("follow it with `agentd logs -f 0198f2a4c6e81234`");
    expect(stops).toBe(1);
  });

  it("goes on to the session's end when nobody reads its output any more", async () => {
    const run = start("run", "demo");
    const [stdout, stderr] = [live(run.stdout), live(run.stderr)];
    await writeFile(log, `${AT} stdout F one\n`);
    await vi.waitFor(() => expect(stdout()).toBe("one\n"), WAIT);
    run.stdout.destroy();
    await appendFile(log, `${AT} stdout F two\n${AT} stdout F three\n${AT} stderr F still here\n`);
    await vi.waitFor(() => expect(stderr()).toContain("still here"), WAIT);
    end({ outcome: "generic_failure", exit_code: 42 });
    expect(await run).toMatchObject({ exitCode: 42 });
    expect(stderr()).not.toContain("EPIPE");
  });
});

describe("agentd run on a terminal", () => {
  const QUEUED: Partial<SessionView> = { state: "queued", position: 1, reason: "all places are taken" };

  it("shows what it waits for, until its command prints something", async () => {
    standing = QUEUED;
    const run = agentdOnTerminal(daemon.directory, "run", "demo");
    const screen = live(run.stdout);
    await vi.waitFor(
      () => expect(screen()).toMatch(/agentd: queued #1 for \d+ \w+: all places are taken/),
      WAIT,
    );
    standing = { state: "preparing", reason: "cloning https://x/r.git" };
    await vi.waitFor(() => expect(screen()).toContain("cloning https://x/r.git"), WAIT);
    await writeFile(log, `${AT} stdout F hello\n`);
    await vi.waitFor(() => expect(screen()).toContain("\r\x1b[Khello\r\n"), WAIT);
    end();
    await run;
    expect(screen().slice(screen().indexOf("hello"))).not.toContain("cloning");
  });

  it("takes the line away before it says that it stops", async () => {
    standing = QUEUED;
    const run = agentdOnTerminal(daemon.directory, "run", "demo");
    const screen = live(run.stdout);
    await vi.waitFor(() => expect(screen()).toContain("all places are taken"), WAIT);
    run.stdin.write("\x03");
    await vi.waitFor(() => expect(screen()).toContain("\r\x1b[Kagentd: stopping session"), WAIT);
    end({ outcome: "cancelled", exit_code: null });
    expect((await run).exitCode).toBe(130);
  });

  it("shows nothing of it when standard error is no terminal", async () => {
    standing = QUEUED;
    const run = start("run", "demo");
    const stderr = live(run.stderr);
    await vi.waitFor(() => expect(stderr()).toContain("accepted"), WAIT);
    await writeFile(log, `${AT} stdout F hello\n`);
    end();
    expect((await run).stderr).toBe(
      `agentd: session 0198f2a4c6e81234 accepted, recorded in ${record}\n` +
        "agentd: session 0198f2a4c6e81234 success in 1.5 s\n",
    );
  });
});

/** What a session may print to do harm, and what of it may come to a terminal. */
const HARMFUL = Buffer.from(
  "\x1b]0;title\x07\x1b]52;c;cm0=\x07\x1b[2J\x1b[?25l\x1b[31mred\x9b\xc2\x9b1A \x1b]8;;http://x\x1b\\link",
  "latin1",
);
const HARMLESS = "\x1b[31mred link";

async function printHarmful(ending: "F" | "P" = "P"): Promise<void> {
  await writeFile(log, Buffer.concat([Buffer.from(`${AT} stdout ${ending} `), HARMFUL, Buffer.from("\n")]));
}

describe("what a session prints", () => {
  it.each([
    ["run", "demo"],
    ["logs", "-f", "0198f2a4c6e81234"],
  ])(
    "comes to a terminal as text and colours alone, and agentd's own line in no colour below it: %s %s",
    async (...argv) => {
      await printHarmful();
      end();
      const { stdout } = await agentdOnTerminal(daemon.directory, ...argv);
      expect(stdout).toContain(`${HARMLESS}\x1b[0m`);
      expect(stdout).toMatch(/link\x1b\[0m\r\nagentd: session 0198f2a4c6e81234 success in 1\.5 s\r\n$/);
      expect(stdout).not.toMatch(/\x1b\]|\x1b\[2J|\x1b\[\?25l|\x9b/);
    },
  );

  it.each([
    ["run", "demo", "--raw"],
    ["logs", "--raw", "-f", "0198f2a4c6e81234"],
  ])(
    "comes to a terminal whole with --raw, which gets its cursor back in the end: %s %s %s",
    async (...argv) => {
      await printHarmful();
      end();
      const result = agentdOnTerminal(daemon.directory, ...argv);
      const chunks: Buffer[] = [];
      result.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
      await result;
      const screen = Buffer.concat(chunks);
      expect(screen.includes(HARMFUL)).toBe(true);
      expect(screen.subarray(screen.indexOf(HARMFUL) + HARMFUL.length).toString()).toMatch(
        /^\x1b\[0m\x1b\[\?25h\r\nagentd: /,
      );
    },
  );

  it.each([
    ["run", "demo"],
    ["logs", "0198f2a4c6e81234"],
  ])("stays byte for byte where there is no terminal: %s %s", async (...argv) => {
    await printHarmful("F");
    end();
    const result = agentd(daemon.directory, ...argv);
    const chunks: Buffer[] = [];
    result.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    await result;
    expect(Buffer.concat(chunks)).toEqual(Buffer.concat([HARMFUL, Buffer.from("\n")]));
  });

  it.each([
    ["run", "demo"],
    ["logs", "-f", "0198f2a4c6e81234"],
  ])("leaves no colour on the terminal after Ctrl-C: %s %s", async (...argv) => {
    await printHarmful();
    const command = agentdOnTerminal(daemon.directory, ...argv);
    const screen = live(command.stdout);
    await vi.waitFor(() => expect(screen()).toContain(HARMLESS), WAIT);
    command.stdin.write("\x03");
    await vi.waitFor(() => expect(screen()).toMatch(/red link(\^C)?\x1b\[0m/), WAIT);
    end({ outcome: "cancelled", exit_code: null });
    expect((await command).exitCode).toBe(130);
  });

  it("leaves a terminal as it is when it ends with a newline and without colours", async () => {
    await writeFile(log, `${AT} stdout F one\n`);
    end();
    const { stdout } = await agentdOnTerminal(daemon.directory, "run", "demo");
    expect(stdout).toMatch(/one\r\nagentd: session \w+ success in 1\.5 s\r\n$/);
  });
});

describe("agentd logs", () => {
  it("prints what there is and returns", async () => {
    await writeFile(log, `${AT} stdout F out\n${AT} stderr F err\n`);
    expect(await start("logs", "0198")).toMatchObject({ exitCode: 0, stdout: "out\n", stderr: "err\n" });
  });

  it("prints what was asked for: one stream, the last lines, their times, since when", async () => {
    await writeFile(
      log,
      "2026-01-02T03:00:00Z stdout F one\n2026-01-02T03:01:00Z stderr F two\n2026-01-02T03:02:00Z stdout F three\n",
    );
    const printed = async (...options: string[]) => {
      const { stdout, stderr } = await start("logs", "0198", ...options);
      return [stdout, stderr];
    };
    expect(await printed("--stream", "stderr")).toEqual(["", "two\n"]);
    expect(await printed("--tail", "2")).toEqual(["three\n", "two\n"]);
    expect(await printed("-n", "1", "-t")).toEqual(["2026-01-02T03:02:00Z three\n", ""]);
    expect(await printed("--since", "2026-01-02T03:01:00Z")).toEqual(["three\n", "two\n"]);
    expect(await printed("--since", "1h")).toEqual(["", ""]);
  });

  it("prints nothing for a session whose container has not started", async () => {
    expect(await start("logs", "0198")).toMatchObject({ exitCode: 0, stdout: "", stderr: "" });
  });

  it("follows to the session's end with -f and exits with 0 however that was", async () => {
    const logs = start("logs", "-f", "0198");
    const stdout = live(logs.stdout);
    await writeFile(log, `${AT} stdout F one\n`);
    await vi.waitFor(() => expect(stdout()).toBe("one\n"), WAIT);
    await appendFile(log, `${AT} stdout F two\n`);
    end({ outcome: "work_failed", exit_code: 5 });
    expect(await logs).toMatchObject({
      exitCode: 0,
      stdout: "one\ntwo\n",
      stderr: `agentd: session 0198f2a4c6e81234 work_failed in 1.5 s\n  the record is ${record}\n`,
    });
  });

  it("ends when nobody reads its output any more", async () => {
    const logs = start("logs", "-f", "0198");
    const stdout = live(logs.stdout);
    await writeFile(log, `${AT} stdout F one\n`);
    await vi.waitFor(() => expect(stdout()).toBe("one\n"), WAIT);
    logs.stdout.destroy();
    await appendFile(log, `${AT} stdout F two\n`);
    expect(await logs).toMatchObject({ exitCode: 0 });
  });
});
