import { describe, expect, it } from "vitest";
import { statusLine } from "../../../src/daemon/process/status-line.ts";
import type { SessionState } from "../../../src/session-document.ts";

function lineOf(closed: boolean, ...states: SessionState[]): string {
  const openSessions = states.map((state) => ({ view: () => ({ state }) }));
  return statusLine({ closed, openSessions });
}

describe("the status line of a daemon", () => {
  it("counts the open sessions by their state, those that are furthest first", () => {
    expect(lineOf(false, "running", "queued", "running", "preparing")).toBe(
      "ready: 2 running, 1 preparing, 1 queued",
    );
  });

  it("says that there are none", () => {
    expect(lineOf(false)).toBe("ready: no sessions");
  });

  it("says that the daemon takes no new ones", () => {
    expect(lineOf(true, "finishing")).toBe("ending: 1 finishing");
  });
});
