import { mkdir, readdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { readEvidence } from "../../../src/audit/chain/evidence.ts";
import { evidencePaths } from "../../../src/audit/keys/evidence-paths.ts";
import type { OpenRecord, RecordSettings } from "../../../src/audit/open/open-record.ts";
import { prune, type Pruned } from "../../../src/audit/upkeep/prune.ts";
import { planPruning, type PrunePlan, type PruneRules } from "../../../src/audit/upkeep/prune-plan.ts";
import { NEW_DOCUMENT, NOW_MS, settingsIn, SUCCESS, verifyEverything } from "../../kit/record-document.ts";
import { newRecord, temporaryDirectory } from "../../kit/record-fixture.ts";

const DAY_MS = 86_400_000;

/** Settings at another time: ids and ends are of that day. */
function onDay(settings: RecordSettings, day: number): RecordSettings {
  return { ...settings, now: () => NOW_MS + day * DAY_MS };
}

async function sealedOnDay(
  settings: RecordSettings,
  day: number,
  profile = "site-builder",
): Promise<OpenRecord> {
  const record = await newRecord({ ...onDay(settings, day), document: { ...NEW_DOCUMENT, profile } });
  await writeFile(join(record.runaDirectory, "report"), "all is well\n");
  await record.seal({ ...SUCCESS, end_timestamp: new Date(NOW_MS + day * DAY_MS).toISOString() });
  await record.retire();
  return record;
}

async function plan({ auditRoot }: RecordSettings, rules: PruneRules): Promise<PrunePlan> {
  return await planPruning(auditRoot, () => rules, readEvidence(join(auditRoot, "../state")));
}

async function pruneNow(settings: RecordSettings, rules: PruneRules): Promise<Pruned> {
  const state = join(settings.auditRoot, "../state");
  const { chain } = readEvidence(state);
  return await prune(settings.auditRoot, await plan(settings, rules), {
    ...{ paths: evidencePaths(state), chain, nowMs: NOW_MS },
  });
}

const ids = (records: readonly { readonly id: string }[]): string[] => records.map(({ id }) => id);

describe("what may be pruned", () => {
  it("is old, beyond the newest that are kept of its profile, and sealed", async () => {
    const settings = settingsIn(await temporaryDirectory());
    const old = [
      await sealedOnDay(settings, 0),
      await sealedOnDay(settings, 1),
      await sealedOnDay(settings, 2),
    ];
    await sealedOnDay(settings, 50);
    await sealedOnDay(settings, 0, "other");
    const open = await newRecord(onDay(settings, -1));
    const endedBeforeMs = NOW_MS + 10 * DAY_MS;
    const found = await plan(settings, { endedBeforeMs, keep: 2 });
    expect(ids(found.records)).toEqual([old[0]!.id, old[1]!.id]);
    expect(found.records[0]?.bytes).toBeGreaterThan(4 * 4096);
    expect(found.refused).toMatchObject([{ id: open.id, reason: "not sealed" }]);
    expect(ids((await plan(settings, { keep: 100 })).records)).toEqual([]);
    expect((await plan(settings, { keep: 0 })).records).toHaveLength(5);
    expect((await plan(settings, { endedBeforeMs: NOW_MS, keep: 0 })).records).toHaveLength(0);
  });

  it.each(["followups", "after"])("is not what a session or a program is to follow: %s", async (owed) => {
    const settings = settingsIn(await temporaryDirectory());
    const { id } = await sealedOnDay(settings, 0);
    const directory = join(settings.auditRoot, "../state", owed);
    await mkdir(directory);
    await writeFile(join(directory, id), "{}");
    const refused = [{ id, reason: "what follows it has not started yet" }];
    expect(await plan(settings, { keep: 0 })).toMatchObject({ records: [], refused });
  });

  it("is not what the chain does not have", async () => {
    const settings = settingsIn(await temporaryDirectory());
    const record = await sealedOnDay(settings, 0);
    await execa("chmod", ["-R", "u+w", record.directory]);
    await writeFile(join(record.directory, "attestation.sigstore.json"), "{}");
    expect(await plan(settings, { keep: 0 })).toMatchObject({
      records: [],
      refused: [{ id: record.id, reason: "does not match the chain: see `agentd audit verify`" }],
    });
  });
});

describe("a pruning", () => {
  it("removes records whatever is in them, and the chain accounts for each", async () => {
    const settings = settingsIn(await temporaryDirectory());
    const outside = join(await temporaryDirectory(), "outside");
    await writeFile(outside, "outside");
    const record = await newRecord(settings);
    const { runaDirectory } = record;
    await mkdir(join(runaDirectory, "closed/below"), { recursive: true });
    await writeFile(join(runaDirectory, "closed/below/file"), "");
    await symlink(outside, join(runaDirectory, "link"));
    await execa("mkfifo", [join(runaDirectory, "fifo\n")]);
    const deep = `i=0; while [ $i -lt 40 ]; do mkdir ${"d".repeat(200)}; cd ${"d".repeat(200)}; i=$((i + 1)); done`;
    await execa("sh", ["-c", deep], { cwd: runaDirectory });
    await record.seal(SUCCESS);
    await record.retire();
    await sealedOnDay(settings, 1);
    expect(await pruneNow(settings, { keep: 1 })).toEqual({ records: 1, failed: [] });
    expect(await readdir(join(settings.auditRoot, "site-builder"))).toHaveLength(1);
    expect(await readFile(outside, "utf8")).toBe("outside");
    expect(await verifyEverything(settings)).toMatchObject({
      status: "verified",
      counts: { verified: 1, pruned: 1 },
      chain: { statements: 3 },
    });
    await sealedOnDay(settings, 2);
    expect(await verifyEverything(settings)).toMatchObject({ status: "verified", counts: { verified: 2 } });
  });

  it("accounts for statements of seals that were cut short too", async () => {
    const settings = settingsIn(await temporaryDirectory());
    const record = await newRecord(settings);
    await mkdir(join(record.directory, "attestation.sigstore.json"));
    await expect(record.seal(SUCCESS)).rejects.toThrow();
    await execa("rmdir", [join(record.directory, "attestation.sigstore.json")]);
    await record.seal(SUCCESS);
    await record.retire();
    await pruneNow(settings, { keep: 0 });
    expect(await verifyEverything(settings)).toMatchObject({
      status: "verified",
      counts: { verified: 0, pruned: 1 },
    });
  });

  it("that was cut short is finished by the next one", async () => {
    const settings = settingsIn(await temporaryDirectory());
    const [first, second] = [await sealedOnDay(settings, 0), await sealedOnDay(settings, 1)];
    const state = join(settings.auditRoot, "../state");
    const aside = join(settings.auditRoot, `site-builder/.pruned-${first.id}`);
    const copy = join(await temporaryDirectory(), "copy");
    await execa("cp", ["-a", second.directory, copy]);
    await pruneNow(settings, { keep: 0 });
    // As a crash leaves it: one record put aside, the other not even that.
    await execa("cp", ["-a", copy, aside]);
    await execa("cp", ["-a", copy, second.directory]);
    expect(await verifyEverything(settings)).toMatchObject({
      status: "verified",
      counts: { verified: 1, pruned: 1 },
    });
    const found = await planPruning(settings.auditRoot, () => ({ keep: 0 }), readEvidence(state));
    expect(found).toMatchObject({ records: [{ id: second.id }], leftovers: [aside] });
    expect(await pruneNow(settings, { keep: 0 })).toEqual({ records: 1, failed: [] });
    expect(await readdir(join(settings.auditRoot, "site-builder"))).toEqual([]);
    expect(await verifyEverything(settings)).toMatchObject({ status: "verified", counts: { pruned: 2 } });
  });

  it("does not hide a record that somebody else removed", async () => {
    const settings = settingsIn(await temporaryDirectory());
    const [first, second] = [await sealedOnDay(settings, 0), await sealedOnDay(settings, 1)];
    await rename(first.directory, join(await temporaryDirectory(), "gone"));
    await pruneNow(settings, { keep: 0 });
    expect(await verifyEverything(settings)).toMatchObject({
      status: "altered",
      records: [{ session_id: first.id }],
      counts: { altered: 1, pruned: 1 },
    });
    expect(basename(second.directory)).toBe(second.id);
  });

  it("says what it could not remove", async () => {
    const settings = settingsIn(await temporaryDirectory());
    const record = await newRecord(settings);
    const script = "mkdir directory && touch directory/file && chown -R 1:1 directory";
    await execa("podman", ["unshare", "sh", "-c", script], { cwd: record.runaDirectory });
    await record.seal(SUCCESS);
    await record.retire();
    const old = join(settings.auditRoot, `site-builder/.unsealed-${record.id}`);
    expect(await pruneNow(settings, { keep: 0 })).toMatchObject({ records: 1, failed: [{ path: old }] });
    await execa("podman", ["unshare", "rm", "-rf", join(old, "directory")]);
    expect(await pruneNow(settings, { keep: 0 })).toEqual({ records: 0, failed: [] });
    expect((await verifyEverything(settings)).status).toBe("verified");
  });
});
