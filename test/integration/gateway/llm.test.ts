import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { killGateway } from "../../../src/gateway/client/gateway-process.ts";
import type { OpenSession } from "../../../src/gateway/control/control-protocol.ts";
import { sumLedger } from "../../../src/llm/ledger/ledger-sums.ts";
import { until } from "../../kit/until.mjs";
import { json, message, UpstreamUnderTest } from "../llm/upstream-under-test.ts";
import { type GatewayGround, makeGround, startContainer, type TestContainer } from "./gateway-ground.ts";

const TOKEN = "0f".repeat(32);
const KEY = "sk-real-9f8e7d6c5b4a3928";

let ground: GatewayGround;
let inside: TestContainer;
let upstream: UpstreamUnderTest;
beforeEach(async () => {
  ground = await makeGround();
  inside = await startContainer();
  upstream = await UpstreamUnderTest.start((_seen, response) => json(response, message(10, 5)));
});
afterEach(async () => {
  upstream.close();
  await inside.remove();
  await ground.remove();
});

function request(): OpenSession {
  const base = ground.request(inside, []);
  return {
    ...base,
    policy: null,
    llm: {
      profile: "writer",
      token: TOKEN,
      path: join(ground.directory, "llm.jsonl"),
      day_directory: join(ground.directory, "days"),
      providers: [{ name: "anthropic", dialect: "anthropic", base_url: upstream.url, key: KEY }],
      models: [],
      max_requests: 2,
      max_usd_nano: 1e9,
      max_parallel_requests: 8,
      on_exhausted: "stop",
      exact: true,
      hosted: [],
      prices: [{ model: "test-*", input: 1, output: 10, max_output: 8_000 }],
    },
  };
}

const BODY = JSON.stringify({
  model: "test-model",
  max_tokens: 100,
  messages: [{ role: "user", content: "hi" }],
});
const HEAD = [
  "POST /v1/messages HTTP/1.1",
  "host: x",
  "connection: close",
  "content-type: application/json",
  `x-api-key: ${TOKEN}`,
  `content-length: ${BODY.length}`,
];

/** Of busybox, only nc sends the headers that it is told, and those alone. */
async function ask(): Promise<string> {
  const raw = [...HEAD, "", ""].join("\\r\\n");
  return (await inside.run(`(printf '${raw}'; printf %s '${BODY}'; sleep 1) | nc 127.0.0.1 8790`)).stdout;
}

it("serves a container without a network, keeps what was spent when it is killed, and says when the budget is spent", async () => {
  const daemon = ground.daemon();
  const session = request();
  expect(await daemon.open(session)).toBe(true);
  expect(await ask()).toContain('"done"');
  expect(upstream.seen[0]?.headers["x-api-key"]).toBe(KEY);
  // Without a policy there is no proxy.
  expect((await inside.run("nc -w 1 127.0.0.1 8791 </dev/null")).exitCode).not.toBe(0);
  const numbers = async () => (await daemon.list()).sessions[0]?.llm;
  await until("it is settled", async () => (await numbers())?.in_flight === 0);
  expect(await numbers()).toMatchObject({ requests: 1, usd_nano: 60_000, models: ["test-model"] });

  await killGateway(daemon.process!);
  await until(
    "the next gateway has the session",
    async () => (await numbers().catch(() => null))?.requests === 1,
  );
  expect(await ask()).toContain('"done"');
  expect(await ask()).toContain("HTTP/1.1 400");
  expect(upstream.seen).toHaveLength(2);
  expect(await daemon.close(session.session)).toMatchObject({
    known: true,
    llm: { requests: 2, refused: 1 },
  });
  expect(await sumLedger(join(ground.directory, "llm.jsonl"))).toMatchObject({ requests: 2, nano: 120_000 });
});
