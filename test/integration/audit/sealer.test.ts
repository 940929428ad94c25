import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { expect, it, onTestFinished, vi } from "vitest";
import { ensureEvidence } from "../../../src/audit/chain/chain-writer.ts";
import { evidencePaths } from "../../../src/audit/keys/evidence-paths.ts";
import type { OpenRecord, RecordSettings } from "../../../src/audit/open/open-record.ts";
import { reopenRecord } from "../../../src/audit/open/reopen.ts";
import { readDocument } from "../../../src/audit/read/query.ts";
import type { SealRequest } from "../../../src/audit/seal/seal.ts";
import { Sealer } from "../../../src/audit/seal/sealer.ts";
import { attesterIn, settingsIn, SUCCESS, verify, verifyEverything } from "../../kit/record-document.ts";
import { bundle, newRecord, sha256sumCheck, temporaryDirectory } from "../../kit/record-fixture.ts";

/** A sealer of its own, with what records are made with that it seals. */
async function newSealer(idleMs?: number): Promise<{ sealer: Sealer; settings: RecordSettings }> {
  const directory = await temporaryDirectory();
  const attester = attesterIn(directory);
  await ensureEvidence(evidencePaths(attester.stateDirectory));
  const sealer = new Sealer({
    script: await bundle(new URL("../../../src/audit/seal/seal-worker.ts", import.meta.url)),
    attester,
    idleMs,
  });
  onTestFinished(() => sealer.close());
  return { sealer, settings: settingsIn(directory, { seal: sealer.seal }) };
}

async function recordOfMegabytes(count: number, settings: RecordSettings): Promise<OpenRecord> {
  const record = await newRecord(settings);
  const content = Buffer.alloc(2 ** 20, "x");
  for (let file = 0; file < count; file += 1) await writeFile(join(record.runaDirectory, `${file}`), content);
  return record;
}

/** How often, during the time that a seal takes, its process is killed. */
const ROUNDS = 25;

/** Seals a record in a process of its own, which is killed after a time, 0 for not at all; resolves to how long it lived. */
async function sealInProcess(script: string, record: OpenRecord, killAfterMs = 0): Promise<number> {
  const { directory, document } = record;
  const { recordLimitBytes, isPrivate, now } = settingsIn(directory);
  const request: SealRequest = {
    directory,
    document: { ...document, ...SUCCESS },
    sealedTimeMs: now(),
    recordLimitBytes,
    isPrivate,
  };
  // The state lies beside the audit root: DIRECTORY/audit/PROFILE/ID.
  const args = [script, join(directory, "../../.."), JSON.stringify(request)];
  const { durationMs, exitCode, isTerminated } = await execa("node", args, {
    timeout: killAfterMs,
    killSignal: "SIGKILL",
    reject: false,
  });
  expect(isTerminated || exitCode === 0).toBe(true);
  return durationMs;
}

it("seals records that end at once, in one worker and one chain", async () => {
  const { settings } = await newSealer();
  const records = await Promise.all([20, 0, 3].map((count) => recordOfMegabytes(count, settings)));
  const order: number[] = [];
  await Promise.all(records.map((record, index) => record.seal(SUCCESS).then(() => order.push(index))));
  // The large one, which came first, did not keep the small ones waiting.
  expect(order.at(-1)).toBe(0);
  for (const record of records) expect((await verify(record.directory)).status).toBe("verified");
  expect(await verifyEverything(settings)).toMatchObject({ status: "verified", counts: { verified: 3 } });
});

it("starts another worker after it was idle, and when it was prepared", async () => {
  const { sealer, settings } = await newSealer(1);
  for (let round = 0; round < 3; round += 1) {
    if (round === 1) sealer.prepare();
    const record = await newRecord(settings);
    await record.seal(SUCCESS);
    await sha256sumCheck(record.directory);
  }
  expect((await verifyEverything(settings)).counts.verified).toBe(3);
});

it("passes on why a seal failed", async () => {
  const { settings } = await newSealer();
  const record = await newRecord(settings);
  await execa("rmdir", [record.runaDirectory]);
  await expect(record.seal(SUCCESS)).rejects.toMatchObject({
    code: "record_unusable",
    message: expect.stringMatching(
      /^cannot seal the record .*: ENOENT: no such file or directory, /,
    ) as string,
  });
});

it("rejects what is under way when it is closed, and the record can be sealed after", async () => {
  const { sealer, settings } = await newSealer();
  const closed: Promise<void>[] = [];
  const record = await recordOfMegabytes(50, {
    ...settings,
    seal: (request) => {
      const sealed = sealer.seal(request);
      if (closed.length === 0) closed.push(sealer.close());
      return sealed;
    },
  });
  await expect(record.seal(SUCCESS)).rejects.toThrow("the worker that seals was closed");
  await Promise.all(closed);
  expect(await verify(record.directory)).toMatchObject({ status: "incomplete" });
  await record.seal(SUCCESS);
  await sha256sumCheck(record.directory);
});

it("hands a worker nothing of the daemon's environment", async () => {
  vi.stubEnv("AGENTD_TEST_SECRET", "secret");
  onTestFinished(() => void vi.unstubAllEnvs());
  const directory = await temporaryDirectory();
  const script = join(directory, "environment.cjs");
  await writeFile(
    script,
    `const { parentPort } = require("node:worker_threads");
     parentPort.on("message", ({ job }) => parentPort.postMessage({ job, failure: JSON.stringify(process.env) }));`,
  );
  const sealer = new Sealer({ script, attester: attesterIn(directory) });
  onTestFinished(() => sealer.close());
  const record = await newRecord({ seal: sealer.seal });
  await expect(record.seal(SUCCESS)).rejects.toThrow(/: \{\}$/);
});

it("finishes a record whose sealing process was killed at any moment", async () => {
  const script = await bundle(new URL("seal-once.ts", import.meta.url));
  const wholeMs = await sealInProcess(
    script,
    await recordOfMegabytes(5, settingsIn(await temporaryDirectory())),
  );
  const settings = settingsIn(await temporaryDirectory());
  const before = await recordOfMegabytes(5, settings);
  for (let round = 1; round <= ROUNDS; round += 1) {
    await sealInProcess(script, before, (wholeMs * round) / ROUNDS);
    const { outcome } = await readDocument(before.directory);
    expect((await verify(before.directory)).status).toBe(outcome === null ? "incomplete" : "verified");
    expect((await verifyEverything(settings)).status).toBe(outcome === null ? "incomplete" : "verified");
    if (outcome !== null) break;
    const { entries } = await settings.index.list();
    expect(await reopenRecord(settings, entries[0]!)).toMatchObject({ kind: "open" });
  }
  // The machine may have become slower meanwhile.
  if ((await readDocument(before.directory)).outcome === null) await sealInProcess(script, before);
  await sha256sumCheck(before.directory);
});
