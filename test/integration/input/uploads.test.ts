import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type Expected,
  type Piece,
  UPLOAD_BOUNDS,
  type UploadBounds,
  Uploads,
} from "../../../src/input/uploads.ts";

let directory = "";
let nowMs = 0;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "agentd-uploads-"));
  nowMs = 0;
});
afterEach(() => rm(directory, { recursive: true }));

function uploads(bounds: Partial<UploadBounds> = {}): Uploads {
  return new Uploads({
    directory: join(directory, "uploads"),
    monotonic: () => nowMs,
    bounds: { ...UPLOAD_BOUNDS, ...bounds },
  });
}

function piece(changes: Partial<Piece> = {}): Piece {
  return { requestId: "one", kind: "input", name: "a", offset: 0, data: Buffer.from("abc"), ...changes };
}

function expected(inputs: Expected["inputs"]): Expected {
  return { requestBytes: undefined, inputs, artifact: undefined };
}

async function kept(): Promise<string[]> {
  return await readdir(join(directory, "uploads")).catch(() => []);
}

describe("files that are uploaded for a run", () => {
  it("are put together from their pieces, of which any may come again", async () => {
    const all = uploads();
    await all.add(piece());
    await all.add(piece({ offset: 3, data: Buffer.from("def") }));
    await all.add(piece({ offset: 3, data: Buffer.from("def") }));
    await all.add(piece());
    const { inputs } = all.take("one", expected([{ name: "a", bytes: 6 }]));
    const [file] = inputs;
    expect(await readFile((file?.content as { path: string }).path, "utf8")).toBe("abcdef");
    await all.release("one", true);
    expect(await kept()).toEqual([]);
  });

  it("are missing when a piece is, or for another run, or with another size", async () => {
    const all = uploads();
    await expect(all.add(piece({ offset: 3 }))).rejects.toMatchObject({ code: "upload_missing" });
    await all.add(piece());
    expect(() => all.take("other", expected([{ name: "a", bytes: 3 }]))).toThrow(/has not received/);
    expect(() => all.take("one", expected([{ name: "a", bytes: 4 }]))).toThrow(/has not received/);
    expect(() => all.take("one", expected([{ name: "b", bytes: 3 }]))).toThrow(/has not received/);
  });

  it("stay for the next try when the run was refused", async () => {
    const all = uploads();
    await all.add(piece());
    all.take("one", expected([{ name: "a", bytes: 3 }]));
    await expect(all.add(piece({ name: "b" }))).rejects.toMatchObject({ code: "upload_refused" });
    await all.release("one", false);
    expect(all.take("one", expected([{ name: "a", bytes: 3 }])).inputs).toHaveLength(1);
  });

  it("do not outlive the daemon", async () => {
    await uploads().add(piece());
    expect(await kept()).toHaveLength(1);
    const next = uploads();
    await next.clear();
    expect(await kept()).toEqual([]);
    expect(() => next.take("one", expected([{ name: "a", bytes: 3 }]))).toThrow(/has restarted/);
  });

  it("are bounded in number, in bytes and in time", async () => {
    const all = uploads({ uploads: 2, bytes: 8, unusedMs: 1000 });
    await all.add(piece());
    await all.add(piece({ requestId: "two" }));
    await expect(all.add(piece({ requestId: "three" }))).rejects.toMatchObject({ code: "upload_refused" });
    await expect(all.add(piece({ name: "b" }))).rejects.toMatchObject({ code: "upload_refused" });
    nowMs = 1001;
    await all.add(piece({ requestId: "three" }));
    expect(await kept()).toHaveLength(1);
  });

  it("of one run are bounded, too, and their names never become paths", async () => {
    const all = uploads();
    const large = piece({
      offset: 0,
      data: Buffer.alloc(1024 * 1024 + 1),
      kind: "request",
      name: "request.txt",
    });
    await expect(all.add(large)).rejects.toMatchObject({ code: "input_invalid" });
    await expect(all.add(piece({ name: "../up" }))).rejects.toMatchObject({ code: "input_invalid" });
    await expect(all.add(piece({ name: "request.txt" }))).rejects.toMatchObject({ code: "input_invalid" });
    await all.add(piece({ requestId: "../../up" }));
    expect(await kept()).toHaveLength(1);
    expect(await readdir(directory)).toEqual(["uploads"]);
  });
});
