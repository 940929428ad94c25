import { readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { evidencePaths } from "../../../src/audit/keys/evidence-paths.ts";
import type { OpenRecord, RecordSettings } from "../../../src/audit/open/open-record.ts";
import { addNote } from "../../../src/audit/seal/add-note.ts";
import { keepRecords, type RetentionReport } from "../../../src/audit/upkeep/keep-records.ts";
import type { PruneRules } from "../../../src/audit/upkeep/prune-plan.ts";
import {
  NEW_DOCUMENT,
  NOW_MS,
  placeOf,
  settingsIn,
  SUCCESS,
  verifyEverything,
} from "../../kit/record-document.ts";
import { newRecord, temporaryDirectory } from "../../kit/record-fixture.ts";

const DAY_MS = 86_400_000;
const MEBIBYTE = 2 ** 20;

interface Past {
  readonly profile?: string;
  /** Of what the agent left. */
  readonly bytes?: number;
  /** Journal lines about publishing. */
  readonly events?: readonly string[];
}

/** A record of a session that ended on that day. */
async function sealedOnDay(settings: RecordSettings, day: number, past: Past = {}): Promise<OpenRecord> {
  const { profile = "site-builder", bytes = 10, events = [] } = past;
  const now = (): number => NOW_MS + day * DAY_MS;
  const record = await newRecord({ ...settings, now, document: { ...NEW_DOCUMENT, profile } });
  await writeFile(join(record.runaDirectory, "report"), Buffer.alloc(bytes, "a"));
  for (const event of events) await record.journal("finishing", event, {});
  await record.seal({ ...SUCCESS, end_timestamp: new Date(now()).toISOString() });
  await record.retire();
  return record;
}

async function keep(
  { auditRoot }: RecordSettings,
  rules: Readonly<Record<string, PruneRules | undefined>>,
  { others, heldBack = {} }: { others?: PruneRules; heldBack?: Readonly<Record<string, string>> } = {},
): Promise<RetentionReport> {
  return await keepRecords({
    auditRoot,
    stateDirectory: join(auditRoot, "../state"),
    rules: new Map(Object.entries(rules)),
    otherRules: others,
    heldBack: new Map(Object.entries(heldBack)),
    nowMs: NOW_MS,
  });
}

function publishedLater({ directory }: OpenRecord, result: "published" | "nothing" | "failed"): void {
  const time = "2026-03-01T00:00:00.000Z";
  const paths = evidencePaths(join(dirname(dirname(dirname(directory))), "state"));
  const why = result === "published" ? null : "why";
  addNote(placeOf(directory), { time, kind: "publish", result, published: null, why, warnings: [] }, paths);
}

const left = async ({ auditRoot }: RecordSettings, profile = "site-builder"): Promise<string[]> =>
  (await readdir(join(auditRoot, profile))).sort();
const ids = (records: readonly { readonly id: string }[]): string[] => records.map(({ id }) => id);

describe("records that are kept by rule", () => {
  it("go by age, except the newest, and by profile", async () => {
    const settings = settingsIn(await temporaryDirectory());
    const old = [
      await sealedOnDay(settings, 0),
      await sealedOnDay(settings, 1),
      await sealedOnDay(settings, 2),
    ];
    const other = await sealedOnDay(settings, 0, { profile: "other" });
    const gone = await sealedOnDay(settings, 0, { profile: "gone" });
    const rules = { endedBeforeMs: NOW_MS + 50 * DAY_MS, keep: 1 };
    const report = await keep(
      settings,
      { "site-builder": rules, other: undefined },
      { others: { ...rules, keep: 0 } },
    );
    expect(ids(report.records).sort()).toEqual([old[0]!.id, old[1]!.id, gone.id].sort());
    expect(await left(settings)).toEqual([old[2]!.id]);
    expect(await left(settings, "other")).toEqual([other.id]);
    expect(await verifyEverything(settings)).toMatchObject({
      status: "verified",
      counts: { verified: 2, pruned: 3 },
    });
  });

  it("go by size, the oldest first, and no more than have to", async () => {
    const settings = settingsIn(await temporaryDirectory());
    const records = [];
    for (let day = 0; day < 5; day += 1)
      records.push(await sealedOnDay(settings, day, { bytes: 2 * MEBIBYTE }));
    const report = await keep(settings, { "site-builder": { maxBytes: 7 * MEBIBYTE, keep: 1 } });
    expect(ids(report.records)).toEqual(ids(records.slice(0, 2)));
    expect(await left(settings)).toEqual(ids(records.slice(2)));
    // The newest stay, however large they are.
    expect(ids((await keep(settings, { "site-builder": { maxBytes: 1, keep: 2 } })).records)).toEqual([
      records[2]!.id,
    ]);
    expect((await keep(settings, { "site-builder": { maxBytes: 1, keep: 2 } })).records).toEqual([]);
    expect((await verifyEverything(settings)).status).toBe("verified");
  });

  it("go by age or by size, whichever comes first", async () => {
    const settings = settingsIn(await temporaryDirectory());
    const days = [0, 1, 20, 21, 22];
    const records = [];
    for (const day of days) records.push(await sealedOnDay(settings, day, { bytes: 2 * MEBIBYTE }));
    const endedBeforeMs = NOW_MS + 10 * DAY_MS;
    const rules = { endedBeforeMs, maxBytes: 5 * MEBIBYTE, keep: 1 };
    expect(ids((await keep(settings, { "site-builder": rules })).records)).toEqual(ids(records.slice(0, 3)));
  });

  it("stay while they are open, held back or still to be published", async () => {
    const settings = settingsIn(await temporaryDirectory());
    const open = await newRecord({ ...settings, now: () => NOW_MS - DAY_MS });
    const kept = await sealedOnDay(settings, 0);
    const failed = await sealedOnDay(settings, 1, { events: ["publishing", "publish_failed"] });
    const failedAgain = await sealedOnDay(settings, 2, { events: ["publish_failed"] });
    publishedLater(failedAgain, "failed");
    const done = [
      await sealedOnDay(settings, 3, { events: ["publishing", "pushed", "published"] }),
      await sealedOnDay(settings, 4, { events: ["nothing_published"] }),
    ];
    const publishedByHand = await sealedOnDay(settings, 5, { events: ["publish_failed"] });
    publishedLater(publishedByHand, "published");
    const rules = { endedBeforeMs: NOW_MS + 50 * DAY_MS, maxBytes: 1, keep: 0 };
    const report = await keep(settings, { "site-builder": rules }, { heldBack: { [kept.id]: "it is kept" } });
    expect(ids(report.records)).toEqual(ids([...done, publishedByHand]));
    const unpublished = "its work was not published: see `agentd publish`";
    expect(report.refused).toEqual([
      { id: open.id, reason: "not sealed" },
      { id: kept.id, reason: "it is kept" },
      { id: failed.id, reason: unpublished },
      { id: failedAgain.id, reason: unpublished },
    ]);
    expect(await left(settings)).toEqual(ids([open, kept, failed, failedAgain]));
  });
});
