/** The language models of one session on loopback, in the test's own process. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Limits } from "../../../src/llm/budget/limits.ts";
import { type LedgerLine, ledgerLine } from "../../../src/llm/ledger/ledger-line.ts";
import type { DialectName } from "../../../src/llm/prices/types.ts";
import type { Access } from "../../../src/llm/server/access.ts";
import { createDispatcher } from "../../../src/llm/server/dispatcher.ts";
import type { LlmServer } from "../../../src/llm/server/llm-server.ts";
import { openLlm } from "../../../src/llm/server/open-llm.ts";
import { PATIENCE, type Patience } from "../../../src/llm/server/patience.ts";
import { identifyProcess } from "../../../src/process-identity.ts";
import { listening } from "../gateway/in-process-proxy.ts";

export const TOKEN = "0f".repeat(32);
export const KEY = "sk-real-9f8e7d6c5b4a39281706f5e4d3c2b1a0";
/** Dollars per million tokens: 1,000 nano-dollars a token of input, 10,000 of output. */
export const PRICES = [{ model: "test-*", input: 1, output: 10, max_output: 8_000, context: 200_000 }];

export interface Options {
  readonly limits?: Partial<Limits>;
  readonly access?: Partial<Access>;
  readonly patience?: Partial<Patience>;
  readonly directory?: string;
  readonly now?: () => number;
  readonly environment?: Record<string, string>;
}

export interface ServerUnderTest {
  readonly server: LlmServer;
  readonly port: number;
  readonly url: string;
  readonly directory: string;
  readonly lines: () => Promise<LedgerLine[]>;
  readonly post: (path: string, body: unknown, headers?: Record<string, string>) => Promise<Response>;
}

export async function temporary(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "agentd-llm-"));
  onTestFinished(async () => rm(directory, { recursive: true, force: true }));
  return directory;
}

export async function startServer(upstreamUrl: string, options: Options = {}): Promise<ServerUnderTest> {
  const directory = options.directory ?? (await temporary());
  const self = await identifyProcess(process.pid);
  if (self === undefined) throw new Error("/proc does not show this process");
  const dispatcher = createDispatcher(options.environment ?? {});
  const ledgerPath = join(directory, "llm.jsonl");
  const provider = (dialect: DialectName) => ({
    name: `p-${dialect}`,
    dialect,
    baseUrl: upstreamUrl,
    key: KEY,
  });
  const server = await openLlm(
    {
      session: "abc",
      token: TOKEN,
      ledgerPath,
      dayDirectory: join(directory, "days"),
      timeZone: "UTC",
      providers: [provider("openai"), provider("anthropic"), provider("gemini")],
      models: [],
      limits: {
        profile: "writer",
        usdNano: undefined,
        usdPerDayNano: undefined,
        tokens: undefined,
        requests: undefined,
        outputTokens: undefined,
        parallel: 64,
        ...options.limits,
      },
      onExhausted: "stop",
      exact: true,
      hosted: [],
      prices: PRICES,
      ...options.access,
    },
    {
      dispatcher,
      now: options.now ?? Date.now,
      clock: () => performance.now(),
      self,
      patience: { ...PATIENCE, ...options.patience },
    },
  );
  // As in production: a bare handle that listens already.
  const holder = createServer();
  const port = await listening(holder);
  await server.listen((holder as unknown as { _handle: unknown })._handle);
  onTestFinished(async () => {
    await server.close();
    await dispatcher.destroy();
  });
  const url = `http://127.0.0.1:${port}`;
  return {
    server,
    port,
    url,
    directory,
    lines: async () => readLines(ledgerPath),
    post: async (path, body, headers = {}) =>
      fetch(`${url}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${TOKEN}`, ...headers },
        body: typeof body === "string" ? body : JSON.stringify(body),
      }),
  };
}

export async function readLines(path: string): Promise<LedgerLine[]> {
  const text = await readFile(path, "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => ledgerLine.parse(JSON.parse(line)));
}

/** Request bodies in each dialect. */
export const ask = {
  messages: (fields: object = {}) => ({
    model: "test-model",
    max_tokens: 1_000,
    messages: [{ role: "user", content: "hello" }],
    ...fields,
  }),
  responses: (fields: object = {}) => ({ model: "test-model", input: "hello", ...fields }),
  chat: (fields: object = {}) => ({
    model: "test-model",
    messages: [{ role: "user", content: "hello" }],
    ...fields,
  }),
  gemini: (fields: object = {}) => ({ contents: [{ role: "user", parts: [{ text: "hello" }] }], ...fields }),
};
