import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { expect, it, onTestFinished, vi } from "vitest";
import type { OpenRecord } from "../../../src/audit/open-record.ts";
import { readDocument } from "../../../src/audit/query.ts";
import { openExistingRecord } from "../../../src/audit/record.ts";
import { Sealer } from "../../../src/audit/sealer.ts";
import { verifyRecord } from "../../../src/audit/verify.ts";
import { settingsIn, SUCCESS } from "./record-document.ts";
import { bundle, newRecord, sha256sumCheck, temporaryDirectory } from "./record-fixture.ts";

async function newSealer(idleMs?: number): Promise<Sealer> {
  const sealer = new Sealer({ script: await bundle("../../../src/audit/seal-worker.ts"), idleMs });
  onTestFinished(() => sealer.close());
  return sealer;
}

async function recordOfMegabytes(
  count: number,
  changes: Parameters<typeof newRecord>[0] = {},
): Promise<OpenRecord> {
  const record = await newRecord(changes);
  const content = Buffer.alloc(2 ** 20, "x");
  for (let file = 0; file < count; file += 1) await writeFile(join(record.runaDirectory, `${file}`), content);
  return record;
}

it("seals records that end at once, in one worker", async () => {
  const { seal } = await newSealer();
  const records = await Promise.all([20, 0, 3].map((count) => recordOfMegabytes(count, { seal })));
  const order: number[] = [];
  await Promise.all(records.map((record, index) => record.seal(SUCCESS).then(() => order.push(index))));
  // The large one, which came first, did not keep the small ones waiting.
  expect(order.at(-1)).toBe(0);
  for (const record of records) expect((await verifyRecord(record.directory)).status).toBe("verified");
});

it("starts another worker after it was idle, and when it was prepared", async () => {
  const sealer = await newSealer(1);
  for (let round = 0; round < 3; round += 1) {
    if (round === 1) sealer.prepare();
    const record = await newRecord({ seal: sealer.seal });
    await record.seal(SUCCESS);
    await sha256sumCheck(record.directory);
  }
});

it("passes on why a seal failed", async () => {
  const { seal } = await newSealer();
  const record = await newRecord({ seal });
  await execa("rmdir", [record.runaDirectory]);
  await expect(record.seal(SUCCESS)).rejects.toMatchObject({
    code: "record_unusable",
    message: expect.stringMatching(
      /^cannot seal the record .*: ENOENT: no such file or directory, /,
    ) as string,
  });
});

it("rejects what is under way when it is closed, and the record can be sealed after", async () => {
  const sealer = await newSealer();
  const closed: Promise<void>[] = [];
  const record = await recordOfMegabytes(50, {
    seal: (request) => {
      const sealed = sealer.seal(request);
      if (closed.length === 0) closed.push(sealer.close());
      return sealed;
    },
  });
  await expect(record.seal(SUCCESS)).rejects.toThrow("the worker that seals was closed");
  await Promise.all(closed);
  expect(await verifyRecord(record.directory)).toMatchObject({ status: "incomplete" });
  await record.seal(SUCCESS);
  await sha256sumCheck(record.directory);
});

it("hands a worker nothing of the daemon's environment", async () => {
  vi.stubEnv("AGENTD_TEST_SECRET", "secret");
  onTestFinished(() => void vi.unstubAllEnvs());
  const script = join(await temporaryDirectory(), "environment.cjs");
  await writeFile(
    script,
    `const { parentPort } = require("node:worker_threads");
     parentPort.on("message", ({ job }) => parentPort.postMessage({ job, failure: JSON.stringify(process.env) }));`,
  );
  const sealer = new Sealer({ script });
  onTestFinished(() => sealer.close());
  const record = await newRecord({ seal: sealer.seal });
  await expect(record.seal(SUCCESS)).rejects.toThrow(/: \{\}$/);
});

it("finishes a record whose sealing process was killed at any moment", async () => {
  const settings = settingsIn(await temporaryDirectory());
  const script = await bundle("seal-once.ts");
  const before = await recordOfMegabytes(5, settings);
  for (let delayMs = 20; ; delayMs += 5) {
    const request = {
      directory: before.directory,
      document: { ...before.document, ...SUCCESS },
      sealedTimeMs: settings.now(),
      recordLimitBytes: settings.recordLimitBytes,
      isPrivate: true,
    };
    const { isTerminated } = await execa("node", [script, JSON.stringify(request)], {
      timeout: delayMs,
      killSignal: "SIGKILL",
      reject: false,
    });
    if (!isTerminated) break;
    const { outcome } = await readDocument(before.directory);
    const { status } = await verifyRecord(before.directory);
    expect(status).toBe(outcome === null ? "incomplete" : "verified");
    if (outcome !== null) break;
    const after = await openExistingRecord(settings, before.directory);
    expect(after?.document.outcome).toBeNull();
  }
  await sha256sumCheck(before.directory);
  expect(await openExistingRecord(settings, before.directory)).toBeUndefined();
});
