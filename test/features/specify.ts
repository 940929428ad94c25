import { join } from "node:path";
import { afterAll, beforeAll, describe, it, onTestFailed } from "vitest";
import { House } from "../kit/house/house.ts";
import { reachByHttps } from "../kit/house/web.ts";
import { World } from "../kit/world.ts";
import { Binder } from "./binder/binding.ts";
import { readFeature } from "./binder/feature-file.ts";
import { runScenario } from "./binder/run-scenario.ts";
import { FEATURES_DIRECTORY } from "./features-directory.ts";
import { STEPS } from "./steps/all.ts";
import { PARAMETER_TYPES } from "./steps/parameter-types.ts";

/**
 * Makes a test of every scenario of a feature file. They run one after the other and share their daemons.
 *
 * @param over how the operator's commands reach the daemon; default: by its socket.
 */
export function specify(
  file: string,
  { over = "socket" }: { readonly over?: "socket" | "https" } = {},
): void {
  const feature = readFeature(join(FEATURES_DIRECTORY, file));
  const binder = new Binder(STEPS, PARAMETER_TYPES);

  describe(over === "socket" ? feature.name : `${feature.name}, over ${over}`, () => {
    let house: House;
    beforeAll(async () => {
      house = await House.open();
    });
    afterAll(() => house.close());

    for (const scenario of feature.scenarios) {
      it(scenario.name, async () => {
        const world = await World.open(house);
        onTestFailed(() => console.error(world.story()));
        if (over === "https") await reachByHttps(world);
        try {
          await runScenario(scenario, binder, world);
        } finally {
          await world.close();
        }
      });
    }
  });
}
