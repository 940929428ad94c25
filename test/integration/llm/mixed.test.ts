import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { expect, it } from "vitest";
import { sumLedger } from "../../../src/llm/ledger/ledger-sums.ts";
import { bundle } from "../../kit/record-fixture.ts";
import { ask, readLines, temporary, TOKEN } from "./server-under-test.ts";
import { UpstreamUnderTest } from "./upstream-under-test.ts";

const REQUESTS = 1_000;
const AT_ONCE = 20;
/** After how many requests the gateway is killed. */
const KILLS = [250, 600];

/** Numbers that look random and are the same in each run. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * sides);
  };
}

const KINDS = [
  { path: "/v1/messages", body: ask.messages, stream: { stream: true }, streamPath: "/v1/messages" },
  { path: "/v1/responses", body: ask.responses, stream: { stream: true }, streamPath: "/v1/responses" },
  {
    path: "/v1/chat/completions",
    body: ask.chat,
    stream: { stream: true },
    streamPath: "/v1/chat/completions",
  },
  {
    path: "/v1beta/models/test-model:generateContent",
    body: ask.gemini,
    stream: {},
    streamPath: "/v1beta/models/test-model:streamGenerateContent?alt=sse",
  },
];

/** A whole answer as bytes, with the usage that it reports. */
function answerText(url: string, isStream: boolean, input: number, output: number): string {
  const sse = (...list: object[]): string => list.map((each) => `data: ${JSON.stringify(each)}\n\n`).join("");
  if (url.startsWith("/v1/messages")) {
    const message = {
      type: "message",
      model: "test-model",
      usage: { input_tokens: input, output_tokens: 1 },
    };
    if (!isStream)
      return JSON.stringify({ ...message, usage: { input_tokens: input, output_tokens: output } });
    const delta = {
      type: "message_delta",
      delta: { stop_reason: "end_turn" },
      usage: { output_tokens: output },
    };
    return sse({ type: "message_start", message }, delta, { type: "message_stop" });
  }
  if (url.startsWith("/v1/responses")) {
    const usage = { input_tokens: input, output_tokens: output };
    if (!isStream) return JSON.stringify({ id: "resp_1", model: "test-model", output: [], usage });
    const response = { id: "resp_1", model: "test-model" };
    return sse(
      { type: "response.created", response },
      { type: "response.incomplete", response: { ...response, usage } },
    );
  }
  if (url.startsWith("/v1/chat")) {
    const usage = { prompt_tokens: input, completion_tokens: output };
    const choice = { message: { content: "x" }, finish_reason: "stop" };
    if (!isStream) {
      return JSON.stringify({ object: "chat.completion", model: "test-model", choices: [choice], usage });
    }
    const chunk = { model: "test-model", choices: [{ delta: { content: "x" } }], usage: null };
    return `${sse(chunk, { model: "test-model", choices: [], usage })}data: [DONE]\n\n`;
  }
  const chunk = (tokens: number, fields: object): object => ({
    modelVersion: "test-model",
    candidates: [fields],
    usageMetadata: { promptTokenCount: input, candidatesTokenCount: tokens },
  });
  const last = chunk(output, { finishReason: "STOP" });
  return isStream ? sse(chunk(1, {}), last) : JSON.stringify(last);
}

