import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { until } from "../../kit/until.mjs";
import { ask, type ServerUnderTest, startServer } from "./server-under-test.ts";
import { events, json, message, UpstreamUnderTest, usage } from "./upstream-under-test.ts";

let upstream: UpstreamUnderTest;
beforeEach(async () => {
  upstream = await UpstreamUnderTest.start((_seen, response) => json(response, message(10, 5)));
});
afterEach(() => upstream.close());

/** What one request reserves, asked of the gateway. */
async function reservedFor(path: string, body: object): Promise<number> {
  const { post, server, lines } = await startServer(upstream.url, { limits: { usdNano: 1e12 } });
  await (await post(path, body)).text();
  await server.close();
  upstream.seen.length = 0;
  const [line] = await lines();
  if (line?.kind !== "reserve" || line.reserved_nano === null) throw new Error("nothing was reserved");
  return line.reserved_nano;
}

const settled = async ({ server }: ServerUnderTest): Promise<void> => {
  await until("all is settled", async () => server.numbers.in_flight === 0);
};

describe("a budget", () => {
  it("for one request lets exactly one of 40 at once out", async () => {
    const one = await reservedFor("/v1/messages", ask.messages());
    let release: () => void = () => undefined;
    const hold = new Promise<void>((resolve) => (release = resolve));
    upstream.answer = async (_seen, response) => {
      await hold;
      // It uses all that it may: 1,000 tokens of output, and more input than is left for a second one.
      json(response, message(500, 1_000));
    };
    const under = await startServer(upstream.url, { limits: { usdNano: one } });
    const answers = Array.from({ length: 40 }, async () => under.post("/v1/messages", ask.messages()));
    await until("one is out", async () => upstream.seen.length === 1);
    expect(under.server.numbers).toMatchObject({ in_flight: 1, reserved_nano: one, left_nano: 0 });
    release();
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 400)).toHaveLength(39);
    expect(upstream.seen).toHaveLength(1);
    expect(under.server.numbers).toMatchObject({ requests: 1, refused: 39, usd_nano: 500_000 + 10_000_000 });
  });

  it("lets those wait that fit once running ones have settled", async () => {
    const one = await reservedFor("/v1/messages", ask.messages());
    let [now, most] = [0, 0];
    upstream.answer = async (_seen, response) => {
      most = Math.max(most, (now += 1));
      await new Promise((resolve) => setTimeout(resolve, 5));
      now -= 1;
      json(response, message(1, 1));
    };
    // Room for one at a time, and used for next to nothing.
    const under = await startServer(upstream.url, { limits: { usdNano: Math.floor(one * 1.9) } });
    const answers = Array.from({ length: 12 }, async () => under.post("/v1/messages", ask.messages()));
    for (const answer of await Promise.all(answers)) expect(answer.status).toBe(200);
    expect([upstream.seen.length, most]).toEqual([12, 1]);
    expect(under.server.numbers.refused).toBe(0);
  });

  it("refuses with 400 in each dialect's own shape, says what is left, and is not to be retried", async () => {
    const under = await startServer(upstream.url, { limits: { usdNano: 1_000 } });
    const refusals = [
      await under.post("/v1/messages", ask.messages()),
      await under.post("/v1/responses", ask.responses()),
      await under.post("/v1/chat/completions", ask.chat()),
      await under.post("/v1beta/models/test-model:generateContent", ask.gemini()),
    ];
    const bodies = await Promise.all(refusals.map(async (answer) => answer.json()));
    for (const { status, headers } of refusals) {
      expect([status, headers.get("x-should-retry"), headers.get("retry-after")]).toEqual([
        400,
        "false",
        null,
      ]);
    }
    expect(bodies[0]).toMatchObject({ type: "error", error: { type: "billing_error" } });
    expect(bodies[1]).toMatchObject({
      error: { type: "insufficient_quota", code: "agentd_budget_exhausted" },
    });
    expect(bodies[2]).toMatchObject({
      error: { type: "insufficient_quota", code: "agentd_budget_exhausted" },
    });
    expect(bodies[3]).toMatchObject({ error: { code: 400, status: "INVALID_ARGUMENT" } });
    for (const body of bodies) {
      expect(JSON.stringify(body)).toMatch(
        /spent \$0\.000000 of \$0\.000001.*may cost \$.*max_usd.*writer.*Do not retry/,
      );
    }
    expect(upstream.seen).toEqual([]);
    expect(await under.server.verdict()).toMatchObject({
      kind: "budget_exhausted",
      cause: expect.stringContaining("max_usd"),
    });
  });

  it('that is spent ends no session with on_exhausted = "refuse"', async () => {
    const under = await startServer(upstream.url, {
      limits: { requests: 0 },
      access: { onExhausted: "refuse" },
    });
    expect((await under.post("/v1/messages", ask.messages())).status).toBe(400);
    await under.server.close();
    expect(await under.server.verdict()).toEqual({ kind: null, cause: null });
  });

  it("writes the cap that it has reserved into the request, and never shrinks the one without the other", async () => {
    const caps: [string, object, string[]][] = [
      ["/v1/messages", ask.messages({ max_tokens: 100_000 }), ["max_tokens"]],
      ["/v1/responses", ask.responses(), ["max_output_tokens"]],
      ["/v1/chat/completions", ask.chat(), ["max_completion_tokens"]],
      ["/v1beta/models/test-model:generateContent", ask.gemini(), ["generationConfig", "maxOutputTokens"]],
    ];
    for (const [path, body, keys] of caps) {
      const under = await startServer(upstream.url, { limits: { usdNano: 5e7, outputTokens: 6_000 } });
      await (await under.post(path, body)).text();
      await settled(under);
      let value: unknown = JSON.parse(upstream.seen.at(-1)?.body ?? "");
      for (const key of keys) value = (value as Record<string, unknown>)[key];
      const line = (await under.lines()).filter((each) => each.kind === "reserve").at(-1);
      expect(value).toBe(line?.cap_sent);
      expect(line?.cap_sent).toBeLessThanOrEqual(6_000);
      expect(line?.cap_sent).toBeGreaterThanOrEqual(1_024);
      expect(line?.reserved_nano).toBeGreaterThanOrEqual((line?.cap_sent ?? 0) * 10_000);
    }
  });

  it("multiplies the reservation by n", async () => {
    const one = await reservedFor("/v1/chat/completions", ask.chat({ max_completion_tokens: 2_000 }));
    const four = await reservedFor("/v1/chat/completions", ask.chat({ max_completion_tokens: 2_000, n: 4 }));
    expect(four - one).toBeGreaterThanOrEqual(3 * 2_000 * 10_000);
  });

  it("refuses where the smallest useful cap does not fit, instead of cutting answers short", async () => {
    const one = await reservedFor("/v1/messages", ask.messages({ max_tokens: 8_000 }));
    // Less than the 1,024 tokens of output that make sense.
    const under = await startServer(upstream.url, { limits: { usdNano: one - (8_000 - 1_023) * 10_000 } });
    expect((await under.post("/v1/messages", ask.messages({ max_tokens: 8_000 }))).status).toBe(400);
    expect(upstream.seen).toEqual([]);
  });

  it("in tokens counts what was read from caches and written to them", async () => {
    const detail = {
      input_tokens: 10,
      cache_read_input_tokens: 20,
      cache_creation_input_tokens: 30,
      output_tokens: 40,
    };
    upstream.answer = (_seen, response) => json(response, message(0, 0, { usage: detail }));
    const under = await startServer(upstream.url, { limits: { tokens: 4_000 } });
    expect((await under.post("/v1/messages", ask.messages())).status).toBe(200);
    await settled(under);
    const budget = (await (
      await fetch(`${under.url}/agentd/v1/budget`, { headers: { "x-api-key": "0f".repeat(32) } })
    ).json()) as {
      tokens_left: number;
    };
    expect(budget.tokens_left).toBe(4_000 - 100);
  });

  it("lets no more requests run at once than the profile allows", async () => {
    let [now, most] = [0, 0];
    upstream.answer = async (_seen, response) => {
      most = Math.max(most, (now += 1));
      await new Promise((resolve) => setTimeout(resolve, 10));
      now -= 1;
      json(response, message(1, 1));
    };
    const under = await startServer(upstream.url, { limits: { parallel: 3 } });
    const answers = await Promise.all(
      Array.from({ length: 12 }, async () => under.post("/v1/messages", ask.messages())),
    );
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(most).toBe(3);
  });

  it("with a limit in dollars refuses a model without a price, and its fast or audio siblings", async () => {
    const under = await startServer(upstream.url, { limits: { usdNano: 1e9 }, access: { prices: [] } });
    for (const model of ["no-such-model", "claude-sonnet-4-5-fast", "gpt-4o-audio-preview-x"]) {
      const answer = await under.post("/v1/messages", ask.messages({ model }));
      expect(answer.status).toBe(400);
      expect(JSON.stringify(await answer.json())).toContain("No price is known");
    }
    expect(upstream.seen).toEqual([]);
    // It is no budget that is spent.
    await under.server.close();
    expect(await under.server.verdict()).toEqual({ kind: null, cause: null });
  });
});

