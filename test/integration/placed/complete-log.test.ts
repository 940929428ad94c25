import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { completeLog } from "../../../src/placed/complete-log.ts";

const LONG = "x".repeat(3 * 1024 * 1024);

let directory: string;
let from: string;
let to: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "agentd-log-"));
  [from, to] = [join(directory, "from"), join(directory, "to")];
});

afterEach(() => rm(directory, { recursive: true }));

describe("the log of a session on a node", () => {
  it.each([
    ["a beginning", `${LONG}begun\n`, `${LONG}begun\nended\n`],
    ["nothing", "", "begun\n"],
    ["all of it", "begun\n", "begun\n"],
  ])("goes on in the same file after %s", async (_what, has, whole) => {
    await writeFile(from, whole);
    await writeFile(to, has);
    const { ino } = await stat(to);
    expect(await completeLog(from, to)).toBe(true);
    expect(await readFile(to, "utf8")).toBe(whole);
    expect((await stat(to)).ino).toBe(ino);
  });

  it.each([
    ["other words", `${LONG}secret\n`, `${LONG}[KEY]\nended\n`],
    ["more than there is", "begun\nended\n", "begun\n"],
  ])("is left alone after %s", async (_what, has, whole) => {
    await writeFile(from, whole);
    await writeFile(to, has);
    expect(await completeLog(from, to)).toBe(false);
    expect(await readFile(to, "utf8")).toBe(has);
  });

  it("is left alone where one of the two is missing", async () => {
    expect(await completeLog(from, to)).toBe(false);
    await writeFile(to, "begun\n");
    expect(await completeLog(from, to)).toBe(false);
  });
});
