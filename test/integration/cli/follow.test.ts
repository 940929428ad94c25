import { appendFile, mkdir, mkdtemp, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { consoleLogOf, followConsoleLog, type FollowOptions } from "../../../src/cli/console/follow.ts";
import { Output } from "../../../src/cli/terminal/output.ts";
import type { Fingerprints } from "../../../src/redaction/fingerprints.ts";
import { makeFingerprints } from "../../../src/redaction/make-fingerprints.ts";
import { replaceInLog } from "../../../src/redaction/replace-log.ts";

const AT = "2026-01-02T03:04:05.123456789+00:00";
const WAIT = { timeout: 60_000, interval: 10 };

let record: string;
let file: string;

beforeEach(async () => {
  record = await mkdtemp(join(tmpdir(), "agentd-follow-"));
  await mkdir(join(record, "agentd"));
  file = consoleLogOf(record);
});

afterEach(() => rm(record, { recursive: true }));

/** An output that remembers what it was given. */
function collector(): { output: Output; text: () => string } {
  const stream = new PassThrough({ highWaterMark: 1024 * 1024 * 1024 });
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  return { output: new Output(stream), text: () => Buffer.concat(chunks).toString() };
}

function follow(options: Pick<FollowOptions, "selection" | "tail"> = {}, prints?: Fingerprints) {
  const ended = new AbortController();
  const abandoned = new AbortController();
  const [stdout, stderr] = [collector(), collector()];
  const done = followConsoleLog(file, {
    outputs: { stdout: stdout.output, stderr: stderr.output },
    fingerprints: () => Promise.resolve(prints),
    ended: ended.signal,
    abandoned: abandoned.signal,
    ...options,
  });
  return { ended, abandoned, stdout, stderr, done };
}

describe("following a console log", () => {
  it("prints what is there, each stream on its own output, when the session has ended before", async () => {
    await writeFile(file, `${AT} stdout F out\n${AT} stderr F err\n${AT} stdout P tail\n`);
    const { ended, stdout, stderr, done } = follow();
    ended.abort();
    await done;
    expect([stdout.text(), stderr.text()]).toEqual(["out\ntail", "err\n"]);
  });

  it("prints nothing when the session has ended without a log", async () => {
    const { ended, stdout, done } = follow();
    ended.abort();
    await done;
    expect(stdout.text()).toBe("");
  });

  it("waits for the log to appear and prints each line as it comes", async () => {
    const { ended, stdout, done } = follow();
    await writeFile(file, `${AT} stdout F one\n`);
    await vi.waitFor(() => expect(stdout.text()).toBe("one\n"), WAIT);
    await appendFile(file, `${AT} stdout P tw`);
    await appendFile(file, `o\n${AT} stdout F !\n`);
    await vi.waitFor(() => expect(stdout.text()).toBe("one\ntwo!\n"), WAIT);
    ended.abort();
    await done;
    expect(stdout.text()).toBe("one\ntwo!\n");
  });

  it("prints what was written just before the end", async () => {
    const { ended, stdout, done } = follow();
    await writeFile(file, `${AT} stdout F last words\n`);
    ended.abort();
    await done;
    expect(stdout.text()).toBe("last words\n");
  });

  it("goes on reading a log that is made read-only", async () => {
    await writeFile(file, `${AT} stdout F one\n`);
    const handle = await open(file, "a");
    const { ended, stdout, done } = follow();
    await vi.waitFor(() => expect(stdout.text()).toBe("one\n"), WAIT);
    await handle.chmod(0o400);
    await handle.write(`${AT} stdout F two\n`);
    await handle.close();
    ended.abort();
    await done;
    expect(stdout.text()).toBe("one\ntwo\n");
  });

  it("goes over to the log that has taken the place of the first, and repeats nothing", async () => {
    await writeFile(file, `${AT} stdout F of the first\n`);
    const { ended, stdout, done } = follow();
    await vi.waitFor(() => expect(stdout.text()).toBe("of the first\n"), WAIT);
    await rm(file);
    await writeFile(file, `${AT} stdout F one\n`);
    await vi.waitFor(() => expect(stdout.text()).toBe("of the first\none\n"), WAIT);
    await writeFile(`${file}.new`, `${AT} stdout F of the third\n`);
    await rename(`${file}.new`, file);
    ended.abort();
    await done;
    expect(stdout.text()).toBe("of the first\none\nof the third\n");
  });

  it("begins anew with a log that was cut short, also within a line", async () => {
    await writeFile(file, `${AT} stdout F before\n${AT} stdout P half`);
    const { ended, stdout, done } = follow();
    await vi.waitFor(() => expect(stdout.text()).toBe("before\n"), WAIT);
    await writeFile(file, `${AT} stdout F after\n`);
    await vi.waitFor(() => expect(stdout.text()).toBe("before\nafter\n"), WAIT);
    ended.abort();
    await done;
    expect(stdout.text()).toBe("before\nafter\n");
  });

  it("keeps to a log whose name is gone", async () => {
    await writeFile(file, `${AT} stdout F one\n`);
    const handle = await open(file, "a");
    const { ended, stdout, done } = follow();
    await vi.waitFor(() => expect(stdout.text()).toBe("one\n"), WAIT);
    await rm(file);
    await handle.write(`${AT} stdout F two\n`);
    await handle.close();
    ended.abort();
    await done;
    expect(stdout.text()).toBe("one\ntwo\n");
  });

  it("leaves at once when it is abandoned", async () => {
    await writeFile(file, `${AT} stdout F one\n`);
    const { abandoned, done } = follow();
    abandoned.abort();
    await done;
  });

  const END =
    `${AT} stdout F one\n${AT} stderr F two\n${AT} stdout P thr\n${AT} stdout F ee\n` +
    `${AT} stderr F four\n${AT} stdout P fi\n`;

  it.each([
    [0, undefined, "", ""],
    [1, undefined, "fi", ""],
    [2, undefined, "fi", "four\n"],
    [3, undefined, "three\nfi", "four\n"],
    [4, undefined, "three\nfi", "two\nfour\n"],
    [5, undefined, "one\nthree\nfi", "two\nfour\n"],
    [99, undefined, "one\nthree\nfi", "two\nfour\n"],
    [1, "stderr", "", "four\n"],
    [2, "stdout", "three\nfi", ""],
  ] as const)("prints only the last %s lines of %s when asked to", async (tail, stream, out, err) => {
    await writeFile(file, END);
    const { ended, stdout, stderr, done } = follow({ tail, selection: { stream } });
    ended.abort();
    await done;
    expect([stdout.text(), stderr.text()]).toEqual([out, err]);
  });

  it.each([1, 777, 10_000])("finds the last %d lines of a log of many chunks", async (tail) => {
    const lines = Array.from({ length: 10_000 }, (_, index) => `${"x".repeat(index % 97)}${index}\n`);
    await writeFile(file, lines.map((line) => `${AT} stdout F ${line}`).join(""));
    const { ended, stdout, done } = follow({ tail });
    ended.abort();
    await done;
    expect(stdout.text()).toBe(lines.slice(-tail).join(""));
  });

  it("prints what comes after the last lines, too", async () => {
    await writeFile(file, `${AT} stdout F one\n${AT} stdout F two\n`);
    const { ended, stdout, done } = follow({ tail: 1 });
    await vi.waitFor(() => expect(stdout.text()).toBe("two\n"), WAIT);
    await appendFile(file, `${AT} stdout F three\n`);
    ended.abort();
    await done;
    expect(stdout.text()).toBe("two\nthree\n");
  });

  it("finds the log even where the directory cannot be watched", async () => {
    await rm(join(record, "agentd"), { recursive: true });
    const { ended, stdout, done } = follow();
    await mkdir(join(record, "agentd"));
    await writeFile(file, `${AT} stdout F polled\n`);
    await vi.waitFor(() => expect(stdout.text()).toBe("polled\n"), WAIT);
    ended.abort();
    await done;
  });

  it("passes a flood on byte for byte while it is being written", async () => {
    const line = `${AT} stdout F ${"x".repeat(80)}\n`;
    const block = line.repeat(10_000);
    const { ended, stdout, done } = follow();
    for (let blocks = 0; blocks < 20; blocks += 1) await appendFile(file, block);
    ended.abort();
    await done;
    expect(stdout.text()).toBe(`${"x".repeat(80)}\n`.repeat(200_000));
  });

  it("reads no further ahead than its output takes", async () => {
    await writeFile(file, `${AT} stdout F ${"x".repeat(80)}\n`.repeat(100_000));
    const given: number[] = [];
    let take: () => void = () => undefined;
    const stuck = new Output({
      on: () => undefined,
      write: (chunk, done) => {
        given.push(chunk.length);
        take = done;
        return false;
      },
    });
    const abandoned = new AbortController();
    const done = followConsoleLog(file, {
      outputs: { stdout: stuck, stderr: stuck },
      fingerprints: () => Promise.resolve(undefined),
      ended: AbortSignal.abort(),
      abandoned: abandoned.signal,
    });
    await vi.waitFor(() => expect(given).toHaveLength(1), WAIT);
    await new Promise((resolve) => setTimeout(resolve, 50));
    abandoned.abort();
    take();
    await done;
    expect(given).toHaveLength(1);
  });
});

describe("following a log with credentials in it", () => {
  const TOKEN = "tok-0123456789abcdef";
  const prints = makeFingerprints([["TOKEN", TOKEN]]);

  it("prints names in the place of values, however the log is cut, and times as they are", async () => {
    await writeFile(
      file,
      `${AT} stdout P my ${TOKEN.slice(0, 5)}\n${AT} stderr F no\n${AT} stdout F ${TOKEN.slice(5)}!\n`,
    );
    const { stdout, stderr, ended, done } = follow({ selection: { timestamps: true } }, prints);
    ended.abort();
    await done;
    expect([stdout.text(), stderr.text()]).toEqual([`${AT} my [TOKEN]!\n`, `${AT} no\n`]);
  });

  it("shows the beginning of a line while nothing follows", async () => {
    await writeFile(file, `${AT} stdout P Name: \n`);
    const { stdout, ended, done } = follow({}, prints);
    await vi.waitFor(() => expect(stdout.text()).toBe("Name: "), WAIT);
    await appendFile(file, `${AT} stdout F ${TOKEN}\n`);
    ended.abort();
    await done;
    expect(stdout.text()).toBe("Name: [TOKEN]\n");
  });

  it("prints nothing twice when the log is replaced by one without values", async () => {
    await writeFile(file, `${AT} stdout F one ${TOKEN} two\n`);
    const { stdout, ended, done } = follow({}, prints);
    await vi.waitFor(() => expect(stdout.text()).toContain("two"), WAIT);
    expect(await replaceInLog(file, prints, true)).toBe(1);
    expect(await readFile(file, "utf8")).toBe(`${AT} stdout F one [TOKEN] two\n`);
    // For longer than the reader takes to look again.
    await new Promise((resolve) => setTimeout(resolve, 700));
    ended.abort();
    await done;
    expect(stdout.text()).toBe("one [TOKEN] two\n");
  });
});
