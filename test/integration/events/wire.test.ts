/** The feed as clients have it: a real socket, and the command line. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Params, Result } from "../../../src/api/methods.ts";
import { eventsHandler } from "../../../src/daemon/feed/events-handler.ts";
import type { DurableFeed } from "../../../src/events/durable-feed.ts";
import { connect } from "../../../src/rpc/client.ts";
import { temporaryDirectory } from "../../kit/record-fixture.ts";
import { type SmallDaemon, startSmallDaemon } from "../../kit/small-daemon.ts";
import { agentd } from "../cli/installed-cli.ts";
import { DAY_MS, eventOf, openIn, START_MS } from "./feed-under-test.ts";

type Ask = (params: Partial<Params<"events">>) => Promise<Result<"events">>;

async function served(feed: DurableFeed): Promise<{ readonly daemon: SmallDaemon; readonly ask: Ask }> {
  const daemon = await startSmallDaemon({ events: eventsHandler(feed) });
  const client = await connect(daemon.path, { version: "0.1.0", timeoutMs: 60_000 });
  onTestFinished(async () => {
    client.close();
    await daemon.stop();
  });
  return { daemon, ask: (params) => client.call("events", { limit: 10, wait_ms: 0, ...params }) };
}

const numbers = ({ events }: Result<"events">): number[] => events.map(({ seq }) => seq);

async function withEvents(count: number): Promise<DurableFeed> {
  const feed = await openIn(join(await temporaryDirectory(), "events"));
  await Promise.all(Array.from({ length: count }, (_, line) => feed.append(eventOf(line))));
  return feed;
}

describe("the method events", () => {
  it("answers in pages, with what to ask next", async () => {
    const { ask } = await served(await withEvents(5));
    const first = await ask({ after: 0, limit: 3 });
    expect([numbers(first), first.after, first.oldest, first.latest]).toEqual([[1, 2, 3], 3, 1, 5]);
    const second = await ask({ after: first.after, limit: 3 });
    expect([numbers(second), second.after]).toEqual([[4, 5], 5]);
    expect(await ask({})).toMatchObject({ events: [], after: 5 });
    expect(await ask({ after: 7 })).toMatchObject({ events: [], after: 7 });
  });

  it("waits for the first event, and no longer than it is told", async () => {
    const feed = await withEvents(1);
    const { ask } = await served(feed);
    expect(await ask({ after: 1, wait_ms: 1 })).toMatchObject({ events: [], after: 1 });
    const waiting = ask({ after: 1, wait_ms: 60_000 });
    await feed.append(eventOf(1));
    expect(numbers(await waiting)).toEqual([2]);
  });

  it("lets one connection wait once at a time", async () => {
    const feed = await withEvents(1);
    const { ask } = await served(feed);
    const waiting = ask({ after: 1, wait_ms: 60_000 });
    await expect(ask({ after: 0 })).rejects.toMatchObject({ code: "already_waiting" });
    await feed.append(eventOf(1));
    await waiting;
    expect(numbers(await ask({ after: 1 }))).toEqual([2]);
  });

  it("goes on behind what a disk has lost", async () => {
    const feed = await withEvents(3);
    await feed.close();
    const directory = join(await temporaryDirectory(), "events");
    const damaged = await openIn(directory);
    for (const line of [0, 1, 2]) await damaged.append(eventOf(line));
    await damaged.close();
    const path = join(directory, (await readdir(directory))[0] ?? "");
    const [header, first] = (await readFile(path, "utf8")).split("\n");
    await writeFile(path, [header, first, "\0", "\0", ""].join("\n"));
    const { ask } = await served(await openIn(directory));
    expect(await ask({ after: 0 })).toMatchObject({ after: 3, latest: 3 });
  });
});

describe("agentd events", () => {
  it("prints what is kept, filtered, for people and for programs", async () => {
    let nowMs = START_MS;
    const feed = await openIn(join(await temporaryDirectory(), "events"), { now: () => nowMs });
    await feed.append(eventOf(0));
    nowMs = START_MS + 2 * DAY_MS;
    const time = new Date(nowMs).toISOString();
    const daemonEvent = { time, source: "daemon", source_seq: 0 } as const;
    await feed.append({ ...daemonEvent, type: "daemon.started", data: { pid: 7, version: "0.1.0" } });
    await feed.append({ ...eventOf(1, "0198f2a4c6e85678"), time, profile: "other" });
    const { daemon } = await served(feed);
    const run = (...words: string[]) => agentd(daemon.directory, "events", ...words);
    const lines = [
      '2026-01-02T03:04:05.000Z session.resumed demo e81234 why="line 0"',
      "2026-01-04T03:04:05.000Z daemon.started pid=7 version=0.1.0",
      '2026-01-04T03:04:05.000Z session.resumed other e85678 why="line 1"',
    ];
    const text = (...shown: number[]) => shown.map((line) => `${lines[line] ?? ""}\n`).join("");
    expect(await run()).toMatchObject({ exitCode: 0, stdout: text(0, 1, 2), stderr: "" });
    expect((await run("--since", "2026-01-03T00:00:00Z")).stdout).toBe(text(1, 2));
    expect((await run("--type", "daemon.*")).stdout).toBe(text(1));
    expect((await run("--type", "daemon.started", "--type", "session.*", "--profile", "demo")).stdout).toBe(
      text(0),
    );
    const asJson = (await run("--json", "--profile", "other")).stdout;
    expect(JSON.parse(asJson)).toMatchObject({ seq: 3, profile: "other", data: { why: "line 1" } });
    expect(await run("--type", "sesion")).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("no type of event is like it") as string,
    });
  });
});
