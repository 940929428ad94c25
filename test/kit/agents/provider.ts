/** A mock of the providers that others maintain, with answers that make an agent do a task. */
import { type ChatCompletionRequest, type FixtureResponse, LLMock } from "@copilotkit/aimock";
import { standBetween } from "./in-between.ts";
import type { Tools } from "./tools.ts";

/** What the task leaves in the repository. */
export const WRITTEN = { path: "greeting.txt", content: "good morning\n", message: "Add a greeting" };
/** Answers that the task takes. */
export const TURNS = 5;
/** What each of them says that it used. */
const OUTPUT_TOKENS = 20_000;
/** Dollars for a million tokens, as `[[llm.prices]]` has them. Input costs next to nothing: agents differ in it. */
export const PRICE = { model: "*", input: "0.001", output: "1" };
/** Dollars for three answers and less than a fourth. */
export const THREE_ANSWERS = 0.061;

export interface Provider {
  readonly url: string;
  /** All requests so far, as they came: what the model was told, and its tools. */
  readonly requests: () => string;
  close(): Promise<void>;
}

export interface Script {
  /** What the agent offers its models. */
  readonly tools: Tools;
  /** The only key that the provider accepts. */
  readonly key: string;
  /** The shell command that the task begins with. */
  readonly lookAround: string;
  /** Is called, and awaited, before the last answer. */
  readonly onLastTurn: () => Promise<void>;
}

export async function startProvider(script: Script): Promise<Provider> {
  const mock = new LLMock({ port: 0, auth: { apiKeys: [script.key] } });
  mock.on({ predicate: () => true }, async (asked) => {
    // Titles of sessions and the like.
    if (!hasTools(asked)) return { content: "A greeting", ...used(10) };
    const turn = asked.messages.filter(({ role }) => role === "tool").length;
    if (turn === TURNS - 1) await script.onLastTurn();
    return { ...answerOf(script, turn, repositoryIn(asked)), ...used(OUTPUT_TOKENS) };
  });
  await mock.start();
  // The mock leaves out parts of requests that it does not know.
  const requests: string[] = [];
  const between = await standBetween(mock.url, { onRequest: (body) => void requests.push(body) });
  return {
    url: between.url,
    requests: () => requests.join("\n"),
    close: async () => {
      between.close();
      await mock.stop();
    },
  };
}

/** Some tools want absolute paths; the task says where the repository is. */
function repositoryIn(request: ChatCompletionRequest): string {
  const [path] = /\/home\/[\w-]+\/repo/.exec(JSON.stringify(request.messages)) ?? [];
  if (path === undefined) throw new Error("the task is not in the request");
  return path;
}

function hasTools({ tools }: ChatCompletionRequest): boolean {
  return tools !== undefined && tools.length > 0;
}

function answerOf(
  { tools: { shell, write }, lookAround }: Script,
  turn: number,
  repository: string,
): FixtureResponse {
  const { path, content, message } = WRITTEN;
  const call = (tool: string, input: object): FixtureResponse => ({
    content: "I go on.",
    reasoning: "The next step is clear.",
    toolCalls: [{ id: `call_${turn}`, name: tool, arguments: JSON.stringify(input) }],
  });
  const run = (command: string) => call(shell.name, shell.input(command));
  switch (turn) {
    case 0:
      return run(lookAround);
    case 1:
      return write === undefined
        ? run(`printf '${content.replace("\n", "\\n")}' > ${path}`)
        : call(write.name, write.input(`${repository}/${path}`, content));
    case 2:
      return run(`git add ${path} && git commit -m '${message}'`);
    case 3:
      return run("git log --oneline");
    default:
      return { content: "The greeting is committed." };
  }
}

/** In the words of every dialect. */
function used(output: number): FixtureResponse {
  return {
    usage: {
      input_tokens: 1_000,
      output_tokens: output,
      promptTokenCount: 1_000,
      candidatesTokenCount: output,
    },
  };
}
