import { onTestFinished } from "vitest";
import { type ModelServer, PRICE, startModelServer } from "../model-server.ts";
import { makeSecret } from "../secrets.mjs";
import type { World } from "../world.ts";

/** A provider of language models that a world's configuration names, and the key that only its daemon has. */
export interface Provider {
  readonly key: string;
  readonly server: ModelServer;
}

/**
 * Starts a provider and names it in the configuration, with a price; before the world's daemon starts. It ends with the
 * test.
 */
export async function provideModels(
  world: World,
  { name = "test", prices = [PRICE] }: { name?: string; prices?: (typeof PRICE)[] } = {},
): Promise<Provider> {
  const key = makeSecret();
  const server = await startModelServer(key);
  onTestFinished(() => server.close());
  world.variables["PROVIDER_KEY"] = key;
  Object.assign(world.llmKeys, {
    providers: [{ name, dialect: "anthropic", base_url: server.url, key_source: "PROVIDER_KEY" }],
    ...(prices.length === 0 ? {} : { prices }),
  });
  return { key, server };
}
