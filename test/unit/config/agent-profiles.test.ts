import { describe, expect, it } from "vitest";
import type { AgentDefinition } from "../../../src/config/agent-definition.ts";
import { completeProfile } from "../../../src/config/agent-profiles.ts";
import { agentWarnings } from "../../../src/config/agent-warnings.ts";
import { profileDocumentSchema } from "../../../src/profile/document.ts";
import { type Profile, toProfile } from "../../../src/profile/profile.ts";

const AGENT: AgentDefinition = {
  name: "robot",
  file: "/agents/robot.toml",
  description: "A robot",
  dialect: "openai",
  leastTimeout: "5m",
  skills: undefined,
  mcp: undefined,
  image: undefined,
  withLlm: {},
  profile: {
    base_image: "robot:1",
    pull: "never",
    command: ["robot", "$AGENTD_REQUEST"],
    timeout: "1h",
    network: "allowlist",
    allow: ["api.example.org"],
    env: { ROBOT_COLOUR: "red", ROBOT_UPDATE: "0" },
    credentials: [{ name: "ROBOT_KEY", source: "ROBOT_KEY" }],
    files: [
      { target: "~/.robot/a", content: "a" },
      { target: "~/.robot/b", source: "b.txt" },
    ],
  },
};

describe("a profile that names an agent", () => {
  it("gets every key that it leaves out", () => {
    expect(completeProfile({ name: "x", agent: "robot" }, AGENT)).toMatchObject({
      name: "x",
      base_image: "robot:1",
      command: ["robot", "$AGENTD_REQUEST"],
      timeout: "1h",
      allow: ["api.example.org"],
    });
  });

  it("keeps what it says", () => {
    const own = { name: "x", agent: "robot", command: ["robot"], timeout: "2h", allow: ["a.example.org"] };
    expect(completeProfile(own, AGENT)).toMatchObject(own);
  });

  it("adds to the definition's variables, credentials and files, or replaces one of them", () => {
    const own = {
      env: { ROBOT_COLOUR: "blue", LANG: "C" },
      credentials: [
        { name: "ROBOT_KEY", source: "MY_KEY" },
        { name: "TOKEN", source: "TOKEN" },
      ],
      files: [{ target: "~/.robot/a", content: "mine" }],
    };
    expect(completeProfile(own, AGENT)).toMatchObject({
      env: { ROBOT_COLOUR: "blue", ROBOT_UPDATE: "0", LANG: "C" },
      credentials: own.credentials,
      files: [
        { target: "~/.robot/a", content: "mine" },
        { target: "~/.robot/b", source: "/agents/b.txt" },
      ],
    });
  });

  it("does not get the allowlist with another network", () => {
    expect(completeProfile({ network: "private" }, AGENT)).not.toHaveProperty("allow");
    expect(completeProfile({ network: "allowlist" }, AGENT)).toHaveProperty("allow");
  });

  it("does not get the pull policy of the agent's image for an image of its own", () => {
    expect(completeProfile({ base_image: "mine:1" }, AGENT)).not.toHaveProperty("pull");
    expect(completeProfile({ base_image: "mine:1", pull: "always" }, AGENT)).toHaveProperty("pull", "always");
  });

  it("has what the schema finds wrong with a key that has another type", () => {
    expect(completeProfile({ env: "x", files: {} }, AGENT)).toMatchObject({ env: "x", files: {} });
  });
});

