import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findProfile } from "../../../src/config/config.ts";
import { ConfigFile, PROFILE } from "../../kit/config-under-test.ts";

let file: ConfigFile;
beforeEach(async () => {
  file = await ConfigFile.create();
});
afterEach(async () => {
  await file.remove();
});

const PROVIDERS = `
[[llm.providers]]
name = "anthropic"
dialect = "anthropic"
key_source = "ANTHROPIC_KEY"

[[llm.providers]]
name = "own"
dialect = "openai"
base_url = "http://10.0.0.5:8080/llm/"
key_source = "OWN_KEY"
`;

const PRICES = `
[[llm.prices]]
provider = "own"
model = "qwen3-*"
input = 0.1
output = "0.4"

[[llm.prices]]
provider = "anthropic"
model = "claude-next"
input = 1
output = 2
max_output = 1000

[[llm.prices]]
model = "everywhere"
input = 1
output = 2
`;

describe("language models of a profile", () => {
  it("have these defaults", async () => {
    const config = await file.load(`${PROVIDERS}${PROFILE}llm = { providers = ["anthropic"] }`);
    expect(findProfile(config, "demo")).toMatchObject({
      network: "allowlist",
      allow: [],
      timeoutMs: undefined,
      llm: {
        providers: [
          {
            name: "anthropic",
            dialect: "anthropic",
            baseUrl: "https://api.anthropic.com",
            keySource: "ANTHROPIC_KEY",
          },
        ],
        prices: [],
        models: [],
        onExhausted: "stop",
        exact: true,
        hosted: [],
        maxParallelRequests: 8,
      },
    });
  });

  it("have all of what is written, with amounts in nano-dollars and the prices that can apply", async () => {
    const config = await file.load(`${PROVIDERS}${PRICES}${PROFILE}network = "private"
      [profiles.llm]
      providers = ["own"]
      models = ["qwen3-*", "org/model:free"]
      max_usd = 0.29
      max_tokens = 2_000_000
      max_requests = 500
      max_output_tokens = 32_000
      max_usd_per_day = 40
      on_exhausted = "refuse"
      exact = false
      hosted = ["web_search"]
      max_parallel_requests = 1
    `);
    expect(findProfile(config, "demo")).toMatchObject({
      network: "private",
      llm: {
        providers: [
          { name: "own", dialect: "openai", baseUrl: "http://10.0.0.5:8080/llm", keySource: "OWN_KEY" },
        ],
        prices: [
          { provider: "own", model: "qwen3-*", input: "0.1", output: "0.4" },
          { model: "everywhere", input: "1", output: "2" },
        ],
        models: ["qwen3-*", "org/model:free"],
        maxUsdNano: 290_000_000,
        maxTokens: 2_000_000,
        maxRequests: 500,
        maxOutputTokens: 32_000,
        maxUsdPerDayNano: 40_000_000_000,
        onExhausted: "refuse",
        exact: false,
        hosted: ["web_search"],
        maxParallelRequests: 1,
      },
    });
    expect(config.llm.providers.map(({ name }) => name)).toEqual(["anthropic", "own"]);
  });

  it("may come with an allowlist that the profile does not name as its network", async () => {
    const config = await file.load(
      `${PROVIDERS}${PROFILE}allow = ["github.com"]\nllm = { providers = ["own"] }`,
    );
    expect(findProfile(config, "demo")).toMatchObject({ network: "allowlist", allow: ["github.com"] });
  });

  it.each(["host", "none"])("are refused with network = %j", async (network) => {
    const problems = await file.problems(
      `${PROVIDERS}${PROFILE}network = "${network}"\nllm = { providers = ["own"] }`,
    );
    expect(problems).toMatchObject([
      { path: "profiles[0].llm", rule: `needs network = "allowlist" or "private", and not "${network}"` },
    ]);
  });

  it("name only providers that are declared", async () => {
    expect(
      await file.problems(`${PROVIDERS}${PROFILE}llm = { providers = ["own", "opneai"] }`),
    ).toMatchObject([
      {
        path: "profiles[0].llm.providers[1]",
        rule: 'must be the name of one of [[llm.providers]]; declared are "anthropic", "own"',
      },
    ]);
    expect(await file.problems(`${PROFILE}llm = { providers = ["own"] }`)).toMatchObject([
      { rule: "must be the name of one of [[llm.providers]]; no [[llm.providers]] is declared" },
    ]);
  });

  it.each([
    ["providers = []", "providers", "at least one"],
    ['providers = ["own", "own"]', "providers[1]", "named twice"],
    ['providers = ["own"]\nmodels = ["a b"]', "models[0]", "the name of a model"],
    ['providers = ["own"]\nmax_usd = 0', "max_usd", "a number of dollars"],
    ['providers = ["own"]\nmax_usd = 0.0000000001', "max_usd", "nine digits"],
    ['providers = ["own"]\nmax_usd_per_day = 1e9', "max_usd_per_day", "a number of dollars"],
    ['providers = ["own"]\nmax_tokens = 0', "max_tokens", "at least 1"],
    ['providers = ["own"]\nmax_requests = 1.5', "max_requests", "whole number"],
    ['providers = ["own"]\nmax_output_tokens = -1', "max_output_tokens", "at least 1"],
    ['providers = ["own"]\non_exhausted = "end"', "on_exhausted", '"stop", "refuse"'],
    ['providers = ["own"]\nhosted = [""]', "hosted[0]", "the name of a tool"],
    ['providers = ["own"]\nmax_parallel_requests = 0', "max_parallel_requests", "from 1 to 256"],
    ['providers = ["own"]\nmodel = ["x"]', "model", 'did you mean "models"?'],
  ])("are refused with %j", async (keys, path, rule) => {
    expect(await file.problems(`${PROVIDERS}${PROFILE}[profiles.llm]\n${keys}`)).toMatchObject([
      { path: `profiles[0].llm.${path}`, rule: expect.stringContaining(rule) },
    ]);
  });
});

