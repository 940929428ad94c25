/** What a session's requests do on a full disk: `node full-disk.cjs DIRECTORY`, a small file system; prints it as JSON. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createDispatcher } from "../../../src/llm/server/dispatcher.ts";
import { openLlm } from "../../../src/llm/server/open-llm.ts";
import { identifyProcess } from "../../../src/process-identity.ts";
import { listening } from "../gateway/in-process-proxy.ts";
import { json, message, UpstreamUnderTest } from "./upstream-under-test.ts";

const TOKEN = "0f".repeat(32);
/** More than fit into what is left of a page. */
const MANY = 50;

async function main(): Promise<void> {
  const directory = process.argv[2] ?? "";
  const ledgerPath = join(directory, "llm.jsonl");
  const self = await identifyProcess(process.pid);
  if (self === undefined) throw new Error("/proc does not show this process");
  let writtenBefore = 0;
  const upstream = await UpstreamUnderTest.start((_seen, response) => {
    const reserves = readFileSync(ledgerPath, "utf8").split('{"kind":"reserve"').length - 1;
    if (reserves === upstream.seen.length) writtenBefore += 1;
    json(response, message(10, 10));
  });
  const dispatcher = createDispatcher({});
  const server = await openLlm(
    {
      ...{ session: "abc", token: TOKEN, ledgerPath, dayDirectory: join(directory, "days"), timeZone: "UTC" },
      providers: [{ name: "p", dialect: "anthropic", baseUrl: upstream.url, key: "sk-real-0123456789" }],
      models: [],
      limits: {
        profile: "writer",
        usdNano: 1e12,
        usdPerDayNano: undefined,
        tokens: undefined,
        requests: undefined,
        outputTokens: undefined,
        parallel: 8,
      },
      ...{ onExhausted: "stop", exact: true, hosted: [] },
      prices: [{ model: "test-*", input: 1, output: 10, max_output: 8_000, context: 200_000 }],
    },
    { dispatcher, now: Date.now, clock: () => performance.now(), self },
  );
  const holder = createServer();
  const port = await listening(holder);
  await server.listen((holder as unknown as { _handle: unknown })._handle);
  const ask = async (): Promise<number> => {
    const body = { model: "test-model", max_tokens: 100, messages: [{ role: "user", content: "hello" }] };
    const answer = await fetch(`http://127.0.0.1:${port}/v1/messages`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": TOKEN },
      body: JSON.stringify(body),
    });
    await answer.arrayBuffer();
    return answer.status;
  };
  const first = await ask();
  const ballast = join(directory, "ballast");
  try {
    for (let part = 0; ; part += 1) writeFileSync(`${ballast}-${part}`, Buffer.alloc(4096));
  } catch {
    // Full.
  }
  let [answered, last] = [1, 200];
  for (let at = 0; at < MANY && last === 200; at += 1) {
    last = await ask();
    if (last === 200) answered += 1;
  }
  const sentWhenFull = upstream.seen.length - answered;
  rmSync(`${ballast}-0`);
  const again = await ask();
  const isWritten = writtenBefore === upstream.seen.length;
  process.stdout.write(JSON.stringify({ first, whenFull: last, sentWhenFull, again, isWritten }));
  await server.close();
  await dispatcher.destroy();
  upstream.close();
}

void main();
