import { describe, expect, it } from "vitest";
import { resolveProviderKeys } from "../../../src/credentials/provider-keys.ts";
import { AgentdError } from "../../../src/errors.ts";

const FILE = "/home/operator/.config/agentd/credentials.env";
const providers = [
  { name: "anthropic", keySource: "ANTHROPIC_KEY" },
  { name: "spare", keySource: "ANTHROPIC_KEY" },
  { name: "openai", keySource: "OPENAI_KEY" },
];

function fault(current: Readonly<Record<string, string>>): AgentdError {
  try {
    resolveProviderKeys(providers, { current, file: FILE });
  } catch (error) {
    if (error instanceof AgentdError) return error;
    throw error;
  }
  throw new Error("the keys were resolved");
}

describe("the keys of providers", () => {
  it("are found by the names of the providers, of which two may share one", () => {
    const current = { ANTHROPIC_KEY: "sk-ant-1", OPENAI_KEY: "sk-2", OTHER: "sk-3" };
    expect([...resolveProviderKeys(providers, { current, file: FILE })]).toEqual([
      ["anthropic", "sk-ant-1"],
      ["spare", "sk-ant-1"],
      ["openai", "sk-2"],
    ]);
    expect(resolveProviderKeys([], { current: {}, file: FILE }).size).toBe(0);
  });

  it("that are missing or empty are all named at once, each variable once, with what to do", () => {
    const { code, message, next, details } = fault({ OPENAI_KEY: "" });
    expect(code).toBe("credential_unset");
    expect(message).toContain('the keys of the providers "anthropic", "spare", "openai"');
    expect(message).toContain(
      `not set in ${FILE}, nor in the daemon's environment: ANTHROPIC_KEY, OPENAI_KEY`,
    );
    expect(next).toContain(`Put ANTHROPIC_KEY=…, OPENAI_KEY=… into ${FILE}`);
    expect(details).toEqual({
      providers: providers.map(({ name, keySource }) => ({ name, source: keySource })),
    });
  });

  it("that one provider lacks are named as one", () => {
    const { message } = fault({ ANTHROPIC_KEY: "sk-ant-1" });
    expect(message).toContain('the key of the provider "openai"');
  });

  it.each(["sk-two\nlines", "sk with spaces", '"sk-quoted" ', "sk-ümlaut", "sk-\u007f"])(
    "that no request can carry are refused without being shown: %j",
    (key) => {
      const { code, message, next } = fault({ ANTHROPIC_KEY: "sk-ant-1", OPENAI_KEY: key });
      expect(code).toBe("credential_invalid");
      expect(message).toContain('the provider "openai"');
      expect(message).toContain("OPENAI_KEY");
      for (const shown of [message, next ?? ""]) expect(shown).not.toContain(key.slice(0, 5));
      expect(message).not.toContain("sk-ant-1");
    },
  );
});
