import { chmod, mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readJournal } from "../../../src/audit/format/journal.ts";
import type { RandomBytes } from "../../../src/audit/format/session-id.ts";
import { type OpenEntry, OpenIndex, REMEMBERED_SEALED } from "../../../src/audit/open/open-index.ts";
import type { OpenRecord, RecordSettings } from "../../../src/audit/open/open-record.ts";
import { createRecord } from "../../../src/audit/open/record.ts";
import { reopenRecord } from "../../../src/audit/open/reopen.ts";
import { readDocument } from "../../../src/audit/read/query.ts";
import { requestKey } from "../../../src/request-key.ts";
import { NEW_DOCUMENT, NOW_MS, settingsIn, SUCCESS } from "../../kit/record-document.ts";
import { modeOf, newRecord, temporaryDirectory } from "../../kit/record-fixture.ts";

const EMPTY = { entries: [], damaged: [], newer: [] };

/** Gives each of these values in turn, then zeros. */
function bytesInTurn(...values: number[]): RandomBytes {
  return () => Uint8Array.of(values.shift() ?? 0, 0, 0);
}

describe("a new record", () => {
  it("has its directories, document and first journal line, for its owner only", async () => {
    const record = await newRecord();
    expect(record.directory).toMatch(/\/audit\/site-builder\/[0-9a-f]{16}$/);
    expect(record.id).toBe(record.directory.slice(-16));
    expect(await readDocument(record.directory)).toEqual({ ...NEW_DOCUMENT, session_id: record.id });
    const { entries } = await readJournal(join(record.directory, "agentd/events.jsonl"));
    const daemon = { pid: 1, version: "0.0.0" };
    const first = { seq: 0, time: new Date(NOW_MS).toISOString(), state: "queued", event: "accepted" };
    expect(entries).toMatchObject([{ ...first, ...daemon }]);
    const directories = ["../..", "..", ".", "runa", "agentd"].map((path) => join(record.directory, path));
    expect(await Promise.all(directories.map(modeOf))).toEqual(["700", "700", "700", "700", "700"]);
    expect(await modeOf(join(record.directory, "agentd/session.json"))).toBe("600");
    expect(await modeOf(join(record.directory, "agentd/events.jsonl"))).toBe("600");
    expect(await readdir(join(record.directory, "agentd"))).toEqual(["events.jsonl", "session.json"]);
  });

  it("stands in the open index", async () => {
    const settings = settingsIn(await temporaryDirectory());
    const record = await newRecord(settings);
    const { id, directory, document } = record;
    const entry = { id, directory, document, requestId: "request-1", plan: null };
    expect(await settings.index.list()).toEqual({ entries: [entry], damaged: [], newer: [] });
  });

  it("gets another id when one is taken by a record", async () => {
    const settings = settingsIn(await temporaryDirectory());
    const first = await newRecord({ ...settings, randomBytes: bytesInTurn(1) });
    await settings.index.remove(first.id);
    const second = await newRecord({ ...settings, randomBytes: bytesInTurn(1, 2) });
    expect(first.id.slice(-5)).toBe("01000");
    expect(second.id.slice(-5)).toBe("02000");
    const { entries } = await settings.index.list();
    expect(entries.map(({ id }) => id)).toEqual([second.id]);
  });

  it("gets an id of its own when many are made in one millisecond with little randomness", async () => {
    const settings = settingsIn(await temporaryDirectory());
    let calls = 0;
    const scarce: RandomBytes = () => Uint8Array.of(Math.floor(calls++ / 3), 0, 0);
    const options = {
      ...settings,
      document: NEW_DOCUMENT,
      requestId: "request-1",
      plan: null,
      randomBytes: scarce,
    };
    const records = await Promise.all(Array.from({ length: 8 }, () => createRecord(options)));
    const ids = records.map(({ id }) => id).sort();
    expect(new Set(ids).size).toBe(8);
    const { entries } = await settings.index.list();
    expect(entries.map(({ id }) => id)).toEqual(ids);
  });

  it("leaves nothing behind when it cannot be made", async () => {
    const settings = settingsIn(await temporaryDirectory());
    const profile = join(settings.auditRoot, "site-builder");
    await mkdir(profile, { recursive: true });
    await chmod(profile, 0o500);
    await expect(newRecord(settings)).rejects.toMatchObject({
      code: "record_unusable",
      message: expect.stringContaining(`cannot create a record in ${profile}: EACCES`) as string,
    });
    expect(await settings.index.list()).toEqual(EMPTY);
    expect(await readdir(profile)).toEqual([]);
  });

  it("gives up when every id is taken", async () => {
    const settings = settingsIn(await temporaryDirectory());
    const randomBytes: RandomBytes = () => Uint8Array.of(7, 7, 7);
    await newRecord({ ...settings, randomBytes });
    await expect(newRecord({ ...settings, randomBytes })).rejects.toMatchObject({
      message: expect.stringContaining("ids in a row were taken") as string,
    });
  });
});

