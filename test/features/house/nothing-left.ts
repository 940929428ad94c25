import { expect } from "vitest";
import { leftovers } from "../../kit/leftovers.mjs";
import { processesWith } from "../../kit/processes.mjs";
import type { World } from "../world.ts";

/** Checks that the sessions of a world, all sealed, have left nothing on the host but their records. */
export async function expectNothingLeft(world: World): Promise<void> {
  expect(await leftoversOf(world)).toEqual([]);
  for (const { id } of await world.records()) expect(await processesWith(id)).toEqual([]);
}

async function leftoversOf(world: World): Promise<string[]> {
  const { sandbox, instance } = await world.daemon();
  const found = await leftovers(sandbox, instance);
  if (found.length === 0) return [];
  // Volumes do not tell whose they are, and one of another test is unused just before its container is made.
  const stillThere = await leftovers(sandbox, instance);
  return found.filter((line) => !line.startsWith("volume ") || stillThere.includes(line));
}
