import { expect } from "vitest";
import { leftovers } from "../leftovers.mjs";
import { processesLeftOf } from "../processes.mjs";
import type { World } from "../world.ts";

/** Checks that the sessions of a world, all sealed, have left nothing on the host but their records. */
export async function expectNothingLeft(world: World): Promise<void> {
  const { sandbox, instance } = await world.daemon();
  expect(await leftovers(sandbox, instance)).toEqual([]);
  const ids = (await world.records()).map(({ id }) => id);
  expect(await processesLeftOf(ids)).toEqual([]);
}
