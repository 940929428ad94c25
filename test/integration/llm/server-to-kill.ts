/** A session's language models in a process of their own, so that a test can kill it: `node x.cjs DIRECTORY UPSTREAM`. */
import { createServer } from "node:net";
import { join } from "node:path";
import { createDispatcher } from "../../../src/llm/server/dispatcher.ts";
import { openLlm } from "../../../src/llm/server/open-llm.ts";
import { identifyProcess } from "../../../src/process-identity.ts";
import { listening } from "../gateway/in-process-proxy.ts";

async function main(): Promise<void> {
  const [directory = "", baseUrl = "", token = ""] = process.argv.slice(2);
  const self = await identifyProcess(process.pid);
  if (self === undefined) throw new Error("/proc does not show this process");
  const server = await openLlm(
    {
      session: "abc",
      token,
      ledgerPath: join(directory, "llm.jsonl"),
      dayDirectory: join(directory, "days"),
      timeZone: "UTC",
      providers: (["openai", "anthropic", "gemini"] as const).map((dialect) => {
        return { name: dialect, dialect, baseUrl, key: "sk-real-0123456789" };
      }),
      models: [],
      limits: {
        profile: "writer",
        usdNano: 1e14,
        usdPerDayNano: 1e14,
        tokens: undefined,
        requests: undefined,
        outputTokens: undefined,
        parallel: 64,
      },
      onExhausted: "stop",
      exact: true,
      hosted: [],
      prices: [{ model: "test-*", input: 1, output: 10, max_output: 8_000, context: 200_000 }],
    },
    { dispatcher: createDispatcher({}), now: Date.now, clock: () => performance.now(), self },
  );
  const holder = createServer();
  const port = await listening(holder);
  await server.listen((holder as unknown as { _handle: unknown })._handle);
  process.stdout.write(`${port}\n`);
  process.stdin.resume().once("end", () => void server.close().then(() => (process.exitCode = 0)));
}

void main();