describe("an open record", () => {
  it("shows an update at once and has written it when that is done", async () => {
    const record = await newRecord();
    const written = record.update({ commit: "abc" });
    expect(record.document.commit).toBe("abc");
    await written;
    expect((await readDocument(record.directory)).commit).toBe("abc");
  });

  it("keeps an update to itself when told so, and writes it with the next", async () => {
    const record = await newRecord();
    await record.update({ commit: "abc" }, { persist: false });
    expect((await readDocument(record.directory)).commit).toBeNull();
    await record.update({ image_digest: "sha256:1" });
    expect(await readDocument(record.directory)).toMatchObject({ commit: "abc", image_digest: "sha256:1" });
  });

  it("writes updates that come at once one after the other", async () => {
    const record = await newRecord();
    const counts = Array.from({ length: 20 }, (_, count) => count);
    await Promise.all(counts.map((count) => record.update({ peak_pids: count })));
    expect((await readDocument(record.directory)).peak_pids).toBe(19);
    expect(await readdir(join(record.directory, "agentd"))).toEqual(["events.jsonl", "session.json"]);
  });

  it("knows the state that it journaled last", async () => {
    const record = await newRecord();
    expect(record.state).toBe("queued");
    await record.journal("preparing", "started");
    expect(record.state).toBe("preparing");
  });
});

/** Reopens the one record of the index. */
async function reopen(settings: RecordSettings) {
  const { entries } = await settings.index.list();
  expect(entries).toHaveLength(1);
  return await reopenRecord(settings, entries[0]!);
}

async function leftRecord(): Promise<{
  settings: RecordSettings;
  record: OpenRecord;
  session: string;
  journal: string;
}> {
  const settings = settingsIn(await temporaryDirectory());
  const record = await newRecord(settings);
  const agentd = join(record.directory, "agentd");
  return { settings, record, session: join(agentd, "session.json"), journal: join(agentd, "events.jsonl") };
}

