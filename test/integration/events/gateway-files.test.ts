/** What the gateway's own writers leave in a session's files, told once, whoever reads when. */
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { gatewayFilesOf } from "../../../src/daemon/feed/gateway-files.ts";
import type { Cursor } from "../../../src/events/segment.ts";
import { EgressLog } from "../../../src/gateway/log/egress-log.ts";
import { SessionLedger } from "../../../src/llm/ledger/session-ledger.ts";
import type { SessionDocument } from "../../../src/session-document.ts";
import { NEW_DOCUMENT } from "../../kit/record-document.ts";
import { newRecord } from "../../kit/record-fixture.ts";
import { until } from "../../kit/until.mjs";
import { START_MS } from "./feed-under-test.ts";

const now = (): number => START_MS;

interface Session {
  readonly egressPath: string;
  readonly llmPath: string;
  /** What a daemon tells that finds these cursors in the feed: types, lines and facts. */
  readonly told: (cursors?: Readonly<Record<string, Cursor>>) => () => Promise<unknown[]>;
}

async function session(profile: object): Promise<Session> {
  const { id, directory } = await newRecord();
  const document: SessionDocument = { ...NEW_DOCUMENT, session_id: id };
  return {
    egressPath: join(directory, "agentd/egress.jsonl"),
    llmPath: join(directory, "agentd/llm.jsonl"),
    told: (cursors = {}) => {
      const cursor = (source: string): Cursor | undefined => cursors[source.slice(id.length + 1)];
      const files = gatewayFilesOf({ cursor }, { id, directory, document, plan: { profile } });
      return async () =>
        ((await files?.next()) ?? []).map(({ type, source, source_seq: line, data, session_id: of }) => {
          expect([of, source.slice(0, id.length + 1)]).toEqual([id, `${id}/`]);
          return [type, line, data];
        });
    },
  };
}

function connection(host: string, verdict: "allowed" | "denied") {
  const bytes = { bytes_sent: 1, bytes_received: 1, duration_ms: 1 };
  const reason = verdict === "denied" ? "no entry opens it" : null;
  return {
    time: new Date(START_MS).toISOString(),
    host,
    port: 443,
    verdict,
    rule: "none",
    reason,
    address: null,
    ...bytes,
  };
}

async function egressLog(
  path: string,
): Promise<(host: string, verdict: "allowed" | "denied") => Promise<void>> {
  const log = await EgressLog.open({ path, now });
  onTestFinished(async () => {
    await log.close();
  });
  return async (host, verdict) => {
    log.add(connection(host, verdict));
    await until("the line", () => !log.isWriting);
  };
}

/** A ledger, and a request that costs so much. */
async function ledger(path: string, maxLines?: number) {
  const opened = await SessionLedger.open({ path, now, maxLines });
  onTestFinished(() => opened.close());
  const facts = { provider: "p", route: "r", model: "m", stream: false, bytes: 1, price_source: "operator" };
  const none = { cap_asked: null, cap_sent: null, unbounded: [] };
  const reserve = () =>
    opened.reserve({ ...facts, ...none, reserved_tokens: 1_000, reserved_nano: 900_000_000 });
  const request = async (nano: number, tokens = 0): Promise<void> => {
    const end = { status: 200, model_answered: "m", duration_ms: 1, first_token_ms: 1, request_id: null };
    const used = {
      input_tokens: tokens,
      cached_tokens: 0,
      cache_write_tokens: 0,
      output_tokens: 0,
      reasoning_tokens: 0,
    };
    await opened.settle(await reserve(), { ...end, ...used, nano, settlement: "reported" });
  };
  return { reserve, request, refused: opened.refused.bind(opened) };
}

