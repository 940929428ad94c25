/** Programs that run on the host after sessions. */
import { chmod, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Writable } from "node:stream";
import { pino } from "pino";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { type Note, parseNotes } from "../../src/audit/format/note.ts";
import { recordPaths } from "../../src/audit/format/record-layout.ts";
import type { OpenRecord } from "../../src/audit/open/open-record.ts";
import { AfterPrograms } from "../../src/daemon/after-programs.ts";
import { NO_FAILPOINTS } from "../../src/failpoints.ts";
import { readIfThere } from "../../src/if-there.ts";
import { processesWith } from "../kit/processes.mjs";
import { settingsIn, SUCCESS, verify } from "../kit/record-document.ts";
import { newRecord, temporaryDirectory } from "../kit/record-fixture.ts";
import { until } from "../kit/until.mjs";

let directory: string;
let record: OpenRecord;
let lines: string[];

beforeEach(async () => {
  directory = await temporaryDirectory();
  record = await newRecord(settingsIn(directory));
  lines = [];
});

async function seal(): Promise<void> {
  await record.seal(SUCCESS);
  await record.retire();
}

function programs({ limitMs = 20_000, ended = [] as string[] } = {}): AfterPrograms {
  const log = pino(
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        lines.push(chunk.toString());
        done();
      },
    }),
  );
  const after = new AfterPrograms({
    stateDirectory: join(directory, "state"),
    environment: { PATH: process.env["PATH"], HOME: directory, SECRET_TOKEN: "s3cret" },
    log,
    now: () => Date.UTC(2026, 1, 3),
    limitMs,
    failpoints: {
      ...NO_FAILPOINTS,
      reach: (label) => {
        ended.push(label);
        return Promise.resolve();
      },
    },
  });
  onTestFinished(() => after.close());
  return after;
}

const out = (name = "out"): Promise<string | undefined> => readIfThere(join(directory, name));

/** A program with a script. */
const sh = (script: string): string[] => ["/bin/sh", "-c", `cd ${directory}; ${script}`, "sh"];

async function owe(after: AfterPrograms, ...commands: string[][]): Promise<void> {
  await after.owe({
    sessionId: record.id,
    profile: "site-builder",
    directory: record.directory,
    commands,
  });
}

async function nothingOwed(): Promise<void> {
  await until("nothing is owed", async () => (await readdir(join(directory, "state/after"))).length === 0);
}

async function notes(): Promise<Note[]> {
  return parseNotes((await readIfThere(recordPaths(record.directory).notes)) ?? "");
}

describe("a program after a session", () => {
  it("gets session.json and the record's path, and none of the daemon's variables but a few", async () => {
    const after = programs();
    await owe(after, sh('cat > document; printf %s "$1" > path; env > variables; pwd; echo told'));
    await seal();
    after.sealed(record.id);
    await nothingOwed();
    expect(await out("document")).toBe(await readFile(recordPaths(record.directory).session, "utf8"));
    expect(await out("path")).toBe(record.directory);
    const names = ((await out("variables")) ?? "").split("\n").map((line) => line.split("=")[0]);
    expect(names).toEqual(expect.arrayContaining(["HOME", "PATH"]));
    expect(names).not.toContain("SECRET_TOKEN");
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { session: record.id, output: expect.stringMatching(/told\n$/) },
    ]);
    expect(await notes()).toEqual([]);
  });

  it("runs in its turn, also when the one before has failed; a failure is a note, and the record verifies", async () => {
    const after = programs({ limitMs: 500 });
    await owe(
      after,
      sh("echo one >> out; exit 3"),
      [join(directory, "missing")],
      sh("echo three >> out; sleep 60"),
      sh("echo four >> out; kill -9 $$"),
      sh("echo five >> out"),
    );
    await seal();
    after.sealed(record.id);
    await nothingOwed();
    expect(await out()).toBe("one\nthree\nfour\nfive\n");
    expect((await notes()).map((note) => note.kind === "after" && [note.index, note.why])).toEqual([
      [0, "it ended with exit code 3"],
      [1, expect.stringContaining("there is no program")],
      [2, "it did not end within 0.5 seconds"],
      [3, expect.stringContaining("it")],
    ]);
    expect(await verify(record.directory)).toMatchObject({ status: "verified" });
    expect(lines.filter((line) => line.includes('"why"'))).toHaveLength(4);
  });

  it("may ignore its input, print without end, and leave a child with its output", async () => {
    const after = programs();
    const mark = `after-${record.id}`;
    await owe(
      after,
      sh("exec <&-; head -c 3000000 /dev/zero | tr '\\0' x"),
      sh(`sh -c 'sleep 30; exit 0 ${mark}' & echo left`),
    );
    await seal();
    after.sealed(record.id);
    await nothingOwed();
    expect(await notes()).toEqual([]);
    expect(lines[0]?.length).toBeLessThan(20_000);
    expect(lines[1]).toContain("left");
    for (const pid of await processesWith(mark)) process.kill(pid, "SIGKILL");
  });

  it("is owed from before the seal, and does not run for a session that is not sealed", async () => {
    await owe(programs(), sh("echo ran >> out"));
    const next = programs();
    await next.resume();
    expect(await out()).toBeUndefined();
    await seal();
    next.sealed(record.id);
    await nothingOwed();
    expect(await out()).toBe("ran\n");
  });

  it("runs in the next daemon: not those that have ended, again the one that was running", async () => {
    const first = programs();
    await owe(
      first,
      sh("echo one >> out"),
      sh("echo two >> out; [ -e again ] || sleep 30"),
      sh("echo three >> out"),
    );
    await seal();
    first.sealed(record.id);
    await until("the second runs", async () => ((await out()) ?? "").includes("two"));
    await first.close();
    await writeFile(join(directory, "again"), "");
    const next = programs();
    await next.resume();
    await nothingOwed();
    expect(await out()).toBe("one\ntwo\ntwo\nthree\n");
    expect(await notes()).toEqual([]);
  });

  it("is forgotten when the record is gone", async () => {
    const after = programs();
    await owe(after, sh("echo ran >> out"));
    await chmod(record.directory, 0o700);
    await rm(record.directory, { recursive: true });
    await after.resume();
    await nothingOwed();
    expect(await out()).toBeUndefined();
  });
});
