/** What the feed does on a full disk: `node full-disk.cjs DIRECTORY`, a small file system; prints what it saw as JSON. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openFeed } from "../../../src/events/durable-feed.ts";
import type { NewEvent } from "../../../src/events/event.ts";
import { NO_FAILPOINTS } from "../../../src/failpoints.ts";

const directory = process.argv[2] ?? "";
const ballast = join(directory, "ballast");

function eventOf(line: number): NewEvent {
  const time = new Date(line).toISOString();
  const place = { time, session_id: "a", source: "a/events.jsonl", source_seq: line };
  return { ...place, type: "session.resumed", data: { why: "x".repeat(1_000) } };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function main(): Promise<void> {
  writeFileSync(ballast, Buffer.alloc(64 * 1024));
  const options = { now: () => 0, keepMs: () => 1, failpoints: NO_FAILPOINTS, segmentBytes: 16 * 1024 };
  const feed = await openFeed({ directory: join(directory, "events"), ...options });
  let line = 0;
  const refused = await (async () => {
    for (;;) {
      await feed.append(eventOf(line), { urgent: true });
      line += 1;
    }
  })().catch(messageOf);
  const whenFull = (await feed.after(0, 1_000)).length;
  const still = await feed.append(eventOf(line)).catch(messageOf);
  rmSync(ballast);
  feed.mend("a");
  const last = await feed.append(eventOf(line));
  await feed.close();
  const again = await openFeed({ directory: join(directory, "events"), ...options });
  const lines = (await again.after(0, 1_000)).map(({ source_seq }) => source_seq);
  process.stdout.write(JSON.stringify({ written: line, whenFull, refused, still, last: last.seq, lines }));
}

void main();
