import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { SessionParts } from "../../../src/sessions/parts/session-parts.ts";
import type { NetworkOptions } from "../../../src/sessions/port/session-network.ts";
import { watchNetwork } from "../../../src/sessions/run/watch-network.ts";

/** A running session, and what its executor reports about its network. */
function runningSession() {
  const lines: unknown[] = [];
  const updates: unknown[] = [];
  const over = new AbortController();
  let report: NetworkOptions["onChange"] = () => undefined;
  const parts = {
    host: {
      executor: {
        followNetwork: (_job: unknown, _ref: string, { onChange }: NetworkOptions) => {
          report = onChange;
          return Promise.resolve();
        },
      },
    },
    job: {},
    record: {
      document: { warnings: ["Before."] },
      update: (...update: unknown[]) => Promise.resolve(updates.push(update)),
    },
    standing: {
      oweLine: (...line: unknown[]) => lines.push(line),
      settleInTime: () => Promise.resolve(),
    },
    log: pino({ level: "silent" }),
  } as unknown as SessionParts;
  watchNetwork(parts, "container", { isEarlierDaemons: false, signal: over.signal });
  return { lines, updates, over, report: (...change: Parameters<typeof report>) => report(...change) };
}

describe("the network of a running session", () => {
  it("that was gone is journaled, with a warning in the record", () => {
    const { lines, updates, report } = runningSession();
    report({ kind: "restored" });
    const warning = expect.stringContaining("were cut, and are missing");
    expect(lines).toEqual([["network_restored", { warnings: [warning] }]]);
    expect(updates).toEqual([[{ warnings: ["Before.", warning] }, { persist: false }]]);
  });

  it("that is lost is journaled with the reason", () => {
    const { lines, report } = runningSession();
    report({ kind: "lost", why: "port 8791 is taken." });
    expect(lines).toEqual([
      ["network_lost", { warnings: [expect.stringMatching(/reached nothing: port 8791 is taken\.$/)] }],
    ]);
  });

  it("that goes with the command is no change", () => {
    const { lines, over, report } = runningSession();
    over.abort();
    report({ kind: "lost", why: "its container has ended" });
    expect(lines).toEqual([]);
  });
});
