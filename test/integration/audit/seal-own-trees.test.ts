/** The trees of a record that agentd writes itself: sealed in place, whole and in the order of all paths. */
import {
  appendFile,
  chmod,
  mkdir,
  readdir,
  readFile,
  rmdir,
  symlink,
  unlink,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { readEvidence } from "../../../src/audit/chain/evidence.ts";
import type { OpenRecord } from "../../../src/audit/open/open-record.ts";
import { exportRecord } from "../../../src/audit/upkeep/export.ts";
import { placeOf, SUCCESS, verify } from "../../kit/record-document.ts";
import { modeOf, newRecord, sha256sumCheck, temporaryDirectory } from "../../kit/record-fixture.ts";

async function recordWithWork(isPrivate = true): Promise<OpenRecord> {
  const record = await newRecord({ isPrivate });
  await writeFile(join(record.runaDirectory, "report"), "all is well\n");
  await mkdir(record.workDirectory);
  await writeFile(join(record.workDirectory, "summary.json"), "{}\n");
  await writeFile(join(record.workDirectory, "changes.patch"), "");
  return record;
}

describe("the work in a sealed record", () => {
  it("is covered by the sums, after what the agent left, and by the archive", async () => {
    const record = await recordWithWork();
    await record.seal(SUCCESS);
    expect((await sha256sumCheck(record.directory)).split("\n")).toEqual([
      "agentd/events.jsonl: OK",
      "agentd/session.json: OK",
      "runa/report: OK",
      "work/changes.patch: OK",
      "work/summary.json: OK",
    ]);
    expect(await verify(record.directory)).toMatchObject({ status: "verified", files: 5 });
    const archive = join(await temporaryDirectory(), "record.tar.gz");
    await exportRecord(
      placeOf(record.directory),
      archive,
      readEvidence(join(record.directory, "../../../state")),
    );
    const { stdout } = await execa("tar", ["-tzf", archive]);
    expect(stdout).toContain(`agentd-${record.id}/record/work/changes.patch`);
  });

  it.each([
    [true, "400", "500"],
    [false, "444", "555"],
  ])("is read-only, for its owner alone: %s", async (isPrivate, file, directory) => {
    const record = await recordWithWork(isPrivate);
    await record.seal(SUCCESS);
    expect(await modeOf(join(record.workDirectory, "summary.json"))).toBe(file);
    expect(await modeOf(record.workDirectory)).toBe(directory);
  });

  it.each<[string, string, (work: string) => Promise<unknown>]>([
    ["work/changes.patch", "altered", async (work) => appendFile(join(work, "changes.patch"), "x")],
    ["work/changes.patch", "missing", async (work) => unlink(join(work, "changes.patch"))],
    ["work/more", "added", async (work) => writeFile(join(work, "more"), "")],
    ["work/none", "added", (work) => mkdir(join(work, "none"))],
  ])("is verified: %s was %s", async (path, problem, change) => {
    const record = await recordWithWork();
    await record.seal(SUCCESS);
    await chmod(record.workDirectory, 0o700);
    await execa("chmod", ["-R", "u+w", record.workDirectory]);
    await change(record.workDirectory);
    const { status, problems } = await verify(record.directory);
    expect({ status, problems }).toEqual({ status: "altered", problems: [{ path, problem }] });
  });

  it("is sealed again after a seal that had made it read-only", async () => {
    const record = await recordWithWork();
    // The sums cannot be written.
    await mkdir(join(record.directory, "SHA256SUMS.next"));
    await expect(record.seal(SUCCESS)).rejects.toThrow();
    expect(await modeOf(join(record.workDirectory, "summary.json"))).toBe("400");
    await rmdir(join(record.directory, "SHA256SUMS.next"));
    await record.seal(SUCCESS);
    expect(await verify(record.directory)).toMatchObject({ status: "verified", files: 5 });
  });
});

describe("a tree of agentd's own", () => {
  it("has its paths in the order of their bytes at any depth, and no empty directory", async () => {
    const record = await newRecord();
    const agentd = join(record.directory, "agentd");
    for (const path of ["input/a/one", "input/a-b", "input/a.txt"]) {
      await mkdir(join(agentd, path, ".."), { recursive: true });
      await writeFile(join(agentd, path), "");
    }
    await mkdir(join(agentd, "input/none/at/all"), { recursive: true });
    await mkdir(record.workDirectory);
    await record.seal(SUCCESS);
    const lines = (await readFile(join(record.directory, "SHA256SUMS"), "utf8")).trim().split("\n");
    expect(lines.map((line) => line.slice(66))).toEqual([
      "agentd/events.jsonl",
      "agentd/input/a-b",
      "agentd/input/a.txt",
      "agentd/input/a/one",
      "agentd/session.json",
    ]);
    expect(await verify(record.directory)).toMatchObject({ status: "verified" });
    expect(await readdir(record.directory)).not.toContain("work");
    expect(await readdir(join(agentd, "input"))).toEqual(["a", "a-b", "a.txt"]);
    expect(await modeOf(join(agentd, "input/a"))).toBe("500");
    expect(await modeOf(agentd)).toBe("700");
  });

  it("is refused with anything in it but files and directories", async () => {
    const record = await recordWithWork();
    await symlink("/etc/passwd", join(record.workDirectory, "link"));
    await expect(record.seal(SUCCESS)).rejects.toThrow("work/link of the record is not a regular file");
  });

  it("may have more files than are flushed one by one", async () => {
    const record = await recordWithWork();
    for (let file = 0; file < 250; file += 1) await writeFile(join(record.workDirectory, `file-${file}`), "");
    await record.seal(SUCCESS);
    expect(await verify(record.directory)).toMatchObject({ status: "verified", files: 255 });
  });
});
