/** What a seal that was cut short leaves, at each of its steps, and the seal that follows. */
import { chmod, cp, mkdir, readdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { readEvidence } from "../../../src/audit/chain/evidence.ts";
import type { OpenRecord, RecordSettings } from "../../../src/audit/open/open-record.ts";
import { reopenRecord } from "../../../src/audit/open/reopen.ts";
import { planPruning } from "../../../src/audit/upkeep/prune-plan.ts";
import { settingsIn, SUCCESS, verify } from "../../kit/record-document.ts";
import { newRecord, sha256sumCheck, temporaryDirectory } from "../../kit/record-fixture.ts";

interface Paths {
  readonly runa: string;
  readonly copy: string;
  readonly old: string;
}

function pathsOf({ directory, runaDirectory }: OpenRecord): Paths {
  return {
    runa: runaDirectory,
    copy: `${runaDirectory}.next`,
    old: join(dirname(directory), `.unsealed-${basename(directory)}`),
  };
}

async function recordWithReport(settings?: RecordSettings): Promise<OpenRecord> {
  const record = await newRecord(settings);
  await mkdir(join(record.runaDirectory, "notes"));
  await writeFile(join(record.runaDirectory, "notes/report"), "all is well\n");
  await symlink("report", join(record.runaDirectory, "notes/link"));
  return record;
}

/** A copy as a seal makes it, without what it leaves out. */
async function copyOf(runa: string, copy: string): Promise<void> {
  await cp(runa, copy, { recursive: true });
  await execa("rm", [join(copy, "notes/link")]);
  await execa("chmod", ["-R", "a-w", copy]);
}

const STEPS: [string, (paths: Paths) => Promise<unknown>][] = [
  [
    "with half a copy",
    async ({ copy }) => {
      await mkdir(join(copy, "notes"), { recursive: true });
      await writeFile(join(copy, "notes/report"), "all is");
      await execa("chmod", ["-R", "a-w", copy]);
    },
  ],
  ["with the whole copy", ({ runa, copy }) => copyOf(runa, copy)],
  [
    "between the two renames",
    async ({ runa, copy, old }) => {
      await copyOf(runa, copy);
      await rename(runa, old);
    },
  ],
  [
    "after both renames",
    async ({ runa, copy, old }) => {
      await copyOf(runa, copy);
      await rename(runa, old);
      await rename(copy, runa);
    },
  ],
  [
    "after both renames, while it was undone",
    async ({ runa, old }) => {
      await rename(runa, old);
      await mkdir(runa);
    },
  ],
];

describe("a seal that was cut short", () => {
  it.each(STEPS)("%s is made again from what the agent left", async (_, cutShort) => {
    const settings = settingsIn(await temporaryDirectory());
    const record = await recordWithReport(settings);
    const paths = pathsOf(record);
    await cutShort(paths);
    expect(await verify(record.directory)).toMatchObject({ status: "incomplete" });

    const { excluded } = await record.seal(SUCCESS);
    expect(excluded).toEqual([{ path: "runa/notes/link", reason: "symbolic link to report" }]);
    expect(await readFile(join(paths.runa, "notes/report"), "utf8")).toBe("all is well\n");
    expect(await readdir(dirname(record.directory))).toEqual([record.id]);
    expect((await readdir(record.directory)).sort()).toEqual([
      "SHA256SUMS",
      "agentd",
      "attestation.sigstore.json",
      "runa",
    ]);
    await sha256sumCheck(record.directory);
    expect(await verify(record.directory)).toMatchObject({ status: "verified", problems: [] });
  });

  it("after its commit leaves a tree that the next daemon removes", async () => {
    const settings = settingsIn(await temporaryDirectory());
    const record = await recordWithReport(settings);
    const { old } = pathsOf(record);
    await record.seal(SUCCESS);
    await mkdir(join(old, "closed/below"), { recursive: true });
    await writeFile(join(old, "closed/below/file"), "");
    for (const path of ["closed/below", "closed", "."]) await chmod(join(old, path), 0);
    const [entry] = (await settings.index.list()).entries;
    expect(await reopenRecord(settings, entry!)).toEqual({ kind: "sealed" });
    expect(await readdir(dirname(record.directory))).toEqual([record.id]);
  });

  it("leaves nothing that pruning forgets, and pruning takes nothing of an open record", async () => {
    const settings = settingsIn(await temporaryDirectory());
    const record = await recordWithReport(settings);
    const { old } = pathsOf(record);
    const leftovers = async (): Promise<readonly string[]> =>
      (
        await planPruning(
          settings.auditRoot,
          () => ({ keep: 0 }),
          readEvidence(join(settings.auditRoot, "../state")),
        )
      ).leftovers;
    await rename(record.runaDirectory, old);
    expect(await leftovers()).toEqual([]);
    await record.seal(SUCCESS);
    await record.retire();
    await mkdir(old);
    expect(await leftovers()).toEqual([old]);
  });
});
