import { appendFile, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../kit/record-fixture.ts";
import { DAY_MS, eventOf, openIn, readAll, START_MS, written } from "./feed-under-test.ts";

const NEVER = new AbortController().signal;

async function place(): Promise<string> {
  return join(await temporaryDirectory(), "events");
}

describe("the feed", () => {
  it("numbers events in the order in which they come, and has them on disk when it says so", async () => {
    const directory = await place();
    const feed = await openIn(directory);
    expect([feed.latest, feed.oldest, await feed.after(0, 10)]).toEqual([0, 1, []]);
    const appended = await Promise.all([0, 1, 2].map((line) => feed.append(eventOf(line))));
    expect(appended).toEqual([0, 1, 2].map((line) => ({ seq: line + 1, ...eventOf(line) })));
    expect(await written(directory)).toEqual(appended);
    expect(await feed.after(1, 1)).toEqual([appended[1]]);
    expect([feed.latest, feed.oldest]).toEqual([3, 1]);
  });

  it("goes on where it was, in the next daemon", async () => {
    const directory = await place();
    const first = await openIn(directory);
    await first.append(eventOf(0));
    await first.append(eventOf(4));
    await first.close();
    const second = await openIn(directory);
    expect(second.cursor(eventOf(4).source)).toEqual({ seq: 4, type: "session.resumed" });
    expect(second.cursor("another/events.jsonl")).toBeUndefined();
    await second.append(eventOf(5));
    expect((await readAll(second, 2)).map(({ seq, source_seq: line }) => [seq, line])).toEqual([
      [1, 0],
      [2, 4],
      [3, 5],
    ]);
  });

  it("makes new files as they grow, and reads over their borders", async () => {
    const directory = await place();
    const feed = await openIn(directory, { segmentBytes: 2_000 });
    for (let line = 0; line < 60; line += 1) {
      const appended = feed.append(eventOf(line));
      if (line % 3 === 2) await appended;
    }
    const files = await readdir(directory);
    expect(files.length).toBeGreaterThan(4);
    await feed.close();
    const next = await openIn(directory, { segmentBytes: 2_000 });
    for (const limit of [1, 7, 1_000]) {
      expect((await readAll(next, limit)).map(({ seq }) => seq)).toEqual(
        Array.from({ length: 60 }, (_, index) => index + 1),
      );
    }
    // A file's first line knows what the files before it tell of.
    const last = files.sort().at(-1) ?? "";
    const [header = ""] = (await readFile(join(directory, last), "utf8")).split("\n");
    expect(JSON.parse(header)).toMatchObject({ segment: 1, first_seq: Number.parseInt(last, 10) });
    expect(next.cursor(eventOf(0).source)?.seq).toBe(59);
  });

  it("knows sessions of earlier files until they have ended, and one file longer", async () => {
    const directory = await place();
    const feed = await openIn(directory, { segmentBytes: 1 });
    const ended = { outcome: "success", exit_code: 0, signal: null, stage: null, cause: null } as const;
    const document = { trigger: "manual", work_unit: null, start_timestamp: null, end_timestamp: null };
    await feed.append(eventOf(7, "a"));
    await feed.append({
      ...eventOf(8, "b"),
      type: "session.sealed",
      data: { ...ended, ...document, usd: null, request_url: null },
    });
    await feed.append(eventOf(1, "c"));
    await feed.close();
    const next = await openIn(directory);
    const known = (["a", "b", "c"] as const).map((id) => next.cursor(`${id}/events.jsonl`)?.seq);
    expect(known).toEqual([7, 8, 1]);
    await next.append(eventOf(2, "c"));
    await next.close();
    const grown = await openIn(directory, { segmentBytes: 1 });
    await grown.append(eventOf(3, "c"));
    await grown.append(eventOf(4, "c"));
    const later = (["a", "b", "c"] as const).map((id) => grown.cursor(`${id}/events.jsonl`)?.seq);
    expect(later).toEqual([7, undefined, 4]);
  });

  it("removes a line that a crash cut short, which nobody has read", async () => {
    const directory = await place();
    const first = await openIn(directory);
    await first.append(eventOf(0));
    await first.close();
    const [name = ""] = await readdir(directory);
    await appendFile(join(directory, name), '{"seq":2,"time":');
    const second = await openIn(directory);
    expect(second.latest).toBe(1);
    await second.append(eventOf(1));
    expect((await written(directory)).map(({ seq }) => seq)).toEqual([1, 2]);
  });

  it("opens with what a disk has left of it", async () => {
    const directory = await place();
    const first = await openIn(directory);
    for (const line of [0, 1, 2]) await first.append(eventOf(line));
    await first.close();
    const path = join(directory, (await readdir(directory))[0] ?? "");
    const lines = (await readFile(path, "utf8")).split("\n");
    await writeFile(path, ["no header", lines[1], "\0\0\0", lines[3], ""].join("\n"));
    const second = await openIn(directory);
    await second.append(eventOf(3));
    expect((await readAll(second, 10)).map(({ seq }) => seq)).toEqual([1, 3, 4]);
  });

  it("keeps events as long as it is told", async () => {
    const directory = await place();
    let nowMs = START_MS;
    const options = { now: () => nowMs, keepMs: () => 2 * DAY_MS };
    const feed = await openIn(directory, options);
    for (let day = 0; day < 6; day += 1) {
      nowMs = START_MS + day * (DAY_MS + 1);
      await feed.append(eventOf(day));
    }
    // The fourth day ended less than two days ago.
    expect([feed.oldest, feed.latest]).toEqual([4, 6]);
    expect((await readAll(feed, 10)).map(({ seq }) => seq)).toEqual([4, 5, 6]);
    await feed.close();
    nowMs += 10 * DAY_MS;
    const next = await openIn(directory, options);
    expect([next.oldest, next.latest]).toEqual([6, 6]);
  });

  it("finds where to begin for a time", async () => {
    const directory = await place();
    let nowMs = START_MS;
    const feed = await openIn(directory, { now: () => nowMs });
    for (let day = 0; day < 3; day += 1) {
      nowMs = START_MS + day * (DAY_MS + 1);
      await feed.append(eventOf(day));
    }
    expect(await feed.before(START_MS - 1)).toBe(0);
    expect(await feed.before(START_MS + DAY_MS)).toBe(0);
    expect(await feed.before(START_MS + DAY_MS + 1)).toBe(1);
    expect(await feed.before(nowMs + DAY_MS)).toBe(2);
  });

  it("wakes whoever waits, at an event, after a time or when told", async () => {
    const feed = await openIn(await place());
    const waiting = feed.wait(0, 60_000, NEVER);
    await feed.append(eventOf(0));
    await waiting;
    await feed.wait(0, 60_000, NEVER);
    await feed.wait(1, 1, NEVER);
    const left = new AbortController();
    const abandoned = feed.wait(1, 60_000, left.signal);
    left.abort(new Error("the client is gone"));
    await expect(abandoned).rejects.toThrow("the client is gone");
  });

  it("refuses what it cannot write, and all that would follow of that session, until it is mended", async () => {
    const directory = await place();
    const feed = await openIn(directory, { segmentBytes: 1 });
    await feed.append(eventOf(0, "a"));
    await rm(directory, { recursive: true });
    const refused = await Promise.allSettled([feed.append(eventOf(1, "a")), feed.append(eventOf(0, "b"))]);
    expect(refused).toMatchObject([
      { status: "rejected", reason: { code: "state_unusable" } },
      { status: "rejected", reason: { code: "state_unusable" } },
    ]);
    await openIn(directory);
    await expect(feed.append(eventOf(2, "a"))).rejects.toMatchObject({ code: "state_unusable" });
    await feed.append(eventOf(0, "c"));
    feed.mend("a");
    await feed.append(eventOf(1, "a"));
    expect(
      (await written(directory)).map(({ seq, source, source_seq: line }) => [seq, source[0], line]),
    ).toEqual([
      [2, "c", 0],
      [3, "a", 1],
    ]);
  });

  it("does not write an event whose line is not durable", async () => {
    const directory = await place();
    const feed = await openIn(directory);
    const settled = (): Promise<void> => Promise.reject(new Error("ENOSPC"));
    await expect(feed.append(eventOf(0), { settled })).rejects.toMatchObject({ code: "state_unusable" });
    feed.mend("0198f2a4c6e81234");
    await feed.append(eventOf(0), { settled: () => Promise.resolve() });
    expect((await written(directory)).map(({ seq }) => seq)).toEqual([1]);
  });

  it("does not lose its place when its last file is cut", async () => {
    const directory = await place();
    const feed = await openIn(directory);
    await feed.append(eventOf(0));
    const path = join(directory, (await readdir(directory))[0] ?? "");
    await truncate(path, (await readFile(path)).length);
    await feed.append(eventOf(1));
    expect((await written(directory)).map(({ seq }) => seq)).toEqual([1, 2]);
  });
});
