/** What the journals of sessions tell the feed: each line that has an event once, in order, whatever is cut short. */
import { chmod, rename } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { readJournal } from "../../../src/audit/format/journal.ts";
import { recordPaths } from "../../../src/audit/format/record-layout.ts";
import type { OpenRecord, RecordSettings } from "../../../src/audit/open/open-record.ts";
import { reopenRecord } from "../../../src/audit/open/reopen.ts";
import { syncFile } from "../../../src/durable-files.ts";
import { Debts } from "../../../src/events/debts.ts";
import type { DurableFeed } from "../../../src/events/durable-feed.ts";
import { SessionTeller } from "../../../src/events/session-teller.ts";
import { type Failpoints, NO_FAILPOINTS } from "../../../src/failpoints.ts";
import { createLogger } from "../../../src/log.ts";
import { settingsIn, SUCCESS } from "../../kit/record-document.ts";
import { newRecord, temporaryDirectory } from "../../kit/record-fixture.ts";
import { until } from "../../kit/until.mjs";
import { openIn, START_MS, written } from "./feed-under-test.ts";

const LOG = createLogger({ write: () => undefined }, "silent");

/** One daemon's: its feed, and settings for records that tell it. */
interface World {
  readonly feed: DurableFeed;
  readonly settings: RecordSettings;
  readonly teller: SessionTeller;
}

const feedOf = (directory: string): string => join(directory, "state", "events");

async function daemonIn(directory: string, failpoints: Failpoints = NO_FAILPOINTS): Promise<World> {
  const feed = await openIn(feedOf(directory), { failpoints });
  const debts = new Debts(LOG);
  const teller = new SessionTeller({
    ...{ feed, debts, failpoints, now: () => START_MS },
    readJournal: async (record) => (await readJournal(recordPaths(record).journal)).entries,
    syncJournal: (record) => syncFile(recordPaths(record).journal),
    otherFiles: () => undefined,
  });
  onTestFinished(async () => {
    teller.close();
    await debts.close();
  });
  return { feed, teller, settings: { ...settingsIn(directory), observer: teller } };
}

/** What the feed says about a session: types and lines. */
async function told(directory: string): Promise<[string, number][]> {
  return (await written(feedOf(directory))).map(({ type, source_seq: line }) => [type, line]);
}

/** Journals a short life up to its end. */
async function live(record: OpenRecord): Promise<void> {
  await record.journal("preparing", "started", {}, { durable: false });
  await record.journal("preparing", "cloned", { commit: "abc" }, { durable: false });
  await record.journal("running", "gate_opened", {});
  await record.journal("finishing", "ended", { ...SUCCESS });
}

const LIFE = [
  ["session.accepted", 0],
  ["session.preparing", 1],
  ["session.running", 3],
  ["session.finishing", 4],
  ["session.sealed", 5],
];

describe("a session", () => {
  it("tells its life, and its end before its entry leaves the open index", async () => {
    const directory = await temporaryDirectory();
    const { settings, feed } = await daemonIn(directory);
    const record = await newRecord(settings);
    await live(record);
    await record.seal(SUCCESS);
    expect((await settings.index.list()).entries).toHaveLength(1);
    await record.retire();
    expect((await settings.index.list()).entries).toEqual([]);
    expect(await told(directory)).toEqual(LIFE);
    const events = await feed.after(0, 10);
    expect(events[0]).toMatchObject({
      session_id: record.id,
      profile: "site-builder",
      source: `${record.id}/events.jsonl`,
      data: { trigger: "manual", work_unit: "issue-42", repo_url: "https://git.example/site.git" },
    });
    expect(events.at(-1)).toMatchObject({
      data: { outcome: "success", exit_code: 0, end_timestamp: SUCCESS.end_timestamp, usd: null },
    });
  });

  it("that was never whole tells nothing", async () => {
    const directory = await temporaryDirectory();
    const { settings } = await daemonIn(directory);
    const failing = { reach: () => Promise.reject(new Error("no")) };
    await expect(newRecord({ ...settings, failpoints: failing })).rejects.toThrow();
    expect(await told(directory)).toEqual([]);
  });

  it("tells one failure of its end, however often it is tried again", async () => {
    const directory = await temporaryDirectory();
    const { settings } = await daemonIn(directory);
    const record = await newRecord(settings);
    await live(record);
    for (const reason of ["one", "two"]) await record.journal("finishing", "step_failed", { reason });
    await record.seal(SUCCESS);
    await record.retire();
    expect((await told(directory)).slice(-2)).toEqual([
      ["record.incomplete", 5],
      ["session.sealed", 7],
    ]);
  });
});

describe("after a daemon that died", () => {
  it.each([0, 1, 2, 3])("the next one tells what is missing, once: the feed had %i events", async (had) => {
    const directory = await temporaryDirectory();
    const first = await daemonIn(directory);
    let left = had;
    // A feed that dies is one that refuses from some event on.
    const dying = await daemonIn(await temporaryDirectory());
    const record = await newRecord({
      ...first.settings,
      observer: {
        opened: (...given) => (left-- > 0 ? first.teller.opened(...given) : dying.teller.opened(...given)),
        appended: (id, entry, isDurable) => {
          if (["started", "gate_opened", "ended"].includes(entry.event ?? "") && left-- > 0)
            first.teller.appended(id, entry, isDurable);
        },
        sealed: () => Promise.resolve(),
      },
    });
    await live(record);
    await until("its events", async () => (await told(directory)).length === had);
    await first.feed.close();
    const second = await daemonIn(directory);
    const [entry] = (await second.settings.index.list()).entries;
    expect(await reopenRecord(second.settings, entry!)).toMatchObject({ kind: "open" });
    await second.teller.madeGood();
    expect(await told(directory)).toEqual(LIFE.slice(0, 4));
  });

  it.each([false, true])(
    "the next one tells an end that was committed, once: told already %s",
    async (wasTold) => {
      const directory = await temporaryDirectory();
      const first = await daemonIn(directory);
      const record = await newRecord(first.settings);
      await live(record);
      await record.seal(SUCCESS);
      // It dies before the entry is retired.
      if (wasTold) await first.teller.sealed(record, () => Promise.resolve());
      else await until("its events", async () => (await told(directory)).length === 4);
      await first.feed.close();
      const second = await daemonIn(directory);
      const [entry] = (await second.settings.index.list()).entries;
      expect(await reopenRecord(second.settings, entry!)).toEqual({ kind: "sealed" });
      expect(await told(directory)).toEqual(LIFE);
      expect((await second.settings.index.list()).entries).toEqual([]);
    },
  );
});

describe("while the feed cannot be written", () => {
  it("sessions go on to their end, and the gap is made good", async () => {
    const directory = await temporaryDirectory();
    const { settings, feed } = await daemonIn(directory);
    const record = await newRecord(settings);
    await until("the first event", () => feed.latest === 1);
    // Writes into the open file still work: a new one cannot be made.
    await feed.close();
    await rename(feedOf(directory), `${feedOf(directory)}-away`);
    await live(record);
    await record.seal(SUCCESS);
    await record.retire();
    // The end is not told yet, so that a next daemon would.
    expect((await settings.index.list()).entries).toHaveLength(1);
    await rename(`${feedOf(directory)}-away`, feedOf(directory));
    await chmod(feedOf(directory), 0o700);
    await until("the retirement", async () => (await settings.index.list()).entries.length === 0);
    expect(await told(directory)).toEqual(LIFE);
  });
});
