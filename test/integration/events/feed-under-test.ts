/** A feed in a directory of its own, and events for it. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type DurableFeed, type FeedOptions, openFeed } from "../../../src/events/durable-feed.ts";
import type { FeedEvent, NewEvent } from "../../../src/events/event.ts";
import { NO_FAILPOINTS } from "../../../src/failpoints.ts";

export const START_MS = Date.parse("2026-01-02T03:04:05.000Z");
export const DAY_MS = 86_400_000;

/** The event of the n-th line of a session. */
export function eventOf(line: number, sessionId = "0198f2a4c6e81234"): NewEvent {
  return {
    time: new Date(START_MS + line).toISOString(),
    session_id: sessionId,
    profile: "demo",
    source: `${sessionId}/events.jsonl`,
    source_seq: line,
    type: "session.resumed",
    data: { why: `line ${line}` },
  };
}

/** Opens the feed of a directory; it is closed with the test. */
export async function openIn(directory: string, options: Partial<FeedOptions> = {}): Promise<DurableFeed> {
  const feed = await openFeed({
    directory,
    now: () => START_MS,
    keepMs: () => 30 * DAY_MS,
    failpoints: NO_FAILPOINTS,
    ...options,
  });
  onTestFinished(() => feed.close());
  return feed;
}

/** The events that its files hold, in their order. A file that is being made, beside its final name, is none yet. */
export async function written(directory: string): Promise<FeedEvent[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith(".jsonl")).sort();
  const files = await Promise.all(names.map((name) => readFile(join(directory, name), "utf8")));
  return files.flatMap((content) =>
    content
      .split("\n")
      .slice(1, -1)
      .map((line) => JSON.parse(line) as FeedEvent),
  );
}

/** All that a reader gets, page by page. */
export async function readAll(feed: DurableFeed, limit: number): Promise<FeedEvent[]> {
  const all: FeedEvent[] = [];
  for (;;) {
    const page = await feed.after(all.at(-1)?.seq ?? 0, limit);
    if (page.length === 0) return all;
    all.push(...page);
  }
}