it("sums up to what the provider counted in 1,000 mixed requests, or more where a line says `reserved`", async () => {
  const roll = dice(18);
  /** What each request that reached the provider has cost, by its counts. */
  const counted: number[] = [];
  const upstream = await UpstreamUnderTest.start(async ({ url, body }, response) => {
    const isStream = url.includes("stream") || (JSON.parse(body) as { stream?: boolean }).stream === true;
    const [input, output] = [1 + roll(500), 1 + roll(900)];
    const id = counted.push(input * 1_000 + output * 10_000) - 1;
    const text = Buffer.from(answerText(url, isStream, input, output));
    await new Promise((resolve) => setTimeout(resolve, roll(15)));
    const type = isStream ? "text/event-stream" : "application/json";
    response.writeHead(200, { "content-type": type, "request-id": `req-${id}`, "x-request-id": `req-${id}` });
    if (roll(10) > 0) {
      response.end(text);
      return;
    }
    const cut = roll(text.length);
    if (cut === 0) response.destroy();
    else response.write(text.subarray(0, cut), () => response.destroy());
  });
  const directory = await temporary();
  const script = await bundle(new URL("server-to-kill.ts", import.meta.url));
  const start = async () => {
    const child = execa("node", [script, directory, upstream.url, TOKEN], { reject: false, buffer: false });
    const [port] = (await once(child.stdout, "data")) as [Buffer];
    return { child, url: `http://127.0.0.1:${Number(port)}` };
  };
  let gateway = await start();
  let [begun, isStarting] = [0, Promise.resolve()];
  const client = async (): Promise<void> => {
    while (begun < REQUESTS) {
      const at = (begun += 1);
      if (KILLS.includes(at)) {
        isStarting = (async () => {
          gateway.child.kill("SIGKILL");
          await gateway.child;
          gateway = await start();
        })();
      }
      await isStarting;
      const kind = KINDS[roll(KINDS.length)]!;
      const isStream = roll(2) === 0;
      const asked = kind.body({ ...(isStream ? kind.stream : {}) });
      const cap = kind.path === "/v1/responses" ? { max_output_tokens: 1_500 } : {};
      const chat = kind.path === "/v1/chat/completions" ? { max_completion_tokens: 1_500 } : {};
      // What is cut, or meets a gateway that is killed, fails here: that is what is tried.
      await fetch(`${gateway.url}${isStream ? kind.streamPath : kind.path}`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-api-key": TOKEN },
        body: JSON.stringify({ ...asked, ...cap, ...chat }),
      })
        .then(async (answer) => answer.arrayBuffer())
        .catch(() => undefined);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
  await isStarting;
  gateway.child.stdin.end();
  gateway.child.kill("SIGTERM");
  await gateway.child;
  upstream.close();

  // The last one was ended by a signal: what it had not settled is charged in full, too.
  const sums = await sumLedger(join(directory, "llm.jsonl"));
  const lines = await readLines(join(directory, "llm.jsonl"));
  const atProvider = counted.reduce((sum, nano) => sum + nano, 0);
  expect(counted.length).toBeGreaterThan(REQUESTS * 0.8);
  expect(sums.requests).toBeGreaterThanOrEqual(counted.length);
  expect(sums.nano).toBeGreaterThanOrEqual(atProvider);
  const settled = lines.filter((line) => line.kind === "settle");
  const reported = settled.filter(({ settlement }) => settlement === "reported");
  expect(reported.length).toBeGreaterThan(REQUESTS / 2);
  for (const { request_id: id, nano } of reported) expect(nano).toBe(counted[Number(id?.slice(4))]);
  const exactly = reported.reduce((sum, { nano }) => sum + (nano ?? 0), 0);
  const known = new Set(reported.map(({ request_id: id }) => Number(id?.slice(4))));
  const others = counted.filter((_nano, id) => !known.has(id)).reduce((sum, nano) => sum + nano, 0);
  // What the provider counted beside those is covered by lines that say `reserved`, or have no end.
  expect(sums.nano - exactly).toBeGreaterThanOrEqual(others);
  expect(sums.charged_in_full).toBeGreaterThan(REQUESTS / 20);
  // Nobody was charged twice for the same request.
  expect(known.size).toBe(reported.length);
  const days = (await readdir(join(directory, "days"))).filter((name) => name.endsWith(".jsonl"));
  const texts = await Promise.all(days.map(async (name) => readFile(join(directory, "days", name), "utf8")));
  const reserves = texts
    .join("")
    .split("\n")
    .filter((line) => line.includes('"reserve"'));
  expect(reserves.length).toBeGreaterThanOrEqual(counted.length);
});
