import { chmod, mkdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { verifyRecord } from "../../../src/audit/verify.ts";
import { SUCCESS } from "./record-document.ts";
import { newRecord, temporaryDirectory } from "./record-fixture.ts";

/** A sealed record with a file that the agent wrote, made writable for whoever tampers with it. */
async function tamperableRecord(): Promise<string> {
  const record = await newRecord();
  await writeFile(join(record.runaDirectory, "report"), "all is well\n");
  await symlink("report", join(record.runaDirectory, "link"));
  await writeFile(record.consoleLogPath, "hello\n");
  await record.seal(SUCCESS);
  await execa("chmod", ["-R", "u+w", record.directory]);
  return record.directory;
}

/** Changes one byte of a file in place. */
async function flipByte(path: string, offset: number): Promise<void> {
  const content = await readFile(path);
  content[offset] = (content[offset] ?? 0) ^ 1;
  await writeFile(path, content);
}

describe("a record that is not sealed", () => {
  it("is incomplete", async () => {
    const record = await newRecord();
    expect(await verifyRecord(record.directory)).toEqual({
      status: "incomplete",
      problems: [{ path: "agentd/session.json", problem: "has no outcome" }],
      files: 0,
    });
  });

  it.each([
    ["has no document", (path: string) => rm(path)],
    ["has an empty document", (path: string) => writeFile(path, "")],
  ])("is incomplete when it %s", async (_, spoil) => {
    const record = await newRecord();
    await spoil(join(record.directory, "agentd/session.json"));
    expect(await verifyRecord(record.directory)).toMatchObject({
      status: "incomplete",
      problems: [{ path: "agentd/session.json", problem: expect.stringContaining("cannot read") as string }],
    });
  });

  it("is refused when it is not there", async () => {
    const missing = join(await temporaryDirectory(), "missing");
    await expect(verifyRecord(missing)).rejects.toMatchObject({ code: "record_unusable" });
  });
});

it("refuses to judge a record that a newer agentd sealed", async () => {
  const record = await tamperableRecord();
  const document = join(record, "agentd/session.json");
  const newer = (await readFile(document, "utf8")).replace('"schema_version": 1', '"schema_version": 2');
  await writeFile(document, newer);
  expect(await verifyRecord(record)).toMatchObject({
    status: "altered",
    problems: [{ path: "agentd/session.json", problem: "altered" }],
  });
  const files = ["agentd/console.log", "agentd/events.jsonl", "agentd/session.json", "runa/report"];
  const { stdout } = await execa("sha256sum", files, { cwd: record });
  await writeFile(join(record, "SHA256SUMS"), `${stdout}\n`);
  await expect(verifyRecord(record)).rejects.toMatchObject({
    code: "record_unusable",
    details: { problem: "newer" },
  });
});

describe("a sealed record that was changed", () => {
  it.each(["runa/report", "agentd/console.log", "agentd/events.jsonl", "agentd/session.json"])(
    "is altered when one byte of %s is, and the file is named",
    async (path) => {
      const record = await tamperableRecord();
      await flipByte(join(record, path), 5);
      expect(await verifyRecord(record)).toEqual({
        status: "altered",
        problems: [{ path, problem: "altered" }],
        files: 4,
      });
    },
  );

  it("is altered whichever byte of SHA256SUMS is", async () => {
    const record = await tamperableRecord();
    const sums = join(record, "SHA256SUMS");
    const { length } = await readFile(sums);
    const unnoticed: number[] = [];
    for (let offset = 0; offset < length; offset += 1) {
      await flipByte(sums, offset);
      if ((await verifyRecord(record)).status !== "altered") unnoticed.push(offset);
      await flipByte(sums, offset);
    }
    expect(unnoticed).toEqual([]);
    expect((await verifyRecord(record)).status).toBe("verified");
  });

  it.each<[string, (record: string) => Promise<unknown>, { path: string; problem: string }[]]>([
    [
      "a file is gone",
      (record) => rm(join(record, "runa/report")),
      [{ path: "runa/report", problem: "missing" }],
    ],
    [
      "a file is new",
      (record) => writeFile(join(record, "runa/a\nb"), ""),
      [{ path: "runa/a\\x0ab", problem: "added" }],
    ],
    [
      "a file beside the agent's directory is new",
      (record) => writeFile(join(record, "note"), ""),
      [{ path: "note", problem: "added" }],
    ],
    [
      "a symbolic link is new",
      (record) => symlink("/etc/passwd", join(record, "runa/new")),
      [{ path: "runa/new", problem: "added" }],
    ],
    [
      "a file has another name",
      (record) => rename(join(record, "runa/report"), join(record, "runa/renamed")),
      [
        { path: "runa/renamed", problem: "added" },
        { path: "runa/report", problem: "missing" },
      ],
    ],
    [
      "a file is a symbolic link to its own content",
      async (record) => {
        await rename(join(record, "runa/report"), join(record, "../report"));
        await symlink("../../report", join(record, "runa/report"));
      },
      [{ path: "runa/report", problem: "not a regular file" }],
    ],
    [
      "a file is a FIFO",
      async (record) => {
        await rm(join(record, "runa/report"));
        await execa("mkfifo", [join(record, "runa/report")]);
      },
      [{ path: "runa/report", problem: "not a regular file" }],
    ],
    [
      "a file is a directory",
      async (record) => {
        await rm(join(record, "runa/report"));
        await mkdir(join(record, "runa/report"));
      },
      [{ path: "runa/report", problem: "missing" }],
    ],
    [
      "a file cannot be read",
      (record) => chmod(join(record, "runa/report"), 0),
      [{ path: "runa/report", problem: "cannot be read: EACCES" }],
    ],
    [
      "a directory cannot be read",
      (record) => chmod(join(record, "runa"), 0),
      [
        { path: "runa", problem: "cannot be read: EACCES" },
        { path: "runa/report", problem: "missing" },
      ],
    ],
    [
      "the document is empty",
      (record) => writeFile(join(record, "agentd/session.json"), ""),
      [{ path: "agentd/session.json", problem: "altered" }],
    ],
  ])("is altered when %s", async (_, tamper, problems) => {
    const record = await tamperableRecord();
    await tamper(record);
    expect(await verifyRecord(record)).toMatchObject({ status: "altered", problems });
  });

  it("is altered when it has no sums", async () => {
    const record = await tamperableRecord();
    await rm(join(record, "SHA256SUMS"));
    expect(await verifyRecord(record)).toEqual({
      status: "altered",
      problems: [{ path: "SHA256SUMS", problem: "missing" }],
      files: 0,
    });
  });

  it("reads nothing outside of the record, whatever the sums name", async () => {
    const record = await tamperableRecord();
    const path = join(record, "SHA256SUMS");
    const outside = join(record, "../../../outside");
    await writeFile(outside, "outside");
    const line = (await execa("sha256sum", ["../../../outside"], { cwd: record })).stdout;
    await writeFile(path, `${await readFile(path, "utf8")}${line}\n`);
    expect(await verifyRecord(record)).toMatchObject({
      status: "altered",
      problems: [{ path: "../../../outside", problem: "missing" }],
    });
  });
});
