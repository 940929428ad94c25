import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readDocument, readLastState } from "../../../src/audit/read/query.ts";
import { NEW_DOCUMENT, settingsIn, SUCCESS } from "../../kit/record-document.ts";
import { newRecord, temporaryDirectory } from "../../kit/record-fixture.ts";

const ID = (digit: string): string => digit.padEnd(16, "0");

describe("a record", () => {
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