describe("settlement", () => {
  it("charges the dearer of the model asked for and the model that answered", async () => {
    const prices = [
      { model: "test-model", input: 1, output: 10, max_output: 8_000 },
      { model: "dear-model", input: 2, output: 20, max_output: 8_000 },
    ];
    upstream.answer = (_seen, response) => json(response, message(10, 5, { model: "dear-model" }));
    const under = await startServer(upstream.url, { limits: { usdNano: 1e9 }, access: { prices } });
    await (await under.post("/v1/messages", ask.messages())).text();
    await settled(under);
    expect(under.server.numbers).toMatchObject({ usd_nano: 2 * (10_000 + 50_000), models: ["dear-model"] });
  });

  it.each([
    ["completed", { input_tokens: 10, output_tokens: 5 }, "reported"],
    ["incomplete", { input_tokens: 10, output_tokens: 5 }, "reported"],
    ["failed", { input_tokens: 10, output_tokens: 5 }, "reported"],
    ["failed", null, "reserved"],
  ] as const)("reads the usage of response.%s", async (kind, reported, settlement) => {
    upstream.answer = (_seen, response) =>
      events(response, [
        { type: "response.created", response: { id: "resp_1", model: "test-model", usage: null } },
        { type: `response.${kind}`, response: { id: "resp_1", model: "test-model", usage: reported } },
      ]);
    const under = await startServer(upstream.url, { limits: { usdNano: 1e9 } });
    await (await under.post("/v1/responses", ask.responses({ stream: true }))).text();
    await under.server.close();
    const [reserve, settle] = await under.lines();
    const nano = settlement === "reported" ? 60_000 : reserve?.kind === "reserve" && reserve.reserved_nano;
    expect(settle).toMatchObject({ settlement, nano });
  });

  it("replaces Anthropic's cumulative counts, and does not add them", async () => {
    upstream.answer = (_seen, response) =>
      events(response, [
        {
          type: "message_start",
          message: {
            model: "test-model",
            usage: { input_tokens: 100, cache_read_input_tokens: 40, output_tokens: 1 },
          },
        },
        {
          type: "message_delta",
          delta: { stop_reason: "end_turn" },
          usage: { input_tokens: 100, cache_read_input_tokens: 40, output_tokens: 7 },
        },
        { type: "message_stop" },
      ]);
    const under = await startServer(upstream.url);
    await (await under.post("/v1/messages", ask.messages({ stream: true }))).text();
    await settled(under);
    expect(under.server.numbers).toMatchObject({ input_tokens: 100, cached_tokens: 40, output_tokens: 7 });
  });

  it("asks Chat for its usage, whatever the client has set", async () => {
    upstream.answer = ({ body }, response) => {
      const { stream_options: options } = JSON.parse(body) as {
        stream_options?: { include_usage?: boolean };
      };
      const last = options?.include_usage === true ? [{ choices: [], usage: usage.chat(10, 5) }] : [];
      events(response, [
        { model: "test-model", choices: [{ delta: { content: "x" } }], usage: null },
        ...last,
      ]);
    };
    for (const fields of [{}, { stream_options: { include_usage: false } }, { stream_options: {} }]) {
      const under = await startServer(upstream.url);
      const answer = await under.post("/v1/chat/completions", ask.chat({ stream: true, ...fields }));
      await answer.text();
      if (answer.status !== 200) continue;
      await settled(under);
      expect(under.server.numbers).toMatchObject({ input_tokens: 10, output_tokens: 5 });
    }
    expect(upstream.seen.length).toBeGreaterThan(0);
  });

  it("charges in full a stream that is cut before its usage came, and the client sees the cut", async () => {
    upstream.answer = (_seen, response) => {
      events(response, [{ type: "message_start", message: message(10, 1) }], false);
      setTimeout(() => response.destroy(), 20);
    };
    const under = await startServer(upstream.url, { limits: { usdNano: 1e9 } });
    const answer = await under.post("/v1/messages", ask.messages({ stream: true }));
    await expect(answer.text()).rejects.toThrow("terminated");
    await settled(under);
    const [reserve, settle] = await under.lines();
    expect(settle).toMatchObject({ settlement: "reserved", input_tokens: null });
    expect(under.server.numbers.usd_nano).toBe(reserve?.kind === "reserve" ? reserve.reserved_nano : -1);
  });

  it("of a client that has gone reads the answer to its end and charges what it says: nothing leaks", async () => {
    let go: () => void = () => undefined;
    upstream.answer = async (_seen, response) => {
      events(response, [{ type: "message_start", message: message(10, 1) }], false);
      await new Promise<void>((resolve) => (go = resolve));
      events(response, [
        { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 5 } },
      ]);
    };
    const under = await startServer(upstream.url, { limits: { usdNano: 1e9 } });
    const leaving = new AbortController();
    const answer = await fetch(`${under.url}/v1/messages`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": "0f".repeat(32) },
      body: JSON.stringify(ask.messages({ stream: true })),
      signal: leaving.signal,
    });
    await answer.body!.getReader().read();
    leaving.abort();
    await until("the gateway has seen it go", async () => under.server.connections === 0);
    expect(under.server.numbers.in_flight).toBe(1);
    go();
    await settled(under);
    expect(under.server.numbers).toMatchObject({ usd_nano: 60_000, reserved_nano: 0 });
  });

  it("of a client that goes while it waits takes nothing, and its place goes to the next", async () => {
    let go: () => void = () => undefined;
    upstream.answer = async (_seen, response) => {
      await new Promise<void>((resolve) => (go = resolve));
      json(response, message(1, 1));
    };
    const under = await startServer(upstream.url, { limits: { parallel: 1 } });
    const first = under.post("/v1/messages", ask.messages());
    await until("it is out", async () => upstream.seen.length === 1);
    const leaving = new AbortController();
    const second = fetch(`${under.url}/v1/messages`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": "0f".repeat(32) },
      body: JSON.stringify(ask.messages()),
      signal: leaving.signal,
    });
    await until("it is in the line", async () => under.server.connections === 2);
    leaving.abort();
    await expect(second).rejects.toThrow("abort");
    await until("the gateway has seen it go", async () => under.server.connections === 1);
    const third = under.post("/v1/messages", ask.messages());
    go();
    await first;
    await until("the third is out", async () => upstream.seen.length === 2);
    go();
    expect((await third).status).toBe(200);
    expect(under.server.numbers).toMatchObject({ requests: 2, reserved_nano: 0 });
  });

  it("of what runs when the session is closed cuts the provider and charges it in full", async () => {
    let isCut = false;
    upstream.answer = (_seen, response) => {
      events(response, [{ type: "message_start", message: message(10, 1) }], false);
      response.once("close", () => {
        isCut = true;
      });
    };
    const under = await startServer(upstream.url, { limits: { usdNano: 1e9 } });
    const answer = await under.post("/v1/messages", ask.messages({ stream: true }));
    await under.server.close();
    await expect(answer.text()).rejects.toThrow("terminated");
    await until("the provider sees it", async () => isCut);
    const [reserve, settle] = await under.lines();
    expect(settle).toMatchObject({
      settlement: "reserved",
      nano: reserve?.kind === "reserve" && reserve.reserved_nano,
    });
  });

  it("cuts a running stream that passes its reservation, and ends the session", async () => {
    upstream.answer = (_seen, response) =>
      events(response, [{ type: "message_start", message: message(50_000_000, 1) }], false);
    const under = await startServer(upstream.url, { limits: { usdNano: 1e9 } });
    const answer = await under.post("/v1/messages", ask.messages({ stream: true }));
    await expect(answer.text()).rejects.toThrow("terminated");
    expect(await under.server.verdict()).toMatchObject({ kind: "llm_overrun" });
    // Never less than what the provider counted.
    expect(under.server.numbers.usd_nano).toBeGreaterThanOrEqual(50_000_000 * 1_000);
  });

  it("records an answer that has used more than was reserved, and ends the session", async () => {
    upstream.answer = (_seen, response) => json(response, message(10, 500_000));
    const under = await startServer(upstream.url, { limits: { usdNano: 1e9 } });
    expect((await under.post("/v1/messages", ask.messages())).status).toBe(200);
    expect(await under.server.verdict()).toMatchObject({
      kind: "llm_overrun",
      cause: expect.stringContaining("reserved"),
    });
    expect(under.server.numbers.usd_nano).toBe(10_000 + 5_000_000_000);
  });

  it.each([
    [400, "none"],
    [429, "none"],
    [529, "none"],
    [500, "reserved"],
    [504, "reserved"],
  ])("of an answer %i is %s", async (status, settlement) => {
    upstream.answer = (_seen, response) => json(response, { error: {} }, status);
    const under = await startServer(upstream.url, { limits: { usdNano: 1e9 } });
    await (await under.post("/v1/messages", ask.messages())).text();
    await under.server.close();
    expect((await under.lines())[1]).toMatchObject({ status, settlement });
  });
});

