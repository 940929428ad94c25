import {
  chmod,
  link,
  mkdir,
  readdir,
  readFile,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it, onTestFinished } from "vitest";
import { SUCCESS, verify } from "../../kit/record-document.ts";
import { modeOf, newRecord, sha256sumCheck, temporaryDirectory } from "../../kit/record-fixture.ts";

const VERIFIED = { status: "verified", problems: [] };

/** The paths that `SHA256SUMS` names, escaped as they stand there. */
async function sealedPaths(record: string): Promise<string[]> {
  const lines = (await readFile(join(record, "SHA256SUMS"), "latin1")).trimEnd().split("\n");
  return lines.map((line) => line.replace(/^\\?[0-9a-f]{64} {2}/, ""));
}

describe("what an agent may leave in its directory", () => {
  it("is sealed under its true name, whatever bytes that has", async () => {
    const record = await newRecord();
    const names = ["new\nline", "back\\slash", "carriage\r", " space ", "-n", "*", "Zähler 😀"].map((name) =>
      Buffer.from(name),
    );
    names.push(Buffer.from([0x66, 0xff, 0xfe]));
    for (const name of names) {
      await writeFile(Buffer.concat([Buffer.from(`${record.runaDirectory}/`), name]), name);
    }
    await record.seal(SUCCESS);
    await sha256sumCheck(record.directory);
    expect(await verify(record.directory)).toMatchObject({ ...VERIFIED, files: names.length + 2 });
    const lines = (await readFile(join(record.directory, "SHA256SUMS"), "latin1")).split("\n");
    const paths = (await sealedPaths(record.directory)).filter((path) => path.startsWith("runa/"));
    expect(paths).toContain("runa/new\\nline");
    expect(paths).toContain("runa/f\xff\xfe");
    expect(lines.filter((line) => line.startsWith("\\"))).toHaveLength(3);
  });

  it("is never followed or opened when it is no regular file", async () => {
    const record = await newRecord();
    const outside = await temporaryDirectory();
    await writeFile(join(outside, "secret"), "secret", { mode: 0o644 });
    await symlink("/etc/passwd", join(record.runaDirectory, "passwd"));
    await symlink(outside, join(record.runaDirectory, "directory"));
    await symlink("nowhere\n", join(record.runaDirectory, "dangling"));
    await execa("mkfifo", [join(record.runaDirectory, "fifo")]);
    const server = createServer().listen(join(record.runaDirectory, "socket"));
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once("listening", resolve));

    const { excluded, excluded_count } = await record.seal(SUCCESS);
    expect(excluded_count).toBe(5);
    expect(excluded).toEqual([
      { path: "runa/dangling", reason: "symbolic link to nowhere\\x0a" },
      { path: "runa/directory", reason: `symbolic link to ${outside}` },
      { path: "runa/fifo", reason: "FIFO" },
      { path: "runa/passwd", reason: "symbolic link to /etc/passwd" },
      { path: "runa/socket", reason: "socket" },
    ]);
    expect(await sealedPaths(record.directory)).toEqual(["agentd/events.jsonl", "agentd/session.json"]);
    expect(await modeOf(join(outside, "secret"))).toBe("644");
    expect(await readdir(record.runaDirectory)).toEqual([]);
    await sha256sumCheck(record.directory);
    expect(await verify(record.directory)).toMatchObject({ ...VERIFIED, files: 2 });
  });

  it("is opened up when it is unreadable", async () => {
    const record = await newRecord();
    await mkdir(join(record.runaDirectory, "closed/below"), { recursive: true });
    await writeFile(join(record.runaDirectory, "closed/below/file"), "hidden", { mode: 0 });
    await chmod(join(record.runaDirectory, "closed/below"), 0);
    await chmod(join(record.runaDirectory, "closed"), 0);
    await chmod(record.runaDirectory, 0);
    expect(await record.seal(SUCCESS)).toMatchObject({ excluded: [] });
    expect(await sealedPaths(record.directory)).toContain("runa/closed/below/file");
    expect(await modeOf(join(record.runaDirectory, "closed/below"))).toBe("500");
    await sha256sumCheck(record.directory);
  });

  it("loses setuid, setgid and sticky bits", async () => {
    const record = await newRecord();
    const directory = join(record.runaDirectory, "directory");
    const program = join(directory, "program");
    await mkdir(directory);
    await writeFile(program, "");
    await chmod(program, 0o6777);
    await chmod(directory, 0o7777);
    expect(await modeOf(program)).toBe("6777");
    await record.seal(SUCCESS);
    expect(await modeOf(program)).toBe("400");
    expect(await modeOf(directory)).toBe("500");
  });

  it("becomes several files when it is one with several names", async () => {
    const record = await newRecord();
    const [one, other] = [join(record.runaDirectory, "one"), join(record.runaDirectory, "other")];
    const outside = join(await temporaryDirectory(), "outside");
    await writeFile(one, "content", { mode: 0o200 });
    await utimes(one, 1_700_000_000, 1_700_000_000);
    await link(one, other);
    await link(one, outside);
    await record.seal(SUCCESS);

    expect(await Promise.all([one, other].map((path) => readFile(path, "utf8")))).toEqual([
      "content",
      "content",
    ]);
    expect((await stat(one)).mtimeMs).toBe(1_700_000_000_000);
    expect((await stat(other)).mtimeMs).toBe(1_700_000_000_000);
    expect((await stat(one)).nlink).toBe(1);
    expect((await stat(other)).nlink).toBe(1);
    await chmod(outside, 0o600);
    await writeFile(outside, "changed through the third name");
    expect(await verify(record.directory)).toMatchObject({ ...VERIFIED, files: 4 });
  });

  it("keeps its holes when it is copied", async () => {
    const record = await newRecord();
    const file = join(record.runaDirectory, "sparse");
    await writeFile(file, "start");
    await truncate(file, 64 * 2 ** 20);
    await writeFile(file, "end", { flag: "a" });
    await link(file, join(record.runaDirectory, "again"));
    const before = await readFile(file);
    await record.seal(SUCCESS);
    const copy = await stat(join(record.runaDirectory, "again"));
    expect(copy.blocks * 512).toBeLessThan(2 ** 20);
    expect((await readFile(file)).equals(before)).toBe(true);
    expect((await readFile(join(record.runaDirectory, "again"))).equals(before)).toBe(true);
  });

  it("is left out beyond the limit", async () => {
    const record = await newRecord();
    const huge = join(record.runaDirectory, "huge");
    await writeFile(huge, "");
    await truncate(huge, 2 ** 40);
    await writeFile(join(record.runaDirectory, "small"), "small");
    const { excluded } = await record.seal(SUCCESS);
    expect(excluded).toEqual([
      { path: "runa/huge", reason: "beyond the record limit (1099511627776 bytes)" },
    ]);
    expect(await sealedPaths(record.directory)).toContain("runa/small");
    expect(await readdir(record.runaDirectory)).toEqual(["small"]);
    await sha256sumCheck(record.directory);
    expect(await verify(record.directory)).toMatchObject({ ...VERIFIED, files: 3 });
  });

  it("counts towards the limit all together, with the paths", async () => {
    const record = await newRecord({ recordLimitBytes: 5 * "runa/a".length + 100 });
    for (const [name, size] of Object.entries({ a: 60, b: 100, c: 40, d: 10, e: 0 })) {
      await writeFile(join(record.runaDirectory, name), Buffer.alloc(size, "x"));
    }
    const { excluded } = await record.seal(SUCCESS);
    expect(excluded.map(({ path }) => path)).toEqual(["runa/b", "runa/d"]);
    expect(await verify(record.directory)).toMatchObject(VERIFIED);
  });

  it("is left out where its path is longer than the system allows", async () => {
    const record = await newRecord();
    const name = "d".repeat(200);
    const script = `i=0; while [ $i -lt 40 ]; do echo level > file; mkdir ${name}; cd ${name}; i=$((i + 1)); done`;
    await execa("sh", ["-c", script], { cwd: record.runaDirectory });
    const { excluded } = await record.seal(SUCCESS);
    expect(excluded).toEqual([
      { path: expect.stringMatching(/^runa\/[d/]+$/) as string, reason: "path too long" },
    ]);
    expect((await sealedPaths(record.directory)).length).toBe(2 + 20);
    await sha256sumCheck(record.directory);
    expect(await verify(record.directory)).toMatchObject(VERIFIED);
  });

  it("is left out when it belongs to a user that this one cannot act for", async () => {
    const record = await newRecord();
    const script = "touch file && mkdir -m 700 directory && chmod 600 file && chown 1:1 file directory";
    await execa("podman", ["unshare", "sh", "-c", script], { cwd: record.runaDirectory });
    const { excluded } = await record.seal(SUCCESS);
    expect(excluded).toEqual([
      { path: "runa/directory", reason: "no permission" },
      { path: "runa/file", reason: "no permission" },
    ]);
    expect(await verify(record.directory)).toMatchObject({ ...VERIFIED, files: 2 });
  });

  it("may be tens of thousands of files, in many directories", async () => {
    const record = await newRecord();
    const script =
      'for d in $(seq 20); do mkdir $d && for f in $(seq 1000); do echo "$d/$f" > $d/$f; done; done';
    await execa("sh", ["-c", script], { cwd: record.runaDirectory });
    const before = process.memoryUsage().rss;
    await record.seal(SUCCESS);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 2 ** 20);
    expect((await sha256sumCheck(record.directory)).split("\n")).toHaveLength(20_002);
    expect(await verify(record.directory)).toMatchObject({ ...VERIFIED, files: 20_002 });
  });
});
