import { lstatSync, mkdirSync, mkdtempSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { build } from "esbuild";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { removeTree, removeTreeNow } from "../../../src/trees/remove-tree.ts";
import { Remover } from "../../../src/trees/remover.ts";

let root: string;
let tree: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agentd-remove-"));
  tree = join(root, "tree");
});
afterEach(() => removeTree(root));

/** A thread that holds a descriptor of the tree, as a process of another session may, until its work is over. */
async function intruder(work: string): Promise<{ readonly end: () => Promise<unknown> }> {
  const script = `
    const { parentPort, workerData } = require("node:worker_threads");
    const fs = require("node:fs");
    const tree = "/proc/self/fd/" + fs.openSync(workerData.tree, fs.constants.O_DIRECTORY);
    const attempt = (call) => { try { call(); return true; } catch { return false; } };
    const isThere = () => fs.statSync(tree).nlink > 0;
    parentPort.postMessage("begun");
    ${work}
  `;
  const worker = new Worker(script, { eval: true, workerData: { tree, victim: join(root, "victim") } });
  await new Promise((resolve) => worker.once("message", resolve));
  return { end: () => worker.terminate() };
}

describe("a tree that somebody still writes", () => {
  it("is removed without following the links that take the place of its directories", async () => {
    const victim = join(root, "victim");
    await mkdir(join(victim, "inner"), { recursive: true });
    await writeFile(join(victim, "inner/file"), "of the host", { mode: 0o600 });
    await writeFile(join(victim, "file"), "of the host", { mode: 0o600 });
    for (let round = 0; round < 10; round += 1) {
      for (let directory = 0; directory < 60; directory += 1) {
        mkdirSync(join(tree, `d${directory}/inner`), { recursive: true });
        writeFileSync(join(tree, `d${directory}/file`), "of the session");
      }
      const { end } = await intruder(`
        while (isThere()) for (let d = 0; d < 60; d += 1) {
          if (!attempt(() => fs.renameSync(tree + "/d" + d, tree + "/s" + d))) continue;
          attempt(() => fs.symlinkSync(workerData.victim, tree + "/d" + d));
          attempt(() => fs.unlinkSync(tree + "/d" + d));
          attempt(() => fs.renameSync(tree + "/s" + d, tree + "/d" + d));
        }
      `);
      await removeTree(tree);
      await end();
      expect(await readFile(join(victim, "inner/file"), "utf8")).toBe("of the host");
      expect(await readFile(join(victim, "file"), "utf8")).toBe("of the host");
      expect(lstatSync(join(victim, "file")).mode & 0o777).toBe(0o600);
    }
  });

  it("is given up on, by its name, when it grows as fast as it is removed, and removed when that is over", async () => {
    await mkdir(tree);
    // Bounded: on some file systems a listing does not end while the directory grows, and the attempt would take its five
    // minutes.
    const { end } = await intruder(`
      for (let n = 0; n < 20_000 && isThere(); n += 1) {
        attempt(() => fs.writeFileSync(tree + "/" + n, ""));
        attempt(() => fs.mkdirSync(tree + "/d" + n));
      }
    `);
    // Where the machine lets the removal win, it is gone.
    await removeTree(tree).catch((error: unknown) =>
      expect(String(error)).toBe(`Error: ${tree} is written to faster than it can be removed`),
    );
    await end();
    await removeTree(tree);
    expect(readdirSync(root)).toEqual([]);
  });

  it("is removed where its directories are closed again and again", async () => {
    for (let directory = 0; directory < 50; directory += 1)
      await mkdir(join(tree, `d${directory}/inner`), { recursive: true });
    const { end } = await intruder(`while (isThere()) attempt(() => fs.chmodSync(tree, 0));`);
    while (readdirSync(root).length > 0) await removeTree(tree).catch(() => undefined);
    await end();
  });
});

it("names what cannot be removed, and removes the rest", async () => {
  // A directory of the kernel's stands for one that is not this user's.
  await mkdir(join(tree, "a"), { recursive: true });
  await writeFile(join(tree, "a/file"), "");
  await chmod(join(tree, "a"), 0);
  expect(() => removeTreeNow(`/proc/${process.pid}/task`, () => true)).toThrow(/ at \/proc\/\d+\/task/);
  await removeTree(tree);
  expect(readdirSync(root)).toEqual([]);
});

/** Directories in one another and as many side by side. In memory: what a disk takes for them is not looked at here. */
function hugeTree(directories: number): string {
  const place = mkdtempSync("/dev/shm/agentd-remove-");
  onTestFinished(() => removeTree(place));
  const huge = join(place, "tree");
  const levels = Array.from({ length: 100 }, () => "d").join("/");
  mkdirSync(huge);
  for (let level = 0; level < directories; level += 100) {
    mkdirSync(join(place, "upper", levels), { recursive: true });
    renameSync(huge, join(place, "upper", levels, "d"));
    renameSync(join(place, "upper"), huge);
  }
  for (let number = 0; number < directories; number += 1) mkdirSync(join(huge, String(number)));
  return huge;
}

describe("a tree of many directories", () => {
  it("is removed with few descriptors, where 100,000 lie in one another and 100,000 side by side", () => {
    const huge = hugeTree(100_000);
    const descriptors = (): number => readdirSync("/proc/self/fd").length;
    const before = descriptors();
    let [most, steps] = [0, 0];
    const isGone = removeTreeNow(huge, () => {
      if (++steps % 50 === 0) most = Math.max(most, descriptors());
      return true;
    });
    expect(isGone).toBe(true);
    expect(most - before).toBeGreaterThan(0);
    expect(most - before).toBeLessThanOrEqual(64);
    expect(readdirSync(join(huge, ".."))).toEqual([]);
  });

  it("is removed while the event loop does something else", async () => {
    const huge = hugeTree(5_000);
    const outfile = join(root, "worker.cjs");
    const entry = join(import.meta.dirname, "../../../src/trees/removal-worker.ts");
    await build({ entryPoints: [entry], outfile, bundle: true, platform: "node", format: "cjs" });
    const remover = new Remover({ script: outfile, removeSmall: () => Promise.resolve(false) });
    const reports: number[] = [];
    const removed = remover.remove(huge, (entries) => reports.push(entries));
    await Promise.resolve();
    // Not one turn of the loop until it is gone: what removes it is somewhere else.
    while (readdirSync(join(huge, "..")).length > 0);
    await removed;
    expect(reports.length).toBeGreaterThan(0);
  });

  it("is left where a daemon ends meanwhile, and removed by the next", async () => {
    const huge = hugeTree(10_000);
    const outfile = join(root, "worker.cjs");
    const entry = join(import.meta.dirname, "../../../src/trees/removal-worker.ts");
    await build({ entryPoints: [entry], outfile, bundle: true, platform: "node", format: "cjs" });
    const remover = new Remover({ script: outfile, removeSmall: () => Promise.resolve(false) });
    const removed = remover.remove(huge, () => void remover.close());
    await expect(removed).rejects.toThrow(`the worker that removes ${huge} ended`);
    await removeTree(huge);
    expect(readdirSync(join(huge, ".."))).toEqual([]);
  });
});
