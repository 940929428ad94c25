import { chmod, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { countLeftFiles } from "../../../src/audit/read/left-files.ts";

let record: string;
let runa: string;

beforeEach(async () => {
  record = await mkdtemp(join(tmpdir(), "agentd-record-"));
  runa = join(record, "runa");
});

afterEach(async () => {
  await execa("chmod", ["-R", "u+rwX", record]);
  await rm(record, { recursive: true });
});

describe("what an agent has left", () => {
  it("is nothing where it left nothing, or where there is no such directory", async () => {
    expect(countLeftFiles(record)).toEqual({ files: 0, bytes: 0 });
    await mkdir(join(runa, "empty"), { recursive: true });
    expect(countLeftFiles(record)).toEqual({ files: 0, bytes: 0 });
  });

  it("is every file of every directory, whatever bytes its name has", async () => {
    await mkdir(join(runa, "deep/deeper"), { recursive: true });
    await writeFile(join(runa, "a\nb"), "12345");
    await writeFile(Buffer.concat([Buffer.from(`${runa}/deep/`), Buffer.from([0xff, 0xfe])]), "123");
    await writeFile(join(runa, "deep/deeper/c"), "");
    await truncate(join(runa, "deep/deeper/c"), 1024 ** 4);
    expect(countLeftFiles(record)).toEqual({ files: 3, bytes: 8 + 1024 ** 4 });
  });

  it("counts what is no regular file without a size, and follows no link", async () => {
    await mkdir(runa);
    await symlink("/usr", join(runa, "link"));
    await execa("mkfifo", [join(runa, "pipe")]);
    expect(countLeftFiles(record)).toEqual({ files: 2, bytes: 0 });
  });

  it("leaves out what is closed", async () => {
    await mkdir(join(runa, "closed"), { recursive: true });
    await writeFile(join(runa, "closed/file"), "inside");
    await writeFile(join(runa, "open"), "out");
    await chmod(join(runa, "closed"), 0);
    expect(countLeftFiles(record)).toEqual({ files: 1, bytes: 3 });
  });
});
