import { mkdir, readdir, readFile, writeFile, chmod } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readJournal } from "../../../src/audit/journal.ts";
import { addOpenRecord, listOpenRecords, removeOpenRecord } from "../../../src/audit/open-index.ts";
import { readDocument } from "../../../src/audit/query.ts";
import { createRecord, openExistingRecord } from "../../../src/audit/record.ts";
import type { RandomBytes } from "../../../src/audit/session-id.ts";
import { NEW_DOCUMENT, NOW_MS, settingsIn, SUCCESS } from "./record-document.ts";
import { modeOf, newRecord, temporaryDirectory } from "./record-fixture.ts";

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
    expect(entries).toEqual([{ seq: 0, time: new Date(NOW_MS).toISOString(), state: "queued" }]);
    const directories = ["../..", "..", ".", "runa", "agentd"].map((path) => join(record.directory, path));
    expect(await Promise.all(directories.map(modeOf))).toEqual(["700", "700", "700", "700", "700"]);
    expect(await modeOf(join(record.directory, "agentd/session.json"))).toBe("600");
    expect(await modeOf(join(record.directory, "agentd/events.jsonl"))).toBe("600");
    expect(await readdir(join(record.directory, "agentd"))).toEqual(["events.jsonl", "session.json"]);
  });

  it("stands in the open index", async () => {
    const settings = settingsIn(await temporaryDirectory());
    const record = await newRecord(settings);
    expect(await listOpenRecords(settings.openDirectory)).toEqual({
      entries: [{ id: record.id, profile: "site-builder", directory: record.directory }],
      damaged: [],
    });
  });

  it("gets another id when one is taken by a record", async () => {
    const settings = settingsIn(await temporaryDirectory());
    const first = await newRecord({ ...settings, randomBytes: bytesInTurn(1) });
    await removeOpenRecord(settings.openDirectory, first.id);
    const second = await newRecord({ ...settings, randomBytes: bytesInTurn(1, 2) });
    expect(first.id.slice(-5)).toBe("01000");
    expect(second.id.slice(-5)).toBe("02000");
    const { entries } = await listOpenRecords(settings.openDirectory);
    expect(entries.map(({ id }) => id)).toEqual([second.id]);
  });

  it("gets an id of its own when many are made in one millisecond with little randomness", async () => {
    const settings = settingsIn(await temporaryDirectory());
    let calls = 0;
    const scarce: RandomBytes = () => Uint8Array.of(Math.floor(calls++ / 3), 0, 0);
    const options = { ...settings, document: NEW_DOCUMENT, randomBytes: scarce };
    const records = await Promise.all(Array.from({ length: 8 }, () => createRecord(options)));
    const ids = records.map(({ id }) => id).sort();
    expect(new Set(ids).size).toBe(8);
    const { entries } = await listOpenRecords(settings.openDirectory);
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
    expect(await listOpenRecords(settings.openDirectory)).toEqual({ entries: [], damaged: [] });
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

describe("a record of an earlier daemon", () => {
  it("goes on where it was", async () => {
    const settings = settingsIn(await temporaryDirectory());
    const before = await newRecord(settings);
    await before.update({ commit: "abc" });
    await before.journal("running", "gate_opened");

    const after = await openExistingRecord(settings, before.directory);
    expect(after).toMatchObject({ id: before.id, state: "running", document: { commit: "abc" } });
    await after?.journal("finishing", "ended", { outcome: "interrupted" });
    const { entries } = await readJournal(join(before.directory, "agentd/events.jsonl"));
    expect(entries.map(({ state }) => state)).toEqual(["queued", "running", "finishing"]);
  });

  it("only leaves the index when it is sealed", async () => {
    const settings = settingsIn(await temporaryDirectory());
    const record = await newRecord(settings);
    await record.seal(SUCCESS);
    await addOpenRecord(settings.openDirectory, {
      id: record.id,
      profile: "site-builder",
      directory: record.directory,
    });
    expect(await openExistingRecord(settings, record.directory)).toBeUndefined();
    expect((await listOpenRecords(settings.openDirectory)).entries).toEqual([]);
    expect(await modeOf(join(record.directory, "agentd/events.jsonl"))).toBe("400");
  });

  it("is refused when its document is empty", async () => {
    const settings = settingsIn(await temporaryDirectory());
    const record = await newRecord(settings);
    await writeFile(join(record.directory, "agentd/session.json"), "");
    await expect(openExistingRecord(settings, record.directory)).rejects.toMatchObject({
      code: "record_unusable",
    });
  });
});

describe("the open index", () => {
  it("is empty before its directory is made", async () => {
    const directory = await temporaryDirectory();
    expect(await listOpenRecords(join(directory, "none"))).toEqual({ entries: [], damaged: [] });
  });

  it("tells which entries a crash cut short", async () => {
    const directory = await temporaryDirectory();
    await addOpenRecord(directory, { id: "0".repeat(16), profile: "p", directory: "/d" });
    await writeFile(join(directory, "1".repeat(16)), "");
    await writeFile(join(directory, "2".repeat(16)), '{"profile":"p"}');
    await writeFile(join(directory, "something else"), "");
    expect(await listOpenRecords(directory)).toEqual({
      entries: [{ id: "0".repeat(16), profile: "p", directory: "/d" }],
      damaged: ["1".repeat(16), "2".repeat(16)],
    });
  });

  it("takes an id once and loses it without complaint twice", async () => {
    const directory = await temporaryDirectory();
    const entry = { id: "a".repeat(16), profile: "p", directory: "/d" };
    expect(await addOpenRecord(directory, entry)).toBe(true);
    expect(await addOpenRecord(directory, { ...entry, directory: "/other" })).toBe(false);
    expect(JSON.parse(await readFile(join(directory, entry.id), "utf8"))).toEqual({
      profile: "p",
      record: "/d",
    });
    await removeOpenRecord(directory, entry.id);
    await removeOpenRecord(directory, entry.id);
    expect(await readdir(directory)).toEqual([]);
  });
});