describe("a profile with language models that names an agent", () => {
  const LLM = { providers: ["openai"] };
  const SPEAKER: AgentDefinition = {
    ...AGENT,
    profile: {
      ...AGENT.profile,
      allow: ["api.openai.com", "API.OPENAI.COM:443", { host: "api.anthropic.com" }, "api.example.org"],
      credentials: [
        { name: "CODEX_API_KEY", source: "OPENAI_API_KEY" },
        { name: "OPENAI_API_KEY", source: "OPENAI_API_KEY" },
        { name: "ANTHROPIC_API_KEY", source: "ANTHROPIC_API_KEY" },
        { name: "GEMINI_API_KEY", source: "GEMINI_API_KEY" },
        { name: "TOKEN", source: "TOKEN" },
      ],
    },
    withLlm: { env: { ROBOT_MODEL: "gateway" }, files: [{ target: "~/.robot/a", source: "gateway.txt" }] },
  };

  it("gets neither a provider's key nor its host", () => {
    expect(completeProfile({ llm: LLM }, SPEAKER)).toMatchObject({
      allow: ["api.example.org"],
      credentials: [{ name: "TOKEN", source: "TOKEN" }],
    });
    expect(completeProfile({}, SPEAKER)).toMatchObject({
      allow: SPEAKER.profile["allow"],
      credentials: SPEAKER.profile["credentials"],
    });
  });

  it("gets neither where its models come from the definition", () => {
    const withModels = { ...SPEAKER, profile: { ...SPEAKER.profile, llm: LLM } };
    expect(completeProfile({}, withModels)).toMatchObject({ llm: LLM, allow: ["api.example.org"] });
  });

  it("keeps the keys and hosts that it names itself", () => {
    const own = { allow: ["api.openai.com"], credentials: [{ name: "OPENAI_API_KEY", source: "MINE" }] };
    expect(completeProfile({ llm: LLM, ...own }, SPEAKER)).toMatchObject({
      allow: own.allow,
      credentials: [...own.credentials, { name: "TOKEN", source: "TOKEN" }],
    });
  });

  it("gets what the definition has for the gateway, before its other keys and after the profile's", () => {
    expect(completeProfile({ llm: LLM }, SPEAKER)).toMatchObject({
      env: { ROBOT_COLOUR: "red", ROBOT_UPDATE: "0", ROBOT_MODEL: "gateway" },
      files: [
        { target: "~/.robot/a", source: "/agents/gateway.txt" },
        { target: "~/.robot/b", source: "/agents/b.txt" },
      ],
    });
    expect(completeProfile({ llm: LLM, env: { ROBOT_MODEL: "mine" } }, SPEAKER)).toMatchObject({
      env: { ROBOT_MODEL: "mine" },
    });
    expect(completeProfile({}, SPEAKER)).toMatchObject({
      env: AGENT.profile["env"],
      files: [{ content: "a" }, { source: "/agents/b.txt" }],
    });
  });
});

describe("the warnings about such a profile", () => {
  const fine = {
    timeoutMs: 3_600_000,
    network: "allowlist",
    allow: ["api.example.org"],
    llm: undefined,
    mcpServers: [],
  } as const;

  it("are none where it follows the definition", () => {
    expect(agentWarnings(fine, AGENT)).toEqual([]);
    expect(agentWarnings({ ...fine, allow: ["*"] }, AGENT)).toEqual([]);
    expect(agentWarnings({ ...fine, allow: [{ host: "api.example.org" }] }, AGENT)).toEqual([]);
    expect(agentWarnings({ ...fine, timeoutMs: undefined, network: "private", allow: [] }, AGENT)).toEqual(
      [],
    );
  });

  it("name a timeout that is too short, and a host that is missing", () => {
    expect(agentWarnings({ ...fine, timeoutMs: 60_000, allow: ["github.com"] }, AGENT)).toEqual([
      "timeout is shorter than 5m, which robot needs to get past an outage of its model",
      "allow lacks api.example.org, which robot needs",
    ]);
  });

  it("name an MCP server that the allowlist does not open", () => {
    const at = (url: string) => ({ ...fine, mcpServers: [{ name: "wiki", url, env: {} }] });
    expect(agentWarnings(at("https://wiki.example.org/mcp"), AGENT)).toEqual([
      "allow lacks wiki.example.org, which the MCP server wiki is at",
    ]);
    expect(agentWarnings(at("http://api.example.org:8080/mcp"), AGENT)).toEqual([
      "allow lacks api.example.org:8080, which the MCP server wiki is at",
    ]);
    expect(agentWarnings(at("https://api.example.org/mcp"), AGENT)).toEqual([]);
    expect(
      agentWarnings({ ...at("https://wiki.example.org"), network: "private", allow: [] }, AGENT),
    ).toEqual([]);
  });

  it("name no host that the gateway reaches, and a dialect that it does not speak", () => {
    const speaker = { ...AGENT, profile: { ...AGENT.profile, allow: ["api.openai.com", "api.example.org"] } };
    expect(agentWarnings(fine, speaker)).toEqual(["allow lacks api.openai.com, which robot needs"]);
    expect(agentWarnings({ ...fine, llm: models("openai") }, speaker)).toEqual([]);
    expect(agentWarnings({ ...fine, llm: models("anthropic") }, speaker)).toEqual([
      'llm has no provider of the dialect "openai", which robot speaks',
    ]);
  });
});

function models(dialect: "openai" | "anthropic"): Profile["llm"] {
  const profile = profileDocumentSchema.parse({
    name: "x",
    base_image: "x",
    command: ["x"],
    llm: { providers: ["one"] },
  });
  const provider = { name: "one", dialect, base_url: undefined, key_source: "KEY" };
  return toProfile(profile, (path) => path, { providers: [provider], prices: [] }).llm;
}
