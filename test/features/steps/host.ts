import { lstat, mkdir, readFile, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect } from "vitest";
import { writeFiles } from "../../kit/files.mjs";
import type { World } from "../../kit/world.ts";
import type { Topic } from "./topic.ts";

/** Files of the host, below the directory that scenarios call HERE. */
export const HOST: Topic = [
  {
    pattern: "the host has the file {string} with {string}",
    run: (world, path: string, content: string) => writeFiles("/", { [world.here(path)]: content }),
  },
  {
    pattern: "the host has the file {string} with:",
    run: (world, path: string, content: string) => writeFiles("/", { [world.here(path)]: content }),
  },
  {
    pattern: "the host has the empty directory {string}",
    run: (world, path: string) => mkdir(world.here(path), { recursive: true }),
  },
  {
    pattern: "{string} is a link to the daemon's home",
    run: async (world, path: string) => symlink(await homeOfDaemon(world), world.here(path)),
  },
  {
    pattern: "the file {string} of the host holds:",
    run: async (world, path: string, text: string) =>
      expect(await readFile(world.here(path), "utf8")).toBe(text),
  },
  {
    pattern: "the file {string} of the host holds {string}",
    run: async (world, path: string, text: string) =>
      expect(await readFile(world.here(path), "utf8")).toBe(text),
  },
  {
    pattern: "{string} and its directory belong to the daemon's user",
    run: async (world, path: string) => {
      const owners = await Promise.all(
        [path, dirname(path)].map(async (each) => (await lstat(world.here(each))).uid),
      );
      expect(owners).toEqual([process.getuid?.(), process.getuid?.()]);
    },
  },
];

async function homeOfDaemon(world: World): Promise<string> {
  return join((await world.daemon()).sandbox.directory, "home");
}
