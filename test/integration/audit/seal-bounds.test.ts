import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import type { OpenRecord } from "../../../src/audit/open/open-record.ts";
import type { CopyBounds } from "../../../src/audit/seal/copy-tree.ts";
import type { SessionDocument } from "../../../src/session-document.ts";
import { sealIn, settingsIn, SUCCESS, verify } from "../../kit/record-document.ts";
import { newRecord, sha256sumCheck, temporaryDirectory } from "../../kit/record-fixture.ts";

const VERIFIED = { status: "verified", problems: [] };

/** A record that is sealed with bounds of its own. */
async function boundedRecord(bounds: Partial<CopyBounds>): Promise<OpenRecord> {
  const directory = await temporaryDirectory();
  const seal = (request: Parameters<typeof sealIn>[1]) => sealIn(directory, { ...request, bounds });
  return await newRecord(settingsIn(directory, { seal }));
}

/** Makes files of these names in the agent's directory, with their directories. */
async function leave(record: OpenRecord, ...paths: string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(join(record.runaDirectory, path, ".."), { recursive: true });
    await writeFile(join(record.runaDirectory, path), path);
  }
}

async function sealedPaths(record: OpenRecord): Promise<string[]> {
  await sha256sumCheck(record.directory);
  expect(await verify(record.directory)).toMatchObject(VERIFIED);
  const lines = (await readFile(join(record.directory, "SHA256SUMS"), "utf8")).trimEnd().split("\n");
  return lines.map((line) => line.slice(66)).filter((path) => path.startsWith("runa/"));
}

describe("what a record gets of an agent's files", () => {
  it("ends with so many entries, and the rest of each directory is one that is left out", async () => {
    const record = await boundedRecord({ entries: 5 });
    await leave(record, "a/1", "a/2", "b/1", "b/2", "b/3", "c/1");
    const { excluded, excluded_count } = await record.seal(SUCCESS);
    expect(excluded).toEqual([
      { path: "runa/b", reason: "more entries: beyond 5 entries" },
      { path: "runa", reason: "the last 1 of its entries: beyond 5 entries" },
    ]);
    expect(excluded_count).toBe(2);
    const paths = await sealedPaths(record);
    expect(paths.slice(0, 2)).toEqual(["runa/a/1", "runa/a/2"]);
    expect(paths).toHaveLength(3);
  });

  it("ends with the bytes of its paths, too", async () => {
    const record = await newRecord({ recordLimitBytes: 400 });
    const directory = "d".repeat(100);
    await leave(record, `${directory}/a`, `${directory}/b`, `${directory}/c`, `${directory}/d`);
    const { excluded } = await record.seal(SUCCESS);
    expect(excluded).toEqual([
      { path: `runa/${directory}`, reason: "the last 3 of its entries: beyond the record limit" },
    ]);
    expect(await sealedPaths(record)).toEqual([`runa/${directory}/a`]);
  });

  it("ends with so many directories in each other", async () => {
    const record = await boundedRecord({ levels: 2 });
    await leave(record, "a/b/file", "a/b/c/d/file", "a/b/z");
    const { excluded } = await record.seal(SUCCESS);
    expect(excluded).toEqual([{ path: "runa/a/b/c", reason: "in more than 2 directories" }]);
    expect(await sealedPaths(record)).toEqual(["runa/a/b/file", "runa/a/b/z"]);
  });

  it("has no empty directory, and says which were", async () => {
    const record = await newRecord();
    await leave(record, "full/file");
    await mkdir(join(record.runaDirectory, "full/empty"));
    await mkdir(join(record.runaDirectory, "linked"));
    await symlink("file", join(record.runaDirectory, "linked/link"));
    const { excluded } = await record.seal(SUCCESS);
    expect(excluded).toEqual([
      { path: "runa/full/empty", reason: "empty directory" },
      { path: "runa/linked/link", reason: "symbolic link to file" },
    ]);
    expect(await sealedPaths(record)).toEqual(["runa/full/file"]);
    const { stdout } = await execa("find", ["runa", "-type", "d"], { cwd: record.directory });
    expect(stdout.split("\n").sort()).toEqual(["runa", "runa/full"]);
  });

  it("lists a thousand of what is left out and counts the others", async () => {
    const record = await newRecord();
    const script = "i=0; while [ $i -lt 1500 ]; do ln -s nowhere link-$i; i=$((i + 1)); done";
    await execa("sh", ["-c", script], { cwd: record.runaDirectory });
    const { excluded, excluded_count } = await record.seal(SUCCESS);
    expect([excluded.length, excluded_count]).toEqual([1000, 1500]);
    expect(await sealedPaths(record)).toEqual([]);
  });

  it("keeps its document small, however long the paths of what is left out", async () => {
    const record = await newRecord();
    const name = "\\377".repeat(200);
    const script = `cd "$(printf 'd%.0s' $(seq 100))"; n=$(printf '${name}'); for i in $(seq 900); do ln -s "$n$n$n$n" "$n$i"; done`;
    await mkdir(join(record.runaDirectory, "d".repeat(100)));
    await execa("sh", ["-c", script], { cwd: record.runaDirectory });
    const { excluded, excluded_count } = await record.seal(SUCCESS);
    expect(excluded_count).toBe(900);
    expect(excluded.length).toBeGreaterThan(100);
    const document = JSON.parse(
      await readFile(join(record.directory, "agentd/session.json"), "utf8"),
    ) as SessionDocument;
    expect(JSON.stringify(document).length).toBeLessThan(600 * 1024);
    expect(await verify(record.directory)).toMatchObject(VERIFIED);
  });

  it("is summed in the order of the whole paths", async () => {
    const record = await newRecord();
    await leave(record, "a/b", "a.b", "a0", "a-/c", "Z", "b/a/c", "b/a.c");
    await record.seal(SUCCESS);
    const paths = await sealedPaths(record);
    expect(paths).toEqual([...paths].sort());
    expect(paths).toHaveLength(7);
  });

  it("has sums that do not fit into a few chunks", { timeout: 300_000 }, async () => {
    const record = await newRecord();
    const deep = `${"d".repeat(200)}/${"e".repeat(200)}`;
    const script = `mkdir -p ${deep}; cd ${deep}; for i in $(seq 2000); do echo $i > file-$i; done`;
    await execa("sh", ["-c", script], { cwd: record.runaDirectory });
    await record.seal(SUCCESS);
    const { length } = await readFile(join(record.directory, "SHA256SUMS"));
    expect(length).toBeGreaterThan(10 * 64 * 1024);
    expect(await sealedPaths(record)).toHaveLength(2000);
  });
});
