/** One real agent of those that `npm run test:agents` has work: the one whose image is the smallest. */
import { afterEach, describe, expect, it, onTestFailed } from "vitest";
import { AgentAtWork } from "../kit/agents/agent-at-work.ts";
import { TURNS, WRITTEN } from "../kit/agents/provider.ts";

const AGENT = "pi";

let at: AgentAtWork | undefined;

afterEach(async () => {
  await at?.close();
});

describe("a real agent", () => {
  // The first time, its image is made: a minute for Debian's packages, another for npm's.
  it("does a task from an empty home, and its commit comes out", { timeout: 1_200_000 }, async () => {
    at = await AgentAtWork.begin(AGENT);
    const run = await at.run(AGENT);
    onTestFailed(() => console.error(run.story));
    expect(run).toMatchObject({
      exitCode: 0,
      document: { outcome: "success", work: { commits: 1, uncommitted: 0 } },
    });
    expect(run.document.llm?.requests).toBeGreaterThanOrEqual(TURNS);
    expect(run.document.egress).toMatchObject({ allowed: [at.allowed.host] });
    const patch = await at.desk.type(["diff", AGENT]);
    expect(patch).toContain(`+${WRITTEN.content.trimEnd()}`);
  });
});
