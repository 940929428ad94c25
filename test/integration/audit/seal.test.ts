import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { readJournal } from "../../../src/audit/format/journal.ts";
import { readDocument } from "../../../src/audit/read/query.ts";
import { settingsIn, SUCCESS, verify } from "../../kit/record-document.ts";
import { modeOf, newRecord, sha256sumCheck, temporaryDirectory } from "../../kit/record-fixture.ts";

const VERIFIED = { status: "verified", problems: [] };

describe("a sealed record", () => {
  it("is accepted by sha256sum, in every file", async () => {
    const record = await newRecord();
    await mkdir(join(record.runaDirectory, "notes"));
    await writeFile(join(record.runaDirectory, "notes/plan.md"), "# plan\n");
    await writeFile(join(record.runaDirectory, "empty"), "");
    await writeFile(record.consoleLogPath, "2026-02-03T04:05:06.789000000Z stdout F hello\n");
    await record.seal(SUCCESS);
    expect(await sha256sumCheck(record.directory)).toBe(
      [
        "agentd/console.log: OK",
        "agentd/events.jsonl: OK",
        "agentd/session.json: OK",
        "runa/empty: OK",
        "runa/notes/plan.md: OK",
      ].join("\n"),
    );
    expect(await verify(record.directory)).toMatchObject({ ...VERIFIED, files: 5 });
  });

  it("has its outcome in the document and sealed as the journal's last line", async () => {
    const record = await newRecord();
    await record.journal("finishing", "ended", { outcome: "success" });
    const sealed = await record.seal(SUCCESS);
    expect(sealed).toEqual({ ...record.document, outcome: "success", exit_code: 0 });
    expect(await readDocument(record.directory)).toEqual(sealed);
    const { entries } = await readJournal(join(record.directory, "agentd/events.jsonl"));
    expect(entries.map(({ seq, state }) => [seq, state])).toEqual([
      [0, "queued"],
      [1, "finishing"],
      [2, "sealed"],
    ]);
    expect(record.state).toBe("sealed");
  });

  it("is read-only, except for the directories above what the agent wrote", async () => {
    const record = await newRecord();
    await mkdir(join(record.runaDirectory, "notes"));
    await writeFile(join(record.runaDirectory, "notes/plan.md"), "", { mode: 0o755 });
    await record.seal(SUCCESS);
    const files = ["SHA256SUMS", "agentd/session.json", "agentd/events.jsonl", "runa/notes/plan.md"];
    for (const path of files)
      expect([path, await modeOf(join(record.directory, path))]).toEqual([path, "400"]);
    expect(await modeOf(join(record.directory, "runa"))).toBe("500");
    expect(await modeOf(join(record.directory, "runa/notes"))).toBe("500");
    expect(await modeOf(join(record.directory, "agentd"))).toBe("700");
    expect(await modeOf(record.directory)).toBe("700");
  });

  it("can be read by everybody when it is not private", async () => {
    const record = await newRecord({ isPrivate: false });
    expect(await modeOf(record.directory)).toBe("700");
    await mkdir(join(record.runaDirectory, "notes"));
    await writeFile(join(record.runaDirectory, "notes/plan.md"), "", { mode: 0o600 });
    await record.seal(SUCCESS);
    const files = ["SHA256SUMS", "agentd/session.json", "agentd/events.jsonl", "runa/notes/plan.md"];
    for (const path of files)
      expect([path, await modeOf(join(record.directory, path))]).toEqual([path, "444"]);
    expect(await modeOf(join(record.directory, "runa/notes"))).toBe("555");
    for (const path of ["../..", "..", ".", "agentd"]) {
      expect([path, await modeOf(join(record.directory, path))]).toEqual([path, "755"]);
    }
  });

  it("leaves the open index and no temporary file", async () => {
    const settings = settingsIn(await temporaryDirectory());
    const record = await newRecord(settings);
    await record.seal(SUCCESS);
    await record.retire();
    expect((await settings.index.list()).entries).toEqual([]);
    expect(await readdir(record.directory)).toEqual([
      "SHA256SUMS",
      "agentd",
      "attestation.sigstore.json",
      "runa",
    ]);
    expect(await readdir(join(record.directory, "agentd"))).toEqual(["events.jsonl", "session.json"]);
  });

  it("stays as it is when it is sealed again", async () => {
    const record = await newRecord();
    const first = await record.seal(SUCCESS);
    const sums = await readFile(join(record.directory, "SHA256SUMS"));
    expect(await record.seal({ ...SUCCESS, outcome: "interrupted" })).toEqual(first);
    expect(await readFile(join(record.directory, "SHA256SUMS"))).toEqual(sums);
  });
});

describe("a seal that fails", () => {
  it("leaves the record incomplete and open, and works later", async () => {
    const settings = settingsIn(await temporaryDirectory());
    const record = await newRecord(settings);
    await writeFile(join(record.runaDirectory, "file"), "content");
    // A directory where the next SHA256SUMS has to go lets everything before it happen.
    const obstacle = join(record.directory, "SHA256SUMS.next");
    await mkdir(obstacle);
    await expect(record.seal(SUCCESS)).rejects.toMatchObject({
      code: "record_unusable",
      message: expect.stringContaining(`cannot seal the record ${record.directory}: `) as string,
    });
    expect(record.document.outcome).toBeNull();
    expect((await readDocument(record.directory)).outcome).toBeNull();
    expect(await verify(record.directory)).toMatchObject({ status: "incomplete" });
    expect((await settings.index.list()).entries).toHaveLength(1);

    await record.journal("finishing", "finish_failed", { reason: "obstacle" });
    await execa("rmdir", [obstacle]);
    await record.seal(SUCCESS);
    await sha256sumCheck(record.directory);
    expect(await verify(record.directory)).toMatchObject({ ...VERIFIED, files: 3 });
    const { entries } = await readJournal(join(record.directory, "agentd/events.jsonl"));
    expect(entries.map(({ seq, state }) => [seq, state])).toEqual([
      [0, "queued"],
      [1, "sealed"],
      [2, "finishing"],
      [3, "sealed"],
    ]);
  });

  it("adds its last line to the journal once, however often it is tried", async () => {
    const record = await newRecord();
    const obstacle = join(record.directory, "SHA256SUMS.next");
    await mkdir(obstacle);
    await expect(record.seal(SUCCESS)).rejects.toThrow();
    await expect(record.seal(SUCCESS)).rejects.toThrow();
    await execa("rmdir", [obstacle]);
    await record.seal(SUCCESS);
    const { entries } = await readJournal(join(record.directory, "agentd/events.jsonl"));
    expect(entries.map(({ state }) => state)).toEqual(["queued", "sealed"]);
  });
});