describe("ids of stored things", () => {
  it("pass when this session has received them, and only then", async () => {
    upstream.answer = (_seen, response) =>
      json(response, {
        id: "resp_mine",
        object: "response",
        model: "test-model",
        output: [],
        usage: usage.responses(1, 1),
      });
    const under = await startServer(upstream.url, { access: { exact: false } });
    const next = (id: string) => under.post("/v1/responses", ask.responses({ previous_response_id: id }));
    expect((await next("resp_mine")).status).toBe(400);
    await (await under.post("/v1/responses", ask.responses())).text();
    expect((await next("resp_mine")).status).toBe(200);
    expect((await next("resp_others")).status).toBe(400);
  });
});

describe("the budget of a day", () => {
  it("is shared by the profile's sessions, and yesterday's does not count", async () => {
    let time = Date.UTC(2026, 0, 2, 23, 59, 50);
    const one = await reservedFor("/v1/messages", ask.messages());
    upstream.answer = (_seen, response) => json(response, message(10, 1_000));
    const limits = { usdPerDayNano: Math.floor(one * 1.5) };
    const first = await startServer(upstream.url, { limits, now: () => time });
    const second = await startServer(upstream.url, {
      limits,
      now: () => time,
      access: { dayDirectory: `${first.directory}/days` },
    });
    expect((await first.post("/v1/messages", ask.messages())).status).toBe(200);
    await settled(first);
    const refused = await second.post("/v1/messages", ask.messages());
    expect(refused.status).toBe(400);
    expect(JSON.stringify(await refused.json())).toMatch(/max_usd_per_day/);
    expect(await second.server.verdict()).toMatchObject({ kind: "budget_exhausted" });
    time += 20_000;
    expect((await second.post("/v1/messages", ask.messages())).status).toBe(200);
    expect(upstream.seen).toHaveLength(2);
  });

  it("waits for what another session has in flight", async () => {
    const one = await reservedFor("/v1/messages", ask.messages());
    let go: () => void = () => undefined;
    upstream.answer = async (_seen, response) => {
      await new Promise<void>((resolve) => (go = resolve));
      json(response, message(1, 1));
    };
    const limits = { usdPerDayNano: Math.floor(one * 1.5) };
    const first = await startServer(upstream.url, { limits });
    const second = await startServer(upstream.url, {
      limits,
      access: { dayDirectory: `${first.directory}/days` },
    });
    const answer = first.post("/v1/messages", ask.messages());
    await until("it is out", async () => upstream.seen.length === 1);
    const waiting = second.post("/v1/messages", ask.messages());
    await until("it is there", async () => second.server.connections === 1);
    go();
    await answer;
    await until("the second is out", async () => upstream.seen.length === 2);
    go();
    expect((await waiting).status).toBe(200);
    expect(second.server.numbers.refused).toBe(0);
  });

  it("that cannot be written down lets nothing out", async () => {
    const under = await startServer(upstream.url, {
      limits: { usdPerDayNano: 1e9 },
      access: { dayDirectory: "/dev/null/days" },
    });
    const answer = await under.post("/v1/messages", ask.messages());
    expect(answer.status).toBe(503);
    expect(JSON.stringify(await answer.json())).toMatch(/cannot be written down/);
    expect(upstream.seen).toEqual([]);
    expect(under.server.numbers).toMatchObject({ requests: 0, reserved_nano: 0 });
  });
});
