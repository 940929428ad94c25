import { rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readEvidence } from "../../../src/audit/chain/evidence.ts";
import { exportRecord } from "../../../src/audit/upkeep/export.ts";
import { placeOf, verify } from "../../kit/record-document.ts";
import { sha256sumCheck } from "../../kit/record-fixture.ts";
import { olderRecord } from "./older-record.ts";

describe("a record that an earlier version sealed", () => {
  it("is verified and exported with its links and empty directories", async () => {
    const record = await olderRecord();
    expect(await verify(record)).toMatchObject({ status: "verified", problems: [], files: 4 });
    await sha256sumCheck(record);
    const root = join(record, "../../..");
    await exportRecord(placeOf(record), join(root, "archive.tar.gz"), readEvidence(join(root, "state")));
  });

  it.each<[string, (record: string) => Promise<unknown>, { path: string; problem: string }[]]>([
    [
      "a file is new",
      (record) => writeFile(join(record, "runa/empty/new"), ""),
      [{ path: "runa/empty/new", problem: "added" }],
    ],
    [
      "a link is new",
      (record) => symlink("report", join(record, "runa/other")),
      [{ path: "runa/other", problem: "added" }],
    ],
    [
      "a file is gone",
      (record) => rm(join(record, "runa/a/report")),
      [{ path: "runa/a/report", problem: "missing" }],
    ],
  ])("is altered when %s", async (_, tamper, problems) => {
    const record = await olderRecord();
    await tamper(record);
    expect(await verify(record)).toMatchObject({ status: "altered", problems });
  });
});
