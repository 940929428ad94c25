import { expect, it } from "vitest";
import { handedOver } from "../../../src/local/handed-over.ts";
import type { LocalParts } from "../../../src/local/parts.ts";
import type { CommandOfJob } from "../../../src/sessions/port/executor.ts";

const ASKED: unknown[] = [];

const PARTS = {
  credentials: {
    resolve: () =>
      new Map([
        ["TOKEN", "secret"],
        ["GEMINI_API_KEY", "own"],
      ]),
    requireKeys: (providers: unknown) => void ASKED.push(providers),
  },
  network: {
    llmVariables: (sessionId: string) =>
      new Map([
        ["OPENAI_API_KEY", `token of ${sessionId}`],
        ["OPENAI_BASE_URL", "http://127.0.0.1:8790/v1"],
        ["CODEX_API_KEY", "token"],
        ["GEMINI_API_KEY", "token"],
      ]),
  },
} as unknown as LocalParts;

function job(llm: object | undefined): CommandOfJob {
  const profile = { credentials: [], env: { OPENAI_BASE_URL: "http://own" }, llm };
  return { sessionId: "1", profile, env: { CODEX_API_KEY: "x" } } as unknown as CommandOfJob;
}

it("is the credentials and, with language models, what the profile and the run do not set themselves", () => {
  expect([...handedOver(PARTS, job(undefined))]).toEqual([
    ["TOKEN", "secret"],
    ["GEMINI_API_KEY", "own"],
  ]);
  expect(ASKED).toEqual([]);
  expect(Object.fromEntries(handedOver(PARTS, job({ providers: ["p"] })))).toEqual({
    OPENAI_API_KEY: "token of 1",
    GEMINI_API_KEY: "own",
    TOKEN: "secret",
  });
  expect(ASKED).toEqual([["p"]]);
});
