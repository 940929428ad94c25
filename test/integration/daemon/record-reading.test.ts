import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Result } from "../../../src/api/methods.ts";
import { recordReading } from "../../../src/daemon/record-reading.ts";
import type { Fingerprints } from "../../../src/redaction/fingerprints.ts";
import { makeFingerprints } from "../../../src/redaction/make-fingerprints.ts";
import type { SessionView } from "../../../src/session-document.ts";
import { sealed, view } from "../../kit/small-daemon.ts";

const SECRET = "s3cret-value-of-a-token";
const CONTEXT = { signal: new AbortController().signal };

let record: string;
beforeEach(async () => {
  record = await mkdtemp(join(tmpdir(), "agentd-record-"));
  await mkdir(join(record, "agentd"));
});
afterEach(async () => {
  await rm(record, { recursive: true });
});

function reading(fields: Partial<SessionView> = {}, fingerprints?: Fingerprints) {
  const session = fields.state === undefined ? sealed({ record, ...fields }) : view({ record, ...fields });
  const { log, file } = recordReading({
    sessions: { resolve: async () => session.session_id, view: async () => session },
    redaction: { fingerprints: async () => fingerprints },
  });
  return {
    log: (from: number, count: number): Promise<Result<"log">> => log({ session: "x", from, count }, CONTEXT),
    file: (path: string, offset = 0, limit = 1000): Promise<Result<"file">> =>
      file({ session: "x", path, offset, limit }, CONTEXT),
  };
}

const write = (lines: readonly string[]): Promise<void> =>
  writeFile(
    join(record, "agentd", "console.log"),
    lines.map((line) => `2026-01-02T03:04:05.000000000Z ${line}\n`).join(""),
  );

const numbered = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `stdout F line ${index + 1}`);

describe("log", () => {
  it("has lines by their numbers, from the beginning and from the end, across many", async () => {
    await write(numbered(10_000));
    const { log } = reading();
    const texts = async (from: number, count: number): Promise<string[]> =>
      (await log(from, count)).lines.map(({ line, text }) => `${line} ${text}`);
    expect(await texts(1, 2)).toEqual(["1 line 1", "2 line 2"]);
    expect(await texts(257, 1)).toEqual(["257 line 257"]);
    expect(await texts(5_000, 1)).toEqual(["5000 line 5000"]);
    expect(await texts(-1, 10)).toEqual(["10000 line 10000"]);
    expect((await log(1, 1000)).lines).toHaveLength(1000);
    expect(await log(10_001, 5)).toMatchObject({ lines: [], total: 10_000, complete: true });
  });

  it("grows, may begin anew, and is empty before there is one", async () => {
    const { log } = reading({ state: "running" });
    expect(await log(1, 5)).toMatchObject({ lines: [], total: 0, complete: false });
    await write(["stdout P half", "stderr F whole"]);
    expect((await log(1, 5)).lines).toMatchObject([
      { text: "half", stream: "stdout", goes_on: true },
      { text: "whole", stream: "stderr", goes_on: false },
    ]);
    await write(["stdout F anew"]);
    expect(await log(1, 5)).toMatchObject({ total: 1, lines: [{ text: "anew" }] });
  });

  it("has names in the place of values, also of one that begins before the lines that are asked for", async () => {
    const half = SECRET.length / 2;
    await write([
      ...numbered(600),
      `stdout F a ${SECRET} b`,
      ...numbered(600),
      `stdout P c ${SECRET.slice(0, half)}`,
      "stderr F between",
      `stdout F ${SECRET.slice(half)} d`,
    ]);
    const { log } = reading({ state: "running" }, makeFingerprints([["TOKEN", SECRET]]));
    expect((await log(601, 1)).lines[0]?.text).toBe("a [TOKEN] b");
    expect((await log(-3, 3)).lines.map(({ text }) => text)).toEqual(["c [TOKEN]", "between", " d"]);
    expect((await log(-1, 1)).lines.map(({ text }) => text)).toEqual([" d"]);
  });

  it("is not shown where what finds the values is gone, unless they were replaced", async () => {
    await write(numbered(1));
    const start = "2026-01-02T03:04:06.000Z";
    const open = { state: "running", start_timestamp: start } as const;
    await expect(reading(open).log(1, 1)).rejects.toMatchObject({ code: "redaction_unavailable" });
    await expect(reading({ redaction: "view" }).log(1, 1)).rejects.toMatchObject({
      code: "redaction_unavailable",
    });
    expect((await reading({ redaction: "complete" }).log(1, 1)).total).toBe(1);
  });
});

describe("file", () => {
  it("has pieces of a file, and its size", async () => {
    await mkdir(join(record, "work"));
    await writeFile(join(record, "work", "changes.patch"), "0123456789");
    const { file } = reading();
    const piece = await file("work/changes.patch", 4, 3);
    expect([piece.bytes, Buffer.from(piece.data, "base64").toString()]).toEqual([10, "456"]);
    expect((await file("work/changes.patch", 10)).data).toBe("");
  });

  it.each([
    "/etc/passwd",
    "../outside",
    "work/../../outside",
    "link",
    "link/passwd",
    "agentd",
    "work//x",
    "./x",
    "none",
  ])("does not lead out of the record, and to nothing but a file: %s", async (path) => {
    await symlink("/etc", join(record, "link"));
    await expect(reading().file(path)).rejects.toMatchObject({ code: "copy_failed" });
  });

  it("has none of an open record, and no log with values in it", async () => {
    await write(numbered(1));
    await expect(reading({ state: "running" }).file("agentd/console.log")).rejects.toMatchObject({
      code: "record_incomplete",
    });
    await expect(reading({ redaction: "view" }).file("agentd/console.log")).rejects.toMatchObject({
      code: "redaction_unavailable",
    });
  });
});
