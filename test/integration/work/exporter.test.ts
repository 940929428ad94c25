import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Exporter } from "../../../src/work/exporter.ts";
import { SessionWork } from "./session-work.ts";

const script = join(import.meta.dirname, "../../../dist/export-worker.cjs");

let work: SessionWork;
let exporter: Exporter;
beforeEach(async () => {
  work = await SessionWork.make();
  exporter = new Exporter({ script, environment: process.env });
});
afterEach(async () => {
  await exporter.close();
  await work.remove();
});

describe("the worker that exports work", () => {
  it("exports as its own thread does", async () => {
    await work.begin();
    const head = await work.commit("One", { "one.txt": "1\n" });
    exporter.prepare();
    const { summary, warnings } = await exporter.export(work.request(), new AbortController().signal);
    expect(warnings).toEqual([]);
    expect(summary).toMatchObject({ head: { commit: head }, commit_count: 1, files_changed: 1 });
    expect(summary).toEqual((await work.export()).summary);
  });

  it("gives up when it is told to", async () => {
    await work.begin();
    await work.commit("One", { "one.txt": "1\n" });
    const cancelling = new AbortController();
    const exporting = exporter.export(work.request(), cancelling.signal);
    cancelling.abort();
    await expect(exporting).rejects.toThrow(/abort/i);
  });

  it("says why it cannot", async () => {
    const exporting = exporter.export(work.request(), new AbortController().signal);
    await expect(exporting).rejects.toThrow("base.git is missing");
  });
});
