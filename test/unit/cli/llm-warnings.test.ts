import { expect, it } from "vitest";
import { llmWarnings } from "../../../src/cli/words/llm-warnings.ts";
import type { Llm, Provider } from "../../../src/profile/profile.ts";

const OPENAI: Provider = {
  name: "own",
  dialect: "openai",
  baseUrl: "http://10.0.0.5:8080",
  keySource: "OWN_KEY",
};

function llm(...providers: Provider[]): Llm {
  return {
    ...{ providers, prices: [], models: [], hosted: [] },
    ...{ onExhausted: "stop", exact: true, maxParallelRequests: 8 },
  };
}

it("warns of a provider's key among the credentials, of a doubled /v1 and of variables that are replaced", async () => {
  const profile = {
    llm: llm({ ...OPENAI, baseUrl: "http://10.0.0.5:8080/v1" }),
    credentials: [
      { name: "OPENAI_API_KEY", source: "OWN_KEY" },
      { name: "OTHER", source: "OTHER" },
    ],
    env: { OPENAI_BASE_URL: "http://elsewhere.example", ANTHROPIC_BASE_URL: "http://elsewhere.example" },
  };
  expect(await llmWarnings(profile)).toEqual([
    expect.stringContaining('OPENAI_API_KEY gives sessions the key of the provider "own"'),
    expect.stringContaining("ends in /v1"),
    expect.stringContaining("env.OPENAI_BASE_URL replaces"),
  ]);
});

it("says nothing of a profile without language models, and of one that is fine", async () => {
  const credentials = [{ name: "OPENAI_API_KEY", source: "OWN_KEY" }];
  expect(await llmWarnings({ llm: undefined, credentials, env: {} })).toEqual([]);
  expect(await llmWarnings({ llm: llm(OPENAI), credentials: [], env: { OPENAI: "x" } })).toEqual([]);
});