describe("a record of an earlier daemon", () => {
  it("goes on where it was, with what was journaled and not written", async () => {
    const { settings, record, journal } = await leftRecord();
    await record.journal("preparing", "cloned", { commit: "abc", warnings: [] });
    await record.journal("running", "gate_opened");
    const found = await reopen(settings);
    if (found.kind !== "open") throw new Error(found.kind);
    expect(found.record).toMatchObject({ id: record.id, state: "running", document: { commit: "abc" } });
    expect(found.journal.map(({ event }) => event)).toEqual(["accepted", "cloned", "gate_opened"]);
    await found.record.journal("finishing", "ended", { outcome: "interrupted" });
    expect((await readJournal(journal)).entries).toHaveLength(4);
  });

  it("leaves the index when it is sealed, and its request is remembered", async () => {
    const { settings, record } = await leftRecord();
    await record.seal(SUCCESS);
    expect(await reopen(settings)).toEqual({ kind: "sealed" });
    expect(await settings.index.list()).toEqual(EMPTY);
    expect(await settings.index.recent()).toEqual(new Map([[requestKey("request-1"), record.id]]));
  });

  it.each(["", "{", '{"schema_version":1}'])(
    "is put together again when its document is %j",
    async (content) => {
      const { settings, record, session, journal } = await leftRecord();
      await writeFile(session, content);
      expect(await reopen(settings)).toMatchObject({ kind: "open" });
      expect(await readDocument(record.directory)).toEqual(record.document);
      expect((await readJournal(journal)).entries.at(-1)).toMatchObject({
        event: "document_rebuilt",
        was: "damaged",
      });
    },
  );

  it("is removed when a crash came before its document, for nobody was told of it", async () => {
    const { settings, record, session } = await leftRecord();
    await rm(session);
    expect(await reopen(settings)).toEqual({ kind: "unmade" });
    expect(await readdir(join(record.directory, ".."))).toEqual([]);
    expect(await settings.index.list()).toEqual(EMPTY);
  });

  it("is kept when its document is gone and its session had begun", async () => {
    const { settings, record, session } = await leftRecord();
    await record.journal("preparing", "started");
    await rm(session);
    expect(await reopen(settings)).toMatchObject({ kind: "open" });
    expect(await readDocument(record.directory)).toEqual(record.document);
  });

  it.each([
    [
      "its document is of a later version",
      ({ session }) => writeFile(session, '{"schema_version":2}'),
      "schema_version is 2",
    ],
    ["its document cannot be read", ({ session }) => chmod(session, 0), "EACCES"],
    ["its journal is empty", ({ journal }) => writeFile(journal, ""), "is empty"],
    ["its journal is gone", ({ journal }) => rm(journal), "ENOENT"],
    ["a line of its journal is damaged", ({ journal }) => writeFile(journal, "{}\n"), "line 1"],
    [
      "all records are gone, as on a disk that is not mounted",
      ({ settings }) => rename(settings.auditRoot, `${settings.auditRoot}.away`),
      "ENOENT",
    ],
  ] satisfies [string, (left: Awaited<ReturnType<typeof leftRecord>>) => Promise<void>, string][])(
    "is left as it is when %s",
    async (_, damage, why) => {
      const left = await leftRecord();
      await damage(left);
      expect(await reopen(left.settings)).toEqual({
        kind: "unusable",
        why: expect.stringContaining(why) as string,
      });
      expect((await left.settings.index.list()).entries).toHaveLength(1);
    },
  );
});

const ENTRY: OpenEntry = {
  id: "a".repeat(16),
  directory: "/d",
  requestId: "request",
  document: { ...NEW_DOCUMENT, session_id: "a".repeat(16) },
  plan: { some: "thing" },
};

describe("the open index", () => {
  it("is empty before its directory is made", async () => {
    const index = new OpenIndex(join(await temporaryDirectory(), "none"));
    expect(await index.list()).toEqual(EMPTY);
    expect(await index.recent()).toEqual(new Map());
  });

  it("tells which entries a crash cut short and which are of a later version", async () => {
    const directory = await temporaryDirectory();
    const index = new OpenIndex(directory);
    await index.add(ENTRY);
    await writeFile(join(directory, "open", "1".repeat(16)), "");
    await writeFile(join(directory, "open", "2".repeat(16)), '{"schema_version":1}');
    await writeFile(join(directory, "open", "3".repeat(16)), '{"schema_version":2}');
    await writeFile(join(directory, "open", "something else"), "");
    expect(await index.list()).toEqual({
      entries: [ENTRY],
      damaged: ["1".repeat(16), "2".repeat(16)],
      newer: ["3".repeat(16)],
    });
  });

  it("takes an id once, for its owner only, and loses it without complaint twice", async () => {
    const directory = await temporaryDirectory();
    const index = new OpenIndex(directory);
    expect(await index.add(ENTRY)).toBe(true);
    expect(await index.add({ ...ENTRY, directory: "/other" })).toBe(false);
    expect((await index.list()).entries).toEqual([ENTRY]);
    expect(await modeOf(join(directory, "open", ENTRY.id))).toBe("600");
    await index.remove(ENTRY.id);
    await index.remove(ENTRY.id);
    expect(await readdir(join(directory, "open"))).toEqual([]);
  });

  it("remembers the requests of the newest sealed sessions", async () => {
    const directory = await temporaryDirectory();
    const index = new OpenIndex(directory);
    await index.add(ENTRY);
    await index.retire(ENTRY.id, "request");
    const older = Array.from({ length: REMEMBERED_SEALED + 30 }, (_, n) => n.toString(16).padStart(16, "0"));
    for (const id of older) await writeFile(join(directory, "recent", `${id}.${requestKey(id)}`), "");
    const recent = await index.recent();
    expect([...recent.values()]).toEqual([...older.slice(31), ENTRY.id]);
    expect(recent.get(requestKey("request"))).toBe(ENTRY.id);
    expect(await index.recent()).toEqual(recent);
  });
});
