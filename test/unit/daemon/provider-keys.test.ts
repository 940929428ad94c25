import { expect, it } from "vitest";
import { ProviderKeys } from "../../../src/daemon/provider-keys.ts";
import type { Llm, Provider } from "../../../src/profile/profile.ts";

function llm(...providers: Provider[]): Llm {
  return {
    ...{ providers, prices: [], models: [], hosted: [] },
    ...{ onExhausted: "stop", exact: true, maxParallelRequests: 8 },
  };
}

const PROVIDER: Provider = { name: "p", dialect: "openai", baseUrl: "http://one", keySource: "KEY" };
const MOVED: Provider = { ...PROVIDER, baseUrl: "http://two", keySource: "OTHER" };

function keysOf(variables: Record<string, string | undefined>) {
  return new ProviderKeys({ keyOf: ({ keySource }) => variables[keySource] });
}

it("are given once more when they have changed, to the address that they are for", () => {
  const variables: Record<string, string | undefined> = { KEY: "one", OTHER: "two" };
  const keys = keysOf(variables);
  keys.note("a", llm(PROVIDER));
  keys.note("b", llm(MOVED));
  expect(keys.changed()).toEqual([]);
  variables["KEY"] = "fresh";
  expect(keys.changed()).toEqual([{ provider: "p", base_url: "http://one", key: "fresh" }]);
  expect(keys.changed()).toEqual([]);
});

it("stay as they are when the variable is gone, and when no session has the provider any more", () => {
  const variables: Record<string, string | undefined> = { KEY: "one" };
  const keys = keysOf(variables);
  keys.note("a", llm(PROVIDER));
  delete variables["KEY"];
  expect(keys.changed()).toEqual([]);
  variables["KEY"] = "fresh";
  keys.forget("a");
  expect(keys.changed()).toEqual([]);
});
