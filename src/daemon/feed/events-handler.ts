import type { Handlers } from "../../api/handlers.ts";
import type { DurableFeed } from "../../events/durable-feed.ts";

/** Answers the method `events`. */
export function eventsHandler(
  feed: Pick<DurableFeed, "after" | "before" | "wait" | "latest" | "oldest">,
): Handlers["events"] {
  return async ({ after, since_timestamp: since, limit, wait_ms: waitMs }, { signal }) => {
    const known = after ?? (since === undefined ? feed.latest : await feed.before(Date.parse(since)));
    await feed.wait(known, waitMs, signal);
    const { latest, oldest } = feed;
    const events = [...(await feed.after(known, limit))];
    // A line that a disk has lost is not asked for again.
    const isAll = events.length < limit;
    return { events, after: Math.max(known, events.at(-1)?.seq ?? 0, isAll ? latest : 0), oldest, latest };
  };
}
