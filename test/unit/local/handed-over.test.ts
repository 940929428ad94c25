import { expect, it } from "vitest";
import { handedOver, payloadOf } from "../../../src/local/handed-over.ts";
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

it("has what differs between the sessions of a profile, besides the secrets, and the command", async () => {
  const run = (changes: Partial<CommandOfJob>): CommandOfJob =>
    ({
      ...{ sessionId: "0123456789abcdef", workUnit: null, env: { LANG: "C" }, input: undefined },
      command: () => Promise.resolve(["make", "site"]),
      ...changes,
    }) as unknown as CommandOfJob;
  const through = async (changes: Partial<CommandOfJob>) => {
    const { variables, command } = await payloadOf(run(changes), new Map([["TOKEN", "secret"]]));
    expect(command).toEqual(["make", "site"]);
    return Object.fromEntries(variables);
  };
  const always = { LANG: "C", AGENTD_SESSION_ID: "0123456789abcdef", TOKEN: "secret" };
  expect(await through({})).toEqual(always);
  expect(await through({ workUnit: "issue-42" })).toEqual({ ...always, AGENTD_WORK_UNIT: "issue-42" });
  const file = { AGENTD_REQUEST_FILE: "/agentd/input/request.txt" };
  const input = (request: string | undefined) => ({
    directory: "/record/agentd/input",
    hasRequest: true,
    inlineRequest: () => Promise.resolve(request),
  });
  expect(await through({ input: input("Do it") })).toEqual({ ...always, ...file, AGENTD_REQUEST: "Do it" });
  expect(await through({ input: input(undefined) })).toEqual({ ...always, ...file });
});