describe("connections of a session", () => {
  it("are told where they were denied, the first to each host, also by a later daemon", async () => {
    const { egressPath, told } = await session({ network: "allowlist" });
    const next = told();
    expect(await next()).toEqual([]);
    const add = await egressLog(egressPath);
    await add("good.example", "allowed");
    await add("bad.example", "denied");
    await add("bad.example", "denied");
    const denied = (host: string, line: number) => [
      "egress.denied",
      line,
      { host, port: 443, rule: "none", reason: "no entry opens it" },
    ];
    expect(await next()).toEqual([denied("bad.example", 1)]);
    await add("bad.example", "denied");
    expect(await next()).toEqual([]);
    await add("worse.example", "denied");
    const later = told({ "egress.jsonl": { seq: 1, type: "egress.denied" } });
    expect(await later()).toEqual([denied("worse.example", 4)]);
    expect(await next()).toEqual([denied("worse.example", 4)]);
  });

  it("are told for a bounded number of hosts", async () => {
    const { egressPath, told } = await session({ network: "allowlist" });
    const add = await egressLog(egressPath);
    for (let host = 0; host < 150; host += 1) await add(`${host}.example`, "denied");
    expect(await told()()).toHaveLength(100);
  });

  it("are not looked for without an allowlist", async () => {
    const { egressPath, told } = await session({ network: "public" });
    await (
      await egressLog(egressPath)
    )("bad.example", "denied");
    expect(await told()()).toEqual([]);
  });
});

describe("the budget of a session", () => {
  const limits = { maxUsdNano: 1_000_000_000, maxTokens: 1_000, maxRequests: 100 };

  it("is told at each share once, by what is settled, and of shares that are passed at once the highest", async () => {
    const { llmPath, told } = await session({ llm: limits });
    const next = told();
    expect(await next()).toEqual([]);
    const { reserve, request, refused } = await ledger(llmPath);
    await reserve();
    await request(400_000_000);
    expect(await next()).toEqual([]);
    await request(100_000_000);
    expect(await next()).toEqual([["llm.budget_50", 4, { limit: "usd", used: 0.5, max: 1 }]]);
    await request(10_000_000);
    expect(await next()).toEqual([]);
    await request(0, 970);
    expect(await next()).toEqual([["llm.budget_95", 8, { limit: "tokens", used: 970, max: 1_000 }]]);
    await refused({
      ...{ route: "r", model: "m", status: 400 },
      reason: 'The budget is spent: no more. The limit is "max_usd_per_day" of profile demo. Do not retry.',
    });
    await until("the line", async () => (await told()()).length === 3);
    expect(await next()).toEqual([
      ["llm.budget_exhausted", 9, { limit: "usd_per_day", used: null, max: null }],
    ]);
    await refused({ route: "r", model: "m", status: 400, reason: "The model is not allowed." });
    expect(await next()).toEqual([]);
  });

  it("is told by a later daemon where the earlier one stopped", async () => {
    const { llmPath, told } = await session({ llm: limits });
    const { request } = await ledger(llmPath);
    await request(600_000_000);
    await request(250_000_000);
    const later = told({ "llm.jsonl": { seq: 1, type: "llm.budget_50" } });
    expect(await later()).toEqual([["llm.budget_80", 3, { limit: "usd", used: 0.85, max: 1 }]]);
    expect(await told({ "llm.jsonl": { seq: 3, type: "llm.budget_80" } })()).toEqual([]);
  });

  it("is told of requests that are only counted, too", async () => {
    const { llmPath, told } = await session({ llm: { maxRequests: 10 } });
    const { request } = await ledger(llmPath, 4);
    const next = told();
    for (let count = 0; count < 7; count += 1) await request(0);
    expect(await next()).toEqual([["llm.budget_50", 4, { limit: "requests", used: 7, max: 10 }]]);
    await request(0);
    expect(await next()).toEqual([["llm.budget_80", 4, { limit: "requests", used: 8, max: 10 }]]);
    expect(await next()).toEqual([]);
    for (let count = 0; count < 2; count += 1) await request(0);
    expect(await next()).toEqual([["llm.budget_exhausted", 4, { limit: "requests", used: 10, max: 10 }]]);
  });
});
