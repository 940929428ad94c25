import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { inspectContainer, sessionContainersOf } from "../../kit/podman.mjs";
import { processesWith } from "../../kit/processes.mjs";
import type { World } from "../../kit/world.ts";
import type { Topic } from "./topic.ts";

/** Where the value of a variable of the daemon's environment must not show. */
export const CONFIDENTIAL: Topic = [
  {
    pattern: "what Podman tells about the container does not hold {string}",
    run: async (world, name: string) => {
      const { sandbox, instance } = await world.daemon();
      const [container] = await sessionContainersOf(sandbox.containers, instance);
      if (container === undefined) throw new Error("the session has no container");
      const told = JSON.stringify(await inspectContainer(sandbox.containers, container.Id));
      // What is not a secret is there, so this is the right place to look.
      expect(told).toContain("AGENTD_PROFILE=");
      expect(told).not.toContain(valueOf(world, name));
    },
  },
  {
    pattern: "no command line on this host holds {string}",
    run: async (world, name: string) => expect(await processesWith(valueOf(world, name))).toEqual([]),
  },
  {
    pattern: "neither a file of agentd's nor its log holds {string}",
    run: async (world, name: string) => {
      const { sandbox, instance, daemon } = await world.daemon();
      const value = valueOf(world, name);
      expect(daemon.log).not.toContain(value);
      const files = [
        ...(await filesBelow(sandbox.directory)),
        ...(await filesBelow(sandbox.runtimeDirectory(instance))),
      ];
      expect(files.some((path) => path.endsWith("console.log"))).toBe(true);
      for (const path of files) expect((await readFile(path)).includes(value), path).toBe(false);
    },
  },
];

function valueOf(world: World, name: string): string {
  const value = world.variables[name];
  if (value === undefined || value === "") throw new Error(`the scenario gave ${name} no value`);
  return value;
}

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}
