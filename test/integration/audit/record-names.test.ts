import { mkdir, rmdir, utimes } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { rememberRecordNames } from "../../../src/audit/read/record-names.ts";
import { temporaryDirectory } from "../../kit/record-fixture.ts";

const ID = (digit: string): string => digit.padEnd(16, "0");
const LONG_AGO = new Date("2026-01-02T03:04:05Z");

async function makeRecords(directory: string, ...ids: string[]): Promise<void> {
  for (const id of ids) await mkdir(join(directory, id), { recursive: true });
}

describe("remembered names", () => {
  it("are those of records, oldest first, and none where there is no directory", async () => {
    const directory = await temporaryDirectory();
    const names = rememberRecordNames(Date.now);
    await makeRecords(directory, ID("2"), "log", ID("1"));
    expect(await names(directory)).toEqual([ID("1"), ID("2")]);
    expect(await names(join(directory, "none"))).toEqual([]);
  });

  it("are not read again while the directory stays as it is", async () => {
    const directory = await temporaryDirectory();
    const names = rememberRecordNames(Date.now);
    await makeRecords(directory, ID("1"));
    await utimes(directory, LONG_AGO, LONG_AGO);
    const first = await names(directory);
    expect(await names(directory)).toBe(first);
  });

  it("are read again after a record came or went", async () => {
    const directory = await temporaryDirectory();
    const names = rememberRecordNames(Date.now);
    await makeRecords(directory, ID("1"));
    await utimes(directory, LONG_AGO, LONG_AGO);
    await names(directory);
    await makeRecords(directory, ID("2"));
    expect(await names(directory)).toEqual([ID("1"), ID("2")]);
    await rmdir(join(directory, ID("1")));
    expect(await names(directory)).toEqual([ID("2")]);
  });

  it("are not trusted when the directory has changed just before they were read", async () => {
    const directory = await temporaryDirectory();
    const names = rememberRecordNames(Date.now);
    await makeRecords(directory, ID("1"));
    const justNow = new Date();
    await utimes(directory, justNow, justNow);
    await names(directory);
    // A change in the same tick of the file system's clock.
    await makeRecords(directory, ID("2"));
    await utimes(directory, justNow, justNow);
    expect(await names(directory)).toEqual([ID("1"), ID("2")]);
  });

  it("are right for everybody who asks at once", async () => {
    const directory = await temporaryDirectory();
    const names = rememberRecordNames(Date.now);
    await makeRecords(directory, ID("1"), ID("2"));
    const answers = await Promise.all(Array.from({ length: 100 }, () => names(directory)));
    expect(new Set(answers.map((answer) => answer.join()))).toEqual(new Set([`${ID("1")},${ID("2")}`]));
  });
});
