import { appendFile, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { DayLedger } from "../../../src/llm/ledger/day-ledger.ts";
import { sumLedger } from "../../../src/llm/ledger/ledger-sums.ts";
import { type Reserved, SessionLedger, type Settled } from "../../../src/llm/ledger/session-ledger.ts";
import { identifyProcess } from "../../../src/process-identity.ts";
import { modeOf } from "../../kit/record-fixture.ts";
import { temporary } from "./server-under-test.ts";

const now = (): number => Date.UTC(2026, 0, 2, 3, 4, 5);
let path: string;
beforeEach(async () => {
  path = join(await temporary(), "llm.jsonl");
});

const reserved = (fields: Partial<Reserved> = {}): Reserved => ({
  provider: "p",
  route: "messages",
  model: "m",
  stream: true,
  bytes: 10,
  cap_asked: 5,
  cap_sent: 5,
  reserved_tokens: 1_000,
  reserved_nano: 500,
  price_source: "operator",
  unbounded: [],
  ...fields,
});

const settled = (fields: Partial<Settled> = {}): Settled => ({
  status: 200,
  model_answered: "m",
  duration_ms: 1,
  first_token_ms: 1,
  input_tokens: 10,
  cached_tokens: 20,
  cache_write_tokens: 30,
  output_tokens: 40,
  reasoning_tokens: 5,
  nano: 70,
  settlement: "reported",
  request_id: "r",
  ...fields,
});

describe("the ledger of a session", () => {
  it("has a request on disk before it is sent, for this user alone", async () => {
    const ledger = await SessionLedger.open({ path, now });
    await ledger.reserve(reserved());
    expect(await readFile(path, "utf8")).toMatch(/^\{"kind":"reserve".*"id":0.*\}\n$/);
    expect(await modeOf(path)).toBe("600");
    await ledger.close();
  });

  it("that a killed gateway has left charges in full what is not settled, once", async () => {
    const first = await SessionLedger.open({ path, now });
    const entry = await first.reserve(reserved());
    await first.settle(entry, settled());
    await first.reserve(reserved({ model: "other" }));
    // It leaves no settlement, as if it were killed.
    await first.close();
    await appendFile(path, '{"kind":"settle","id":1,"na');
    expect(await sumLedger(path)).toMatchObject({
      nano: 570,
      charged_tokens: 1_100,
      charged_in_full: 1,
      unreadable: 1,
    });
    for (let life = 0; life < 2; life += 1) {
      const next = await SessionLedger.open({ path, now });
      expect(next.before).toMatchObject({ requests: 2, nano: 570, charged_tokens: 1_100, input_tokens: 10 });
      await next.close();
    }
    const last = await SessionLedger.open({ path, now });
    expect((await last.reserve(reserved())).id).toBe(2);
    await last.close();
    expect([...(await sumLedger(path)).models.keys()]).toEqual(["m", "other"]);
  });

  it("is bounded: beyond its lines, requests are in counters that are kept up to date in place", async () => {
    const ledger = await SessionLedger.open({ path, now, maxLines: 5 });
    for (let at = 0; at < 4; at += 1) await ledger.settle(await ledger.reserve(reserved()), settled());
    const running = await Promise.all([1, 2, 3].map(async () => ledger.reserve(reserved())));
    // As a crash would leave it: what runs is charged in full.
    expect(await sumLedger(path)).toMatchObject({ requests: 7, nano: 4 * 70 + 3 * 500, charged_in_full: 3 });
    await Promise.all(
      running.map(async (entry) => ledger.settle(entry, settled({ settlement: "reserved", nano: 500 }))),
    );
    for (let at = 0; at < 50; at += 1)
      await ledger.refused({ route: "r", model: "m", status: 400, reason: "no" });
    await ledger.close();
    expect((await readFile(path, "utf8")).split("\n")).toHaveLength(2 * 2 + 1 + 1 + 1);
    const sums = {
      requests: 7,
      refused: 50,
      nano: 4 * 70 + 3 * 500,
      charged_tokens: 4 * 100 + 3_000,
      exact: true,
    };
    expect(await sumLedger(path)).toMatchObject(sums);
    const next = await SessionLedger.open({ path, now, maxLines: 5 });
    await next.settle(await next.reserve(reserved({ unbounded: ["web_search"] })), settled());
    await next.close();
    expect(await sumLedger(path)).toMatchObject({
      ...sums,
      requests: 8,
      nano: sums.nano + 70,
      charged_tokens: 3_500,
      exact: false,
    });
  });

  it("cannot be written to by a model's name, follows no link, and takes no directory", async () => {
    const ledger = await SessionLedger.open({ path, now });
    const model = `evil\n{"kind":"refused"}\u001b[31m${"x".repeat(5_000)}`;
    await ledger.settle(
      await ledger.reserve(reserved({ model })),
      settled({ model_answered: model, request_id: model }),
    );
    await ledger.close();
    expect(await readFile(path, "utf8")).toMatch(/^[\x20-\x7e]*\n[\x20-\x7e]*\n$/);
    const directory = await temporary();
    await writeFile(join(directory, "target"), "");
    await symlink(join(directory, "target"), join(directory, "link"));
    await mkdir(join(directory, "directory"));
    await expect(SessionLedger.open({ path: join(directory, "link"), now })).rejects.toThrow("ELOOP");
    await expect(SessionLedger.open({ path: join(directory, "directory"), now })).rejects.toThrow("EISDIR");
  });
});

describe("the ledger of a day", () => {
  const dayOf = (): string => "2026-01-02";

  it("is shared: two gateways at once take no more than there is", async () => {
    const directory = join(await temporary(), "days");
    const self = (await identifyProcess(process.pid))!;
    const gateways = [1, 2, 3].map(() => new DayLedger({ directory, now, dayOf, self }));
    const taken = await Promise.all(
      Array.from({ length: 30 }, async (_, at) => gateways[at % 3]!.reserve(100, 1_050)),
    );
    const got = taken.filter((each) => each !== undefined);
    expect(got).toHaveLength(10);
    await gateways[0]!.settle(got[0]!, 30);
    expect(await gateways[1]!.refresh()).toEqual({ settled: 30, reserved: 900 });
    expect(await modeOf(directory)).toBe("700");
    for (const gateway of gateways) await gateway.close();
  });

  it("charges in full what a dead gateway has left, and drops days that nobody needs", async () => {
    const directory = join(await temporary(), "days");
    const self = (await identifyProcess(process.pid))!;
    let day = 1;
    const ledgerOf = (startTime: string): DayLedger =>
      new DayLedger({
        directory,
        now,
        dayOf: () => `2026-01-${String(day).padStart(2, "0")}`,
        self: { ...self, startTime },
      });
    const dead = ledgerOf("1");
    await dead.reserve(400, 1_000);
    await dead.close();
    const next = ledgerOf(self.startTime);
    expect(await next.refresh()).toEqual({ settled: 400, reserved: 0 });
    expect(await next.reserve(700, 1_000)).toBeUndefined();
    for (day = 2; day <= 12; day += 1) expect(await next.reserve(700, 1_000)).toBeDefined();
    expect(await next.reserve(1, 1_000)).toBeDefined();
    await next.close();
  });
});
