/** A scripted model that works with agentd's MCP server: it starts a session, follows and reads it, and stops another. */
import { type ChatCompletionRequest, type FixtureResponse, LLMock } from "@copilotkit/aimock";
import { standBetween } from "./in-between.ts";

/** The profile that the server is for, and one that it is not for. */
export const ALLOWED = "site-builder";
export const NOT_ALLOWED = "deployer";
export const LAST_WORDS = "One session is done, and the other one is stopped.";

/** What the model was answered, in the order of the script. */
export const STEPS = ["list", "run", "wait", "log", "stop", "stopped", "refused"] as const;
export type Step = (typeof STEPS)[number];

export interface McpScript {
  readonly url: string;
  /** What its tools answered, as the client passed it on. */
  readonly answers: () => Readonly<Partial<Record<Step, string>>>;
  close(): Promise<void>;
}

/**
 * Starts the model.
 *
 * @param prefix of the tools' names, as the client offers them.
 * @param namespace of calls, for a client that keeps the tools of a server in one; the mock knows none.
 */
export async function startMcpScript({
  prefix,
  namespace,
}: {
  readonly prefix: string;
  readonly namespace?: string;
}): Promise<McpScript> {
  const mock = new LLMock({ port: 0 });
  let answers: Partial<Record<Step, string>> = {};
  mock.on({ predicate: () => true }, (asked) => {
    // Titles of sessions and the like.
    if ((asked.tools ?? []).length === 0) return { content: "Sessions" };
    const said = answersIn(asked);
    answers = Object.fromEntries(STEPS.slice(0, said.length).map((step, at) => [step, said[at]]));
    return nextCall(answers, prefix);
  });
  await mock.start();
  const between = await standBetween(
    mock.url,
    namespace === undefined
      ? {}
      : {
          rewrite: (text) =>
            text.replaceAll('"type":"function_call",', `"type":"function_call","namespace":"${namespace}",`),
        },
  );
  return {
    url: between.url,
    answers: () => answers,
    close: async () => {
      between.close();
      await mock.stop();
    },
  };
}

function answersIn({ messages }: ChatCompletionRequest): string[] {
  return messages
    .filter(({ role }) => role === "tool")
    .map(({ content }) => (typeof content === "string" ? content : JSON.stringify(content)));
}

function nextCall(answers: Partial<Record<Step, string>>, prefix: string): FixtureResponse {
  const call = (tool: string, input: object): FixtureResponse => ({
    content: "I go on.",
    toolCalls: [
      {
        id: `call_${tool}_${Object.keys(answers).length}`,
        name: `${prefix}${tool}`,
        arguments: JSON.stringify(input),
      },
    ],
  });
  const [mine, other] = [sessionIn(answers.run), sessionIn(answers.list)];
  switch (STEPS[Object.keys(answers).length]) {
    case "list":
      return call("list_sessions", {});
    case "run":
      return call("run_session", {
        profile: ALLOWED,
        request: "Say hello",
        idempotency_key: "key-of-this-script",
      });
    case "wait":
      return call("wait_session", { session: mine });
    case "log":
      return call("get_log", { session: mine });
    case "stop":
      return call("stop_session", { session: other });
    case "stopped":
      return call("wait_session", { session: other });
    case "refused":
      return call("run_session", { profile: NOT_ALLOWED });
    default:
      return { content: LAST_WORDS };
  }
}

/** The id of the first session in an answer: JSON, or JSON as a string in JSON. */
function sessionIn(answer = ""): string {
  return /session_id\\?":\s*\\?"([0-9a-f]+)/.exec(answer)?.[1] ?? "none";
}
