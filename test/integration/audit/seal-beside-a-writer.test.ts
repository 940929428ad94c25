/**
 * Seals while somebody who holds a descriptor of the agent's directory goes on writing below it: what a second session
 * can do whose agent was handed one.
 */
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { describe, expect, it, onTestFinished } from "vitest";
import type { OpenRecord } from "../../../src/audit/open/open-record.ts";
import { settingsIn, SUCCESS, verify } from "../../kit/record-document.ts";
import { modeOf, newRecord, sha256sumCheck, temporaryDirectory } from "../../kit/record-fixture.ts";

const SEALS = 40;

const WRITER = fileURLToPath(new URL("tree-writer.mjs", import.meta.url));

async function fill(directory: string): Promise<void> {
  for (const name of ["a", "b", "c"]) {
    await mkdir(join(directory, name, "deep"), { recursive: true });
    for (const file of ["report", "deep/one", "deep/two"]) {
      await writeFile(join(directory, name, file), `${name}/${file}\n`);
    }
  }
}

/** Everything below a directory: modes, inodes, times of change and contents. */
async function portrait(directory: string): Promise<unknown[]> {
  const names = await readdir(directory, { recursive: true });
  const of = async (name: string): Promise<unknown> => {
    const { mode, ino, ctimeMs, size } = await stat(join(directory, name));
    return { name, mode, ino, ctimeMs, size };
  };
  return await Promise.all([".", ...names.sort()].map(of));
}

/** Starts the process, and ends it with the test at the latest. */
async function startWriter(directory: string, victim: string): Promise<() => Promise<void>> {
  const writer = execa("node", [WRITER, directory, victim], { reject: false, buffer: false });
  const stop = async (): Promise<void> => {
    writer.kill("SIGKILL");
    await writer;
  };
  onTestFinished(stop);
  await new Promise((resolve) => writer.stdout.once("data", resolve));
  return stop;
}

async function sealBesideAWriter(record: OpenRecord, victim: string): Promise<void> {
  await fill(record.runaDirectory);
  const stop = await startWriter(record.runaDirectory, victim);
  try {
    await record.seal(SUCCESS);
    // It still writes, and what it writes is no part of the record.
    expect(await verify(record.directory)).toMatchObject({ status: "verified", problems: [] });
    await sha256sumCheck(record.directory);
  } finally {
    await stop();
  }
}

describe("a seal beside somebody who still writes what it seals", () => {
  it("touches nothing outside of the record, and is verified", { timeout: 600_000 }, async () => {
    const directory = await temporaryDirectory();
    const victim = join(directory, "victim");
    await fill(victim);
    await fill(join(victim, "a"));
    const before = await portrait(victim);
    for (let seal = 0; seal < SEALS; seal += 1) {
      await sealBesideAWriter(await newRecord(settingsIn(directory)), victim);
      expect(await portrait(victim)).toEqual(before);
    }
  });

  it("gives the record inodes that nobody holds", async () => {
    const record = await newRecord();
    const path = join(record.runaDirectory, "report");
    await writeFile(path, "all is well\n");
    const { ino } = await stat(path);
    // Held open, as by a process that outlives the session.
    const script = 'exec 3>>"$1"; echo held; read line; echo more >&3; echo "$line"';
    const holder = execa("sh", ["-c", script, "sh", path]);
    await new Promise((resolve) => holder.stdout.once("data", resolve));
    await record.seal(SUCCESS);
    holder.stdin.end("written\n");
    expect((await holder).stdout).toBe("held\nwritten");
    expect(await readFile(path, "utf8")).toBe("all is well\n");
    expect((await stat(path)).ino).not.toBe(ino);
    expect(await modeOf(path)).toBe("400");
    expect(await verify(record.directory)).toMatchObject({ status: "verified", problems: [] });
  });
});
