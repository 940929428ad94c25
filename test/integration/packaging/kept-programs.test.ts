/** What `bin/agentd` keeps of a program for its next start never changes what runs. */
import { copyFile, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { beforeEach, expect, test } from "vitest";
import { AGENTD } from "../../kit/agentd.mjs";
import { temporaryDirectory } from "../../kit/record-fixture.ts";

let directory: string;

beforeEach(async () => {
  directory = await temporaryDirectory();
  await mkdir(join(directory, "bin"));
  await mkdir(join(directory, "dist"));
  await copyFile(AGENTD, join(directory, "bin", "agentd"));
  await writeFile(join(directory, "bin", "package.json"), '{"type":"commonjs"}');
});

/** Makes the program of every command one that prints a word. */
async function program(word: string): Promise<void> {
  const source = `exports.main = (process) => process.stdout.write(${JSON.stringify(word)});`;
  await writeFile(join(directory, "dist", "agentd.cjs"), source);
}

async function printed(env: Readonly<Record<string, string>> = { HOME: directory }): Promise<string> {
  const options = { env, extendEnv: false };
  const { stdout } = await execa(process.execPath, [join(directory, "bin", "agentd"), "show"], options);
  return stdout;
}

async function keptFile(): Promise<string> {
  const kept = join(directory, ".cache", "agentd", "compiled");
  const names = await readdir(kept);
  expect(names).toHaveLength(1);
  return join(kept, names[0] ?? "");
}

test("a program is kept where only its user can read it, and then used", async () => {
  await program("one");
  expect(await printed()).toBe("one");
  const file = await keptFile();
  const { mode, mtimeMs } = await stat(file);
  expect(mode & 0o777).toBe(0o600);
  expect(await printed()).toBe("one");
  expect((await stat(file)).mtimeMs).toBe(mtimeMs);
});

test("a program that was replaced by another of the same length runs as it is now", async () => {
  await program("one");
  await printed();
  await program("two");
  expect(await printed()).toBe("two");
  expect(await printed()).toBe("two");
});

test("a kept program that is damaged is made anew", async () => {
  await program("one");
  await printed();
  const file = await keptFile();
  const whole = await readFile(file);
  const source = await readFile(join(directory, "dist", "agentd.cjs"));
  for (const damaged of [
    Buffer.alloc(0),
    Buffer.alloc(whole.length),
    Buffer.concat([Buffer.alloc(300), source]),
  ]) {
    await writeFile(file, damaged);
    expect(await printed()).toBe("one");
    expect((await readFile(file)).length).toBeGreaterThan(source.length + 300);
  }
});

test("a user without a home, or with one that cannot be written, starts all the same", async () => {
  await program("one");
  expect(await printed({})).toBe("one");
  expect(await printed({ HOME: "/proc" })).toBe("one");
});

test("a command with a program of its own starts that from a kept one, too", async () => {
  for (const start of ["first", "second"]) {
    const options = { env: { HOME: directory }, extendEnv: false, input: "" };
    const { stderr } = await execa(process.execPath, [AGENTD, "mcp", "--all-profiles"], options);
    expect(stderr, start).toBe("");
  }
});
