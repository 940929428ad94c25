import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { newSessionId } from "../../../src/audit/format/session-id.ts";
import { findById, findNewest, findRecord } from "../../../src/audit/read/find-record.ts";
import { listRecords, selectRecords } from "../../../src/audit/read/select-records.ts";
import { NEW_DOCUMENT } from "../../kit/record-document.ts";
import { temporaryDirectory } from "../../kit/record-fixture.ts";

const ID = (digit: string): string => digit.padEnd(16, "0");

/** An audit root with empty record directories: profile to ids. */
async function auditRootWith(records: Record<string, string[]>): Promise<string> {
  const auditRoot = await temporaryDirectory();
  for (const [profile, ids] of Object.entries(records)) {
    for (const id of ids) await mkdir(join(auditRoot, profile, id), { recursive: true });
  }
  return auditRoot;
}

describe("the newest records", () => {
  it("are those of all profiles, newest first, up to the limit", async () => {
    const auditRoot = await auditRootWith({
      one: [ID("1"), ID("4"), ID("5")],
      two: [ID("2"), ID("3"), ID("6")],
    });
    const newest = await listRecords(auditRoot, { limit: 4 });
    expect(newest.map(({ id, profile }) => [id, profile])).toEqual([
      [ID("6"), "two"],
      [ID("5"), "one"],
      [ID("4"), "one"],
      [ID("3"), "two"],
    ]);
    expect(newest[0]?.directory).toBe(join(auditRoot, "two", ID("6")));
  });

  it("are in their order whichever of many profiles they are of", async () => {
    const ids = Array.from({ length: 60 }, (_, index) => ID((index + 16).toString(16)));
    const records: Record<string, string[]> = {};
    for (const [index, id] of ids.entries()) (records[`p${(index * index) % 7}`] ??= []).push(id);
    const all = await listRecords(await auditRootWith(records), { limit: Number.POSITIVE_INFINITY });
    expect(all.map(({ id }) => id)).toEqual(ids.toReversed());
  });

  it("are those of one profile when it is named", async () => {
    const auditRoot = await auditRootWith({ one: [ID("1"), ID("4")], two: [ID("2")] });
    const newest = await listRecords(auditRoot, { limit: 10, profile: "one" });
    expect(newest.map(({ id }) => id)).toEqual([ID("4"), ID("1")]);
    expect(await listRecords(auditRoot, { limit: 10, profile: "none" })).toEqual([]);
    expect(await listRecords(join(auditRoot, "one"), { limit: 10, profile: "../two" })).toEqual([]);
  });

  it("are those that were accepted between two instants, both included", async () => {
    const at = (ms: number): string => newSessionId(ms, (size) => Buffer.alloc(size, 0xff));
    const times = [1_000, 2_000, 3_000, 4_000];
    const auditRoot = await auditRootWith({ one: times.map(at) });
    const select = async (filter: { sinceMs?: number; untilMs?: number }) => {
      const { total, newestFirst } = await selectRecords(auditRoot, filter);
      const ids = [...newestFirst()].map(({ id }) => id);
      expect(total).toBe(ids.length);
      return ids;
    };
    expect(await select({})).toEqual(times.map(at).reverse());
    expect(await select({ sinceMs: 2_000 })).toEqual([4_000, 3_000, 2_000].map(at));
    expect(await select({ sinceMs: 2_000.5, untilMs: 3_000 })).toEqual([3_000].map(at));
    expect(await select({ untilMs: 999 })).toEqual([]);
    expect(await select({ sinceMs: 4_001, untilMs: 10 })).toEqual([]);
    expect(await select({ sinceMs: -5 })).toHaveLength(4);
  });

  it("are none before there is an audit root", async () => {
    const auditRoot = join(await temporaryDirectory(), "none");
    expect(await listRecords(auditRoot, { limit: 10 })).toEqual([]);
    await expect(findNewest(auditRoot)).rejects.toMatchObject({ code: "unknown_session" });
  });

  it("leave out what is no record", async () => {
    const auditRoot = await auditRootWith({ one: [ID("1"), "log", "1234", ID("A")] });
    await writeFile(join(auditRoot, "README"), "");
    expect((await listRecords(auditRoot, { limit: 10 })).map(({ id }) => id)).toEqual([ID("1")]);
  });
});

describe("a record", () => {
  const FIRST = "19c21acec6503c58";
  const SECOND = "19c21acec6504000";
  const THIRD = "19c21acec6f3c581";
  const RECORDS = { one: [FIRST], two: [SECOND, ID("2")], "site-builder": [THIRD] };

  it.each([
    ["its whole id", FIRST, FIRST],
    ["its beginning", "19c21acec6503", FIRST],
    ["its last six digits", "503c58", FIRST],
    ["its end, though that stands within another id, too", "3c58", FIRST],
    ["its beginning, though another id ends so", "2000", ID("2")],
    ["what it has in its middle", "ec6f3c", THIRD],
    ["its profile, whose newest one it is", "two", ID("2")],
    ["its profile with a dash", "site-builder", THIRD],
  ])("is found by %s", async (_how, name, id) => {
    const found = await findRecord(await auditRootWith({ ...RECORDS, ends: ["1111111111112000"] }), name);
    expect(found.id).toBe(id);
    expect(found.directory.endsWith(join(found.profile, id))).toBe(true);
  });

  it("is found by the exact name of its profile before a piece of another id", async () => {
    const auditRoot = await auditRootWith({ "3c58": [ID("7"), ID("8")], one: [FIRST] });
    expect((await findRecord(auditRoot, "3c58")).id).toBe(ID("8"));
    expect((await findRecord(auditRoot, "03c58")).id).toBe(FIRST);
  });

  it("is the newest of all where none is named", async () => {
    expect((await findNewest(await auditRootWith(RECORDS))).id).toBe(ID("2"));
  });

  it.each([
    ...["", "3", "19c", "../one", "g", "site", ID("3"), `${ID("1")}0`, ".*", "ffff", "19C21ACEC6503"],
  ])("is not found by %j", async (name) => {
    const auditRoot = await auditRootWith({ ...RECORDS, empty: [] });
    await expect(findRecord(auditRoot, name)).rejects.toMatchObject({ code: "unknown_session" });
    expect(await findById(auditRoot, name)).toBeUndefined();
  });

  it("is not guessed when more than one id has the piece; the newest five are described", async () => {
    const ids = Array.from({ length: 7 }, (_, index) => `19c21acec65${index}1234`.padEnd(16, "0"));
    const auditRoot = await auditRootWith({ one: ids });
    const described = join(auditRoot, "one", ids[6] ?? "", "agentd");
    await mkdir(described);
    await writeFile(
      join(described, "session.json"),
      JSON.stringify({ ...NEW_DOCUMENT, session_id: ids[6], work_unit: "issue-42" }),
    );
    const error: unknown = await findRecord(auditRoot, "19c2").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "ambiguous_session",
      message: 'cannot find session "19c2": 7 session ids start with it',
      details: {
        count: 7,
        candidates: [
          { session_id: ids[6], profile: "one", work_unit: "issue-42" },
          ...[5, 4, 3, 2].map((index) => ({ session_id: ids[index], profile: "one", work_unit: null })),
        ],
      },
    });
    const { next = "" } = error as { next?: string };
    expect(next.split("\n")[1]).toBe(`${ids[6]?.slice(-6)}  one  issue-42  (${ids[6]})`);
    expect(next.split("\n")).toHaveLength(6);
  });
});
