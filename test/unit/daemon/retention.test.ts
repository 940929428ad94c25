import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { RetentionJob, RetentionReport } from "../../../src/audit/upkeep/keep-records.ts";
import type { Config } from "../../../src/config/config.ts";
import { RecordRetention, type RetentionHost } from "../../../src/daemon/retention.ts";
import type { Retention } from "../../../src/profile/rules/retention.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const START_MS = Date.UTC(2026, 1, 3);
const DAYS_90: Retention = { keepMs: 90 * DAY_MS, keepMin: 20, maxBytes: undefined };
/** Of a host where nothing was pruned: nobody tells it anything. */
const NO_FEED: RetentionHost["feed"] = {
  append: () => Promise.reject(new Error("there is nothing to tell")),
  cursor: () => undefined,
  mend: () => undefined,
};
const NOTHING: RetentionReport = { records: [], refused: [], failed: [] };

interface World {
  readonly daemon?: Retention | undefined;
  readonly profile?: Retention | undefined;
  readonly prune?: () => RetentionReport;
}

function world({ daemon, profile, prune = () => NOTHING }: World) {
  const jobs: (RetentionJob & { atMs: number })[] = [];
  const lines: Record<string, unknown>[] = [];
  const clock = { ms: START_MS };
  const retention = new RecordRetention({
    auditRoot: "/audit",
    stateDirectory: "/state",
    config: () =>
      ({ daemon: { records: daemon }, profiles: [{ name: "demo", records: profile }] }) as unknown as Config,
    heldBack: () => new Map([["0123456789abcdef", "it is kept"]]),
    prune: (job) => {
      jobs.push({ ...job, atMs: clock.ms });
      return Promise.resolve().then(prune);
    },
    feed: NO_FEED,
    now: () => clock.ms,
    log: pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) }),
  });
  const live = async (ms: number): Promise<void> => {
    for (const end = clock.ms + ms; clock.ms < end; clock.ms += MINUTE_MS) await retention.look();
  };
  return { clock, jobs, lines, live };
}

describe("the daemon's pruning", () => {
  it("comes a minute after the start and then once a day, with cut-offs of that moment", async () => {
    const { jobs, live } = world({ daemon: DAYS_90 });
    await live(3 * DAY_MS);
    expect(jobs.map(({ atMs }) => atMs - START_MS)).toEqual([0, 1, 2].map((day) => day * DAY_MS + MINUTE_MS));
    expect(jobs[1]).toMatchObject({
      auditRoot: "/audit",
      stateDirectory: "/state",
      rules: new Map([
        ["demo", { keep: 20, endedBeforeMs: jobs[1]!.atMs - 90 * DAY_MS, maxBytes: undefined }],
      ]),
      heldBack: new Map([["0123456789abcdef", "it is kept"]]),
    });
    expect(jobs[1]!.otherRules).toEqual(jobs[1]!.rules.get("demo"));
  });

  it("takes a profile's own rules for it alone", async () => {
    const { jobs, live } = world({ profile: { keepMs: undefined, keepMin: 1, maxBytes: 5 } });
    await live(HOUR_MS);
    expect(jobs).toMatchObject([
      {
        rules: new Map([["demo", { keep: 1, endedBeforeMs: undefined, maxBytes: 5 }]]),
        otherRules: undefined,
      },
    ]);
  });

  it("does nothing where nobody wants it", async () => {
    const { jobs, live } = world({});
    await live(3 * DAY_MS);
    expect(jobs).toEqual([]);
  });

  it("is not put off by a clock that was set back, and comes at once when it was set forward", async () => {
    const { clock, jobs, live } = world({ daemon: DAYS_90 });
    await live(HOUR_MS);
    clock.ms -= 400 * DAY_MS;
    await live(HOUR_MS);
    clock.ms += 800 * DAY_MS;
    await live(HOUR_MS);
    expect(jobs).toHaveLength(3);
  });

  it("says what went, what stayed and what failed, and goes on after a failure", async () => {
    const record = (id: string, bytes: number) => ({ id, profile: "demo", bytes });
    let calls = 0;
    const { jobs, lines, live } = world({
      daemon: DAYS_90,
      prune: () => {
        calls += 1;
        if (calls === 1) throw new Error("the disk is gone");
        const refused = [{ id: "0123456789abcdef", reason: "it is kept" }];
        const failed = [{ path: "/audit/demo/.pruned-1", reason: "busy" }];
        return { records: [record("a", 1), record("b", 2)], refused, failed };
      },
    });
    await live(2 * DAY_MS);
    expect(jobs).toHaveLength(2);
    expect(lines).toMatchObject([
      { msg: "cannot remove old records; the next try is in a day" },
      { msg: "old record kept", session: "0123456789abcdef", reason: "it is kept" },
      { msg: "old record not removed completely", path: "/audit/demo/.pruned-1", reason: "busy" },
      { msg: "old records removed", profile: "demo", records: 2, bytes: 3 },
    ]);
  });
});
