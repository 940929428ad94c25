import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { until } from "../../kit/until.mjs";
import type { World } from "../../kit/world.ts";
import type { Topic } from "./topic.ts";

/** Sessions that begin because others have ended. */
export const TRIGGERS: Topic = [
  {
    pattern: "a second session starts by itself and is sealed",
    run: async (world) => {
      await until("a second session", async () => (await world.records()).length >= 2);
      const [, second] = await world.records();
      await world.reaches(second!, "sealed");
    },
  },
  {
    pattern: "its record names the first session as {string}",
    run: async (world, field: string) => {
      const [first, second] = await world.records();
      expect(await second!.document()).toMatchObject({ [field]: first!.id });
    },
  },
  {
    pattern: "no third one follows",
    run: async (world) => {
      await until("the end of what is owed", async () => (await owed(world)).length === 0);
      expect(await world.records()).toHaveLength(2);
    },
  },
];

async function owed(world: World): Promise<string[]> {
  const { sandbox } = await world.daemon();
  return await readdir(join(sandbox.stateDirectory, "followups"));
}
