import { onTestFailed } from "vitest";
import { House } from "../kit/house/house.ts";
import { World } from "../kit/world.ts";

/** Makes a test that has a world of its own, as a scenario has: a repository, a profile and, once needed, a daemon. */
export function inAWorld(test: (world: World) => Promise<void>): () => Promise<void> {
  return async () => {
    const house = await House.open();
    try {
      const world = await World.open(house);
      onTestFailed(() => console.error(world.story()));
      try {
        await test(world);
      } finally {
        await world.close();
      }
    } finally {
      await house.close();
    }
  };
}

/** The same, where containers wait for sessions, whatever the other tests have. */
export function inAWarmWorld(test: (world: World) => Promise<void>): () => Promise<void> {
  return inAWorld(async (world) => {
    world.daemonKeys["warm"] = "auto";
    await test(world);
  });
}
