import { expect } from "vitest";
import { leftovers } from "../../kit/leftovers.mjs";
import { processesWith } from "../../kit/processes.mjs";
import type { World } from "../world.ts";

/** Checks that the sessions of a world, all sealed, have left nothing on the host but their records. */
export async function expectNothingLeft(world: World): Promise<void> {
  const { sandbox, instance } = await world.daemon();
  expect(await leftovers(sandbox, instance)).toEqual([]);
  for (const { id } of await world.records()) expect(await processesWith(id)).toEqual([]);
}
