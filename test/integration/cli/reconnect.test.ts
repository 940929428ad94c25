import { appendFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Handlers } from "../../../src/api/handlers.ts";
import type { MethodName } from "../../../src/api/methods.ts";
import type { SessionView } from "../../../src/session-document.ts";
import { listed, sealed, type SmallDaemon, startSmallDaemon, view } from "../../kit/small-daemon.ts";
import { agentd, agentdOnTerminal } from "./installed-cli.ts";

const ID = "0198f2a4c6e81234";
const AT = "2026-01-02T03:04:05.123456789+00:00";
const WAIT = { timeout: 60_000, interval: 10 };
const LOST = "agentd: lost the daemon; trying again for 60 s\n";
const BACK = "agentd: the daemon is back\n";

let record: string;
let log: string;
let daemon: SmallDaemon;
/** What daemons were asked, in order: method and session or request. */
let asked: string[];
let standing: Partial<SessionView>;

const ignored = () => new Promise<never>(() => undefined);
const forever: Handlers["wait"] = (_params, { signal }) =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));

/** Handlers of a daemon that waits for ever, unless others are given, and notes what it is asked. */
function handlers(others: Partial<Handlers> = {}): Partial<Handlers> {
  const session = () => Promise.resolve(view({ record, ...standing }));
  const all: Partial<Handlers> = {
    run: session,
    show: session,
    stop: session,
    list: async () => await listed(view({ record })),
    wait: forever,
    ...others,
  };
  const noted = Object.entries(all).map(([name, handle]) => [
    name,
    (params: object, context: never) => {
      const { session: named, request_id: request } = params as { session?: string; request_id?: string };
      asked.push(`${name} ${named ?? request ?? ""}`);
      return (handle as (params: object, context: never) => unknown)(params, context);
    },
  ]);
  return Object.fromEntries(noted) as Partial<Handlers>;
}

function timesAsked(method: MethodName): number {
  return asked.filter((each) => each.startsWith(`${method} `)).length;
}

async function isAsked(method: MethodName, times = 1): Promise<void> {
  await vi.waitFor(() => expect(timesAsked(method)).toBe(times), WAIT);
}

beforeEach(async () => {
  record = await mkdtemp(join(tmpdir(), "agentd-record-"));
  log = join(record, "agentd", "console.log");
  await mkdir(join(record, "agentd"));
  asked = [];
  standing = { state: "running" };
  daemon = await startSmallDaemon(handlers());
});

afterEach(async () => {
  await daemon.stop();
  await rm(record, { recursive: true });
});

const start = (...argv: string[]) => agentd(daemon.directory, ...argv);

function live(stream: NodeJS.ReadableStream | null): () => string {
  let text = "";
  stream?.on("data", (chunk: Buffer) => (text += chunk.toString()));
  return () => text;
}

