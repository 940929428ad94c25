import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findRecord, listRecords, readDocument, readLastState } from "../../../src/audit/query.ts";
import { NEW_DOCUMENT, settingsIn, SUCCESS } from "./record-document.ts";
import { newRecord, temporaryDirectory } from "./record-fixture.ts";

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

  it("are those of one profile when it is named", async () => {
    const auditRoot = await auditRootWith({ one: [ID("1"), ID("4")], two: [ID("2")] });
    const newest = await listRecords(auditRoot, { limit: 10, profile: "one" });
    expect(newest.map(({ id }) => id)).toEqual([ID("4"), ID("1")]);
    expect(await listRecords(auditRoot, { limit: 10, profile: "none" })).toEqual([]);
  });

  it("are none before there is an audit root", async () => {
    expect(await listRecords(join(await temporaryDirectory(), "none"), { limit: 10 })).toEqual([]);
  });

  it("leave out what is no record", async () => {
    const auditRoot = await auditRootWith({ one: [ID("1"), "log", "1234", ID("A")] });
    await writeFile(join(auditRoot, "README"), "");
    expect((await listRecords(auditRoot, { limit: 10 })).map(({ id }) => id)).toEqual([ID("1")]);
  });
});

describe("a record", () => {
  it("is found by its id and by the beginning of it", async () => {
    const auditRoot = await auditRootWith({ one: ["19c21acec6503c58"], two: ["19c21acec6504000", ID("2")] });
    const expected = {
      id: "19c21acec6503c58",
      profile: "one",
      directory: join(auditRoot, "one/19c21acec6503c58"),
    };
    expect(await findRecord(auditRoot, "19c21acec6503c58")).toEqual(expected);
    expect(await findRecord(auditRoot, "19c21acec6503")).toEqual(expected);
  });

  it.each(["", "3", "../one", "g", ID("3"), `${ID("1")}0`, ".*"])("is not found by %j", async (prefix) => {
    const auditRoot = await auditRootWith({ one: [ID("1"), ID("2")] });
    await expect(findRecord(auditRoot, prefix)).rejects.toMatchObject({ code: "unknown_session" });
  });

  it("is not guessed when more than one id begins so", async () => {
    const auditRoot = await auditRootWith({ one: [ID("12"), ID("13")], two: [ID("11"), ID("14"), ID("2")] });
    await expect(findRecord(auditRoot, "1")).rejects.toMatchObject({
      code: "ambiguous_session",
      message: `cannot find session "1": 4 ids begin so: ${ID("11")}, ${ID("12")}, ${ID("13")}, ...`,
      details: { ids: [ID("11"), ID("12"), ID("13"), ID("14")] },
    });
  });

  it("tells the state of its last journal line", async () => {
    const settings = settingsIn(await temporaryDirectory());
    const record = await newRecord(settings);
    expect(await readLastState(record.directory)).toBe("queued");
    await record.journal("running");
    expect(await readLastState(record.directory)).toBe("running");
    await record.seal(SUCCESS);
    expect(await readLastState(record.directory)).toBe("sealed");
  });
});

describe("a document that cannot be used", () => {
  const NEWER = JSON.stringify({ ...NEW_DOCUMENT, schema_version: 2, session_id: ID("1") });
  const ODD = JSON.stringify({ ...NEW_DOCUMENT, session_id: ID("1"), outcome: "splendid" });

  it.each([
    ["is empty", "", "damaged", "it is empty"],
    ["is garbage", "\0\0\0", "damaged", "it is not JSON"],
    ["is no object", "null", "damaged", "expected object"],
    ["breaks a rule", ODD, "damaged", "at outcome"],
    ["is of a newer agentd", NEWER, "newer", "its schema_version is 2, and this agentd knows 1"],
  ])("is refused when it %s, with the reason", async (_, content, problem, why) => {
    const directory = await temporaryDirectory();
    await mkdir(join(directory, "agentd"));
    await writeFile(join(directory, "agentd/session.json"), content);
    await expect(readDocument(directory)).rejects.toMatchObject({
      code: "record_unusable",
      message: expect.stringContaining(why) as string,
      details: { problem },
    });
  });

  it("is refused when it is missing", async () => {
    await expect(readDocument(await temporaryDirectory())).rejects.toMatchObject({
      code: "record_unusable",
      details: { problem: "missing" },
    });
  });
});
