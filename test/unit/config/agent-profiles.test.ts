import { describe, expect, it } from "vitest";
import type { AgentDefinition } from "../../../src/config/agent-definition.ts";
import { completeProfile } from "../../../src/config/agent-profiles.ts";
import { agentWarnings } from "../../../src/config/agent-warnings.ts";

const AGENT: AgentDefinition = {
  name: "robot",
  file: "/agents/robot.toml",
  description: "A robot",
  dialect: "openai",
  leastTimeout: "5m",
  image: undefined,
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

describe("the warnings about such a profile", () => {
  const fine = { timeoutMs: 3_600_000, network: "allowlist", allow: ["api.example.org"] } as const;

  it("are none where it follows the definition", () => {
    expect(agentWarnings(fine, AGENT)).toEqual([]);
    expect(agentWarnings({ ...fine, allow: ["*"] }, AGENT)).toEqual([]);
    expect(agentWarnings({ ...fine, allow: [{ host: "api.example.org" }] }, AGENT)).toEqual([]);
    expect(agentWarnings({ timeoutMs: undefined, network: "private", allow: [] }, AGENT)).toEqual([]);
  });

  it("name a timeout that is too short, and a host that is missing", () => {
    expect(agentWarnings({ timeoutMs: 60_000, network: "allowlist", allow: ["github.com"] }, AGENT)).toEqual([
      "timeout is shorter than 5m, which robot needs to get past an outage of its model",
      "allow lacks api.example.org, which robot needs",
    ]);
  });
});