describe("a daemon that is restarted", () => {
  it("is no event for agentd run but two lines on stderr", async () => {
    const run = start("run", "demo", "--json");
    const stderr = live(run.stderr);
    await writeFile(log, `${AT} stdout F one\n`);
    await vi.waitFor(() => expect(stderr()).toContain("one\n"), WAIT);
    for (const line of ["two", "three"]) {
      await isAsked("wait", line === "two" ? 1 : 2);
      await daemon.server.close();
      await appendFile(log, `${AT} stdout F ${line}\n`);
      await vi.waitFor(() => expect(stderr()).toContain(`${line}\n`), WAIT);
      await daemon.next();
    }
    await isAsked("wait", 3);
    await daemon.server.close();
    const end = { record, outcome: "work_failed", exit_code: 5 } as const;
    await daemon.next(handlers({ wait: () => Promise.resolve(sealed(end)) }));
    const result = await run;
    expect(result.exitCode).toBe(5);
    expect(JSON.parse(result.stdout)).toEqual(sealed(end));
    expect(result.stderr.split("\n").filter((line) => !line.startsWith("agentd:"))).toEqual([
      "one",
      "two",
      "three",
      `  the record is ${record}`,
      "",
    ]);
    expect(result.stderr.split(LOST)).toHaveLength(4);
    expect(result.stderr.split(BACK)).toHaveLength(4);
  });

  it("is asked for the same session when the answer to run was lost", async () => {
    await daemon.server.close();
    await daemon.next(handlers({ run: ignored }));
    const run = start("run", "demo", "--detach");
    await isAsked("run");
    await daemon.server.close();
    await daemon.next(handlers());
    expect(await run).toMatchObject({ exitCode: 0, stdout: `${ID}\n`, stderr: LOST + BACK });
    expect(timesAsked("run")).toBe(2);
    expect(new Set(asked).size).toBe(1);
  });

  it.each([
    [["wait", "0198f2"], 5],
    [["logs", "-f", "0198f2"], 0],
    [["stop", "0198f2"], 0],
    [["stop", "--all"], 0],
  ])("is waited for by agentd %j", async (argv, exitCode) => {
    const command = start(...argv);
    await isAsked("wait");
    await daemon.server.close();
    const end = sealed({ record, outcome: "work_failed", exit_code: 5 });
    await daemon.next(handlers({ wait: () => Promise.resolve(end) }));
    const result = await command;
    expect(result.exitCode).toBe(exitCode);
    expect(result.stderr).toContain(LOST + BACK);
  });

  it("ends the following when it speaks another version, and the session is named", async () => {
    const wait = start("wait", ID);
    await isAsked("wait");
    await daemon.server.close();
    const other = await otherVersion(daemon.path);
    const result = await wait;
    other.close();
    await daemon.next();
    expect(result.exitCode).toBe(125);
    expect(result.stderr).toContain(`cannot wait for session ${ID}: `);
    expect(result.stderr).toContain("[protocol_mismatch]");
    expect(result.stderr).toContain(`agentd wait ${ID}`);
  });

  it("breaks into no line of progress on a terminal, which goes on", async () => {
    standing = { state: "queued", position: 1, reason: "all places are taken" };
    const run = agentdOnTerminal(daemon.directory, "run", "demo");
    const screen = live(run.stdout);
    const progress = /\r\x1b\[Kagentd: queued #1 for \d+ \w+: all places are taken/;
    await vi.waitFor(() => expect(screen()).toMatch(progress), WAIT);
    await daemon.server.close();
    await vi.waitFor(() => expect(screen()).toContain("trying again"), WAIT);
    expect(screen()).toMatch(/taken\r\x1b\[Kagentd: lost the daemon; trying again for 60 s\r\n$/);
    await daemon.next();
    await vi.waitFor(() => expect(screen().split("the daemon is back\r\n")[1]).toMatch(progress), WAIT);
    run.kill("SIGKILL");
    await run;
  });
});

describe("Ctrl-C while the daemon is away", () => {
  it("is passed on when the daemon is back", async () => {
    const run = start("run", "demo");
    const stderr = live(run.stderr);
    await isAsked("wait");
    await daemon.server.close();
    await vi.waitFor(() => expect(stderr()).toContain(LOST), WAIT);
    run.kill("SIGINT");
    await vi.waitFor(() => expect(stderr()).toContain("will be told to stop when the daemon is back"), WAIT);
    let end: (view: SessionView) => void = () => undefined;
    const ended = new Promise<SessionView>((resolve) => (end = resolve));
    const stop = () => {
      end(sealed({ record, outcome: "cancelled", exit_code: 143 }));
      return Promise.resolve(view({ record }));
    };
    await daemon.next(handlers({ stop, wait: () => ended }));
    expect(await run).toMatchObject({ exitCode: 130 });
    expect(stderr()).toContain("cancelled");
    expect(timesAsked("stop")).toBe(1);
  });

  it("leaves at once when it comes twice, and says how to follow", async () => {
    const run = start("run", "demo");
    const stderr = live(run.stderr);
    await isAsked("wait");
    await daemon.server.close();
    await vi.waitFor(() => expect(stderr()).toContain(LOST), WAIT);
    run.kill("SIGINT");
    await vi.waitFor(() => expect(stderr()).toContain("will be told to stop"), WAIT);
    run.kill("SIGINT");
    expect(await run).toMatchObject({ exitCode: 130 });
    expect(stderr()).toContain(`session ${ID} was not told to stop: the daemon has not answered`);
    expect(stderr()).toContain(`follow it with \`agentd logs -f ${ID}\``);
  });

  it("leaves a run that was not answered, and says where to look", async () => {
    await daemon.server.close();
    await daemon.next(handlers({ run: ignored }));
    const run = start("run", "demo");
    const stderr = live(run.stderr);
    await isAsked("run");
    await daemon.server.close();
    await vi.waitFor(() => expect(stderr()).toContain(LOST), WAIT);
    run.kill("SIGINT");
    await vi.waitFor(() => expect(stderr()).toContain("told to stop once it is accepted"), WAIT);
    run.kill("SIGINT");
    expect(await run).toMatchObject({ exitCode: 125 });
    expect(stderr()).toContain("agentd ps -a");
  });

  it("does not wait for a daemon that hangs", async () => {
    const run = start("run", "demo");
    const stderr = live(run.stderr);
    await isAsked("wait");
    await daemon.server.close();
    const hung = createServer().listen(daemon.path);
    const connected = new Promise((resolve) => hung.once("connection", resolve));
    await connected;
    run.kill("SIGINT");
    await vi.waitFor(() => expect(stderr()).toContain("will be told to stop"), WAIT);
    run.kill("SIGINT");
    expect(await run).toMatchObject({ exitCode: 130 });
    hung.close();
    await daemon.next();
  });
});

describe("a daemon that stays away", () => {
  it("is given up after 60 s, with the session named and all output printed", async () => {
    await writeFile(log, `${AT} stdout F hello\n`);
    const commands = [
      ["run", "demo"],
      ["wait", ID],
      ["logs", "-f", ID],
      ["stop", ID],
    ].map((argv) => start(...argv));
    // From the beginning: the last of them may ask long after the first has printed.
    const readers = [commands[0], commands[2]].map((reader) => live(reader?.stdout ?? null));
    await isAsked("wait", 4);
    // What the output may not show is asked for after that.
    for (const shown of readers) {
      await vi.waitFor(() => expect(shown()).toBe("hello\n"), WAIT);
    }
    await daemon.server.close();
    const closedAt = performance.now();
    await appendFile(log, `${AT} stdout F the end\n`);
    const [run, wait, logs, stop] = await Promise.all(commands);
    // Not how fast, but how patient.
    expect(performance.now() - closedAt).toBeGreaterThan(59_000);
    expect(run).toMatchObject({ exitCode: 125, stdout: "hello\nthe end\n" });
    expect(wait).toMatchObject({ exitCode: 125 });
    expect(logs).toMatchObject({ exitCode: 1, stdout: "hello\nthe end\n" });
    expect(stop).toMatchObject({ exitCode: 1 });
    for (const result of [run, wait, logs, stop]) {
      expect(result?.stderr).toContain(`cannot wait for session ${ID}: `);
      expect(result?.stderr).toContain("no daemon listens there [daemon_lost]");
      expect(result?.stderr).toContain(`agentd wait ${ID}`);
    }
  });
});

/** A daemon that knows another protocol only. */
async function otherVersion(path: string): Promise<Server> {
  const mismatch = { code: -32000, message: "cannot serve this client: it is too old" };
  const server = createServer((socket) => {
    socket.on("data", (line: Buffer) => {
      const { id } = JSON.parse(line.toString()) as { id: unknown };
      const error = { ...mismatch, data: { code: "protocol_mismatch", next: null, details: null } };
      socket.write(`${JSON.stringify({ jsonrpc: "2.0", id, error })}\n`);
    });
    socket.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return server;
}
