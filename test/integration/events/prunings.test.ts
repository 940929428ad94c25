/** Prunings in the feed: real records, a real chain and a real feed. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readEvidence } from "../../../src/audit/chain/evidence.ts";
import { evidencePaths } from "../../../src/audit/keys/evidence-paths.ts";
import type { RecordSettings } from "../../../src/audit/open/open-record.ts";
import { prune } from "../../../src/audit/upkeep/prune.ts";
import { planPruning } from "../../../src/audit/upkeep/prune-plan.ts";
import { readPruningNotes } from "../../../src/audit/upkeep/pruning-notes.ts";
import { tellPrunings } from "../../../src/daemon/feed/pruning-events.ts";
import { NOW_MS, settingsIn, SUCCESS } from "../../kit/record-document.ts";
import { newRecord, temporaryDirectory } from "../../kit/record-fixture.ts";
import { openIn, readAll } from "./feed-under-test.ts";

async function sealed(settings: RecordSettings): Promise<string> {
  const record = await newRecord(settings);
  await record.seal(SUCCESS);
  await record.retire();
  return record.id;
}

async function world() {
  const directory = await temporaryDirectory();
  const settings = settingsIn(directory);
  const state = join(settings.auditRoot, "../state");
  const paths = evidencePaths(state);
  return {
    paths,
    feedDirectory: join(directory, "events"),
    seal: () => sealed(settings),
    pruneAll: async () => {
      const evidence = readEvidence(state);
      const plan = await planPruning(settings.auditRoot, () => ({ keep: 0 }), evidence);
      await prune(settings.auditRoot, plan, { paths, chain: evidence.chain, nowMs: NOW_MS });
      return evidence.chain;
    },
  };
}

describe("a pruning", () => {
  it("is told once, with its tombstone, whoever pruned and whenever the feed is told", async () => {
    const { paths, feedDirectory, seal, pruneAll } = await world();
    const feed = await openIn(feedDirectory);
    await tellPrunings(feed, paths);
    const ids = [await seal(), await seal()];
    await pruneAll();
    // Twice while nobody tells the feed, as without a daemon.
    const last = await seal();
    const chain = await pruneAll();
    chain.refresh();
    await tellPrunings(feed, paths);
    await tellPrunings(feed, paths);
    const events = await readAll(feed, 10);
    const time = new Date(NOW_MS).toISOString();
    expect(events).toMatchObject([
      { time, source: "chain.jsonl", type: "record.pruned", data: { records: 2 } },
      { time, source: "chain.jsonl", type: "record.pruned", data: { records: 1, session_ids: [last] } },
    ]);
    expect(events[0]?.data).toMatchObject({ session_ids: expect.arrayContaining(ids) as unknown });
    expect(events.map(({ source_seq: line }) => chain.lines[line]?.kind)).toEqual(["prune", "prune"]);
    expect(await readPruningNotes(paths)).toEqual([]);
  });

  it("is told once by a daemon that died before it could remove the note", async () => {
    const { paths, feedDirectory, seal, pruneAll } = await world();
    const id = await seal();
    await pruneAll();
    const [note] = await readPruningNotes(paths);
    const feed = await openIn(feedDirectory);
    await tellPrunings(feed, paths);
    await feed.close();
    await writeFile(join(paths.prunings, `${note!.sequence}.json`), JSON.stringify(note));
    const next = await openIn(feedDirectory);
    await tellPrunings(next, paths);
    expect(await readAll(next, 10)).toMatchObject([{ data: { session_ids: [id] } }]);
    expect(await readPruningNotes(paths)).toEqual([]);
  });

  it("whose note nobody can read is an error with the file's name", async () => {
    const { paths, feedDirectory, seal, pruneAll } = await world();
    await seal();
    await pruneAll();
    const [note] = await readPruningNotes(paths);
    await writeFile(join(paths.prunings, `${note!.sequence}.json`), "{");
    await expect(tellPrunings(await openIn(feedDirectory), paths)).rejects.toMatchObject({
      code: "state_unusable",
      tried: expect.stringContaining(`prunings/${note!.sequence}.json`) as string,
    });
  });
});