describe("a provider", () => {
  const provider = (keys: string): string => `[[llm.providers]]\n${keys}\n${PROFILE}`;

  it.each(["v1", "v1beta", "agentd", "api"])(
    "is not called %s: the gateway has a path of that name",
    async (name) => {
      const problems = await file.problems(
        provider(`name = "${name}"\ndialect = "openai"\nkey_source = "KEY"`),
      );
      expect(problems).toMatchObject([
        { path: "llm.providers[0].name", rule: "must not be one of v1, v1beta, agentd, api" },
      ]);
    },
  );

  it.each([
    ['name = "A"\ndialect = "openai"\nkey_source = "K"', "name", "starting with a letter"],
    ['name = "a"\ndialect = "cohere"\nkey_source = "K"', "dialect", "must be one of"],
    ['name = "a"\ndialect = "openai"', "key_source", "is required"],
    [
      'name = "a"\ndialect = "openai"\nkey_source = "sk-1"',
      "key_source",
      "the name of an environment variable",
    ],
    [
      'name = "a"\ndialect = "openai"\nkey_source = "K"\nbase_url = "api.x"',
      "base_url",
      "must be an address",
    ],
    [
      'name = "a"\ndialect = "openai"\nkey_source = "K"\nbase_url = "ftp://x"',
      "base_url",
      "must be an address",
    ],
    [
      'name = "a"\ndialect = "openai"\nkey_source = "K"\nbase_url = "https://u:p@x"',
      "base_url",
      "a user or password",
    ],
    ['name = "a"\ndialect = "openai"\nkey_source = "K"\nbase_url = "https://x?k=v"', "base_url", "a query"],
  ])("is refused with %j", async (keys, path, rule) => {
    expect(await file.problems(provider(keys))).toMatchObject([
      { path: `llm.providers[0].${path}`, rule: expect.stringContaining(rule) },
    ]);
  });

  it("shows nobody what may be a key that was put in the place of its name", async () => {
    const problems = await file.problems(provider('name = "a"\ndialect = "openai"\nkey_source = "sk-ant-1"'));
    expect(JSON.stringify(problems)).not.toContain("sk-ant-1");
  });

  it("has a name of its own", async () => {
    expect(await file.problems(`${PROVIDERS}${PROVIDERS}${PROFILE}`)).toMatchObject([
      { path: "llm.providers[2].name", rule: "another provider already has this name" },
      { path: "llm.providers[3].name" },
    ]);
  });
});

describe("a price", () => {
  it.each([
    ['model = "m"\ninput = 1', "output", "is required"],
    ['model = "m"\ninput = -1\noutput = 1', "input", "dollars per million tokens"],
    ['model = "m m"\ninput = 1\noutput = 1', "model", "the name of a model"],
    ['model = "m"\ninput = 1\noutput = 1\nprovider = "x"', "provider", "one of [[llm.providers]]"],
    ['model = "m"\ninput = 1\noutput = 1\nmax_output = 0', "max_output", ""],
  ])("is refused with %j", async (keys, path, rule) => {
    expect(await file.problems(`${PROVIDERS}[[llm.prices]]\n${keys}\n${PROFILE}`)).toMatchObject([
      { path: `llm.prices[0].${path}`, rule: expect.stringContaining(rule) },
    ]);
  });
});
