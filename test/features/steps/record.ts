import { appendFile, chmod, lstat, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { expect } from "vitest";
import type { Topic } from "./topic.ts";

/** What a sealed record holds, looked at as files. */
export const RECORD: Topic = [
  {
    pattern: "the file {string} of the record holds:",
    run: async (world, path: string, text: string) => {
      const record = await world.record();
      expect(await readFile(join(record.path, path), "utf8")).toBe(text);
    },
  },
  {
    pattern: "the file {string} of the record holds the value of {string}",
    run: async (world, path: string, name: string) => {
      const record = await world.record();
      const content = await readFile(join(record.path, path), "utf8");
      // Not toBe: that would print a value of 100 KB.
      expect(content.length).toBe(world.variables[name]?.length);
      expect(content === world.variables[name]).toBe(true);
    },
  },
  {
    pattern: "the record's session says:",
    run: async (world, text: string) => {
      const expected = JSON.parse(world.here(text)) as object;
      expect(await (await world.record()).document()).toMatchObject(expected);
    },
  },
  {
    pattern: "the record names the commit that {string} ends with",
    run: async (world, branch: string) => {
      const { commit } = await (await world.record()).document();
      expect(commit).toBe(await world.git("rev-parse", branch));
    },
  },
  {
    pattern: "the record's files have mode {word} and the directories of runa mode {word}",
    run: async (world, fileMode: string, directoryMode: string) => {
      const record = await world.record();
      const entries = (await record.entries()).filter(
        ({ path, isFile }) => isFile || path.startsWith("runa"),
      );
      expect(entries.map(({ path }) => path)).toEqual(
        expect.arrayContaining(["SHA256SUMS", "runa", "agentd/session.json", "agentd/console.log"]),
      );
      for (const { path, isFile } of entries) {
        const { mode } = await lstat(join(record.path, path));
        expect(`${path} 0${(mode & 0o7777).toString(8)}`).toBe(
          `${path} ${isFile ? fileMode : directoryMode}`,
        );
      }
    },
  },
  {
    pattern: "sha256sum accepts the record, and it covers every file",
    run: async (world) => {
      const record = await world.record();
      const { stdout } = await execa({ cwd: record.path })`sha256sum --check --strict SHA256SUMS`;
      const covered = stdout.split("\n").map((line) => line.replace(/: OK$/, ""));
      const files = (await record.entries()).filter(({ isFile }) => isFile).map(({ path }) => path);
      const seal = ["SHA256SUMS", "attestation.sigstore.json"];
      expect(files).toEqual(expect.arrayContaining(seal));
      expect(covered.sort()).toEqual(files.filter((path) => !seal.includes(path)).sort());
    },
  },
  {
    pattern: "the journal goes through {string}",
    run: async (world, states: string) =>
      expect((await (await world.record()).states()).join(", ")).toBe(states),
  },
  {
    pattern: "somebody alters a byte of {string} in the record",
    run: async (world, path: string) => {
      const file = join((await world.record()).path, path);
      const bytes = await readFile(file);
      // The last byte is a newline: a JSON document stays one.
      bytes[bytes.length - 1] = 0x20;
      await chmod(file, 0o600);
      await writeFile(file, bytes);
    },
  },
  {
    pattern: "somebody removes {string} in the record",
    run: async (world, path: string) => {
      world.spoilt = true;
      const file = join((await world.record()).path, path);
      await chmod(dirname(file), 0o700);
      await rm(file);
    },
  },
  {
    pattern: "somebody adds {string} in the record",
    run: async (world, path: string) => {
      const file = join((await world.record()).path, path);
      await chmod(dirname(file), 0o700);
      await appendFile(file, "forged\n");
    },
  },
  {
    pattern: "no file of the record is setuid, setgid or a hard link",
    run: async (world) => {
      const record = await world.record();
      const files = (await record.entries()).filter(({ isFile }) => isFile);
      expect(files.map(({ path }) => path)).toEqual(expect.arrayContaining(["runa/tool", "runa/twin"]));
      for (const { path } of files) {
        const { mode, nlink } = await lstat(join(record.path, path));
        expect({ path, special: mode & 0o6000, nlink }).toEqual({ path, special: 0, nlink: 1 });
      }
    },
  },
];
