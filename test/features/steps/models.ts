import { expect } from "vitest";
import { provideModels } from "../../kit/house/provider.ts";
import { type ModelServer, PRICE } from "../../kit/model-server.ts";
import type { World } from "../../kit/world.ts";
import type { Topic } from "./topic.ts";

/** The providers of scenarios. */
const SERVERS = new WeakMap<World, ModelServer>();

/** A provider of language models on this host, and what the operator does about it. */
export const MODELS: Topic = [
  {
    pattern: "the provider {string} of the model {string}, which has a price",
    run: async (world, name: string, model: string) => {
      await provide(world, name, model);
      Object.assign(world.llmKeys, { prices: [{ ...PRICE, model }] });
    },
  },
  {
    pattern: "the provider {string} of the model {string}",
    run: (world, name: string, model: string) => provide(world, name, model),
  },
  {
    pattern: "the provider refuses its key from now on",
    run: (world) => serverOf(world).keys.clear(),
  },
  {
    pattern: "the provider has answered {int} requests",
    run: (world, count: number) => {
      const answers = [...serverOf(world).answered.values()];
      expect(answers.reduce((sum, each) => sum + each, 0)).toBe(count);
    },
  },
];

async function provide(world: World, name: string, model: string): Promise<void> {
  expect(model).toBe(PRICE.model);
  SERVERS.set(world, (await provideModels(world, { name, prices: [] })).server);
}

function serverOf(world: World): ModelServer {
  const server = SERVERS.get(world);
  if (server === undefined) throw new Error("the scenario has no provider of language models");
  return server;
}
