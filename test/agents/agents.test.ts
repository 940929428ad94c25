/** Real agents as a person has them work, in sessions that reach language models and what their profile allows. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { spanText } from "../../src/cli/words/time-text.ts";
import type { WorkSummary } from "../../src/work/summary.ts";
import { AgentAtWork, type AgentOptions, POOR, REFUSED, runText } from "../kit/agents/agent-at-work.ts";
import { MCP_TOOL, SKILL_DESCRIPTION } from "../kit/agents/gifts.ts";
import { THREE_ANSWERS, TURNS, WRITTEN } from "../kit/agents/provider.ts";
import { allProcesses, searchFiles, traces } from "../kit/secrets.mjs";

interface Case extends AgentOptions {
  readonly agent: string;
  readonly title: string;
}

const CASES: readonly Case[] = [
  ...["pi", "codex", "gemini", "claude", "opencode"].map((agent) => ({ agent, title: agent })),
  {
    agent: "opencode",
    title: "opencode with models of Anthropic",
    dialect: "anthropic",
    keys: { command: ["opencode", "run", "--auto", "-m", "anthropic/claude-sonnet-4-5", "$AGENTD_REQUEST"] },
  },
];

describe.each(CASES)("$title", ({ agent, title, ...options }) => {
  const begun = Date.now();
  const told: string[] = [];
  let passed = 0;
  let at: AgentAtWork;
  let close = async () => {};
  beforeAll(async () => {
    at = await AgentAtWork.begin(agent, options);
    close = () => at.close();
    told.push(at.imageText);
  });
  afterEach(({ task }) => {
    if (task.result?.state === "pass") passed += 1;
  });
  afterAll(async () => {
    console.log([`${title}: ${passed === 3 ? "passed" : "FAILED"}`, ...told].join("\n  "));
    await close();
  });

  it("does a task of several turns with tool calls, and its commit comes out", async () => {
    const { desk, key, allowed, denied } = at;
    let whileItRan: readonly string[] = ["nothing was looked for"];
    const runBegun = performance.now();
    const run = await at.run(agent, async () => {
      whileItRan = await placesOf(key);
    });
    const patch = await desk.type(["diff", agent]);
    const took = performance.now() - runBegun;
    told.push(
      `work: ${runText(run)}; ${spanText(at.setUpMs + took)} from \`agentd init\` to \`agentd diff\``,
    );
    const { document, story } = run;
    expect(document, story).toMatchObject({
      outcome: "success",
      work: { commits: 1, uncommitted: 0 },
      llm: { refused: 0, exact: true },
      egress: { allowed: [allowed.host], denied: expect.arrayContaining([denied.host]) },
      exceptions: [],
    });
    expect(document.llm?.requests).toBeGreaterThanOrEqual(TURNS);
    expect(patch, story).toContain(`+${WRITTEN.content.trimEnd()}`);
    const summary = JSON.parse(await readFile(join(run.record, "work/summary.json"), "utf8")) as WorkSummary;
    expect(summary.commits).toMatchObject([
      { author: expect.stringMatching(`^${agent} <${agent}@`) as string, subject: WRITTEN.message },
    ]);
    const shown = await desk.type(["show", agent]);
    expect(shown).toMatch(/^ *llm +\d+ requests, .*\$0\.1\d+, of /m);
    expect(shown).toMatch(/^ *egress +\d+ hosts?, \d+ denied: /m);
    told.push(...shown.split("\n").filter((line) => /^ *(?:llm|egress) /.test(line)));
    expect(await at.found(run, "allowed")).toBe("the world");
    expect(await at.found(run, "denied")).toContain("allow");
    expect([allowed.connections(), denied.connections()]).toEqual([1, 0]);
    expect(await at.found(run, "root")).toContain("Read-only file system");
    expect(at.requests.includes(SKILL_DESCRIPTION), story).toBe(true);
    // An agent may begin before its server answers, and offer the tool only in a later request.
    if (desk.definition.mcp !== undefined) expect(at.requests.includes(MCP_TOOL), story).toBe(true);
    expect(document.home_files.map(({ target }) => target)).toContain(`${desk.definition.skills}/greet`);
    // Without a price, a budget in dollars would refuse its very first request.
    for (const model of document.llm?.models ?? []) await desk.priceOf(model);
    // The person's own file has it, and no other place.
    expect(whileItRan).toEqual([desk.credentialsFile]);
    expect(await placesOf(key)).toEqual([desk.credentialsFile]);
  });

  it("stops when its budget is spent in the middle of a task", async () => {
    const run = await at.run(POOR);
    told.push(`budget: ${runText(run)}`);
    const { document, story, exitCode } = run;
    expect(document.outcome, story).toBe("budget_exhausted");
    expect(exitCode).toBe(122);
    expect(document.cause).toContain("max_usd");
    expect(document.llm?.requests).toBeGreaterThan(1);
    expect(document.llm?.usd).toBeLessThanOrEqual(THREE_ANSWERS);
  });

  it("ends as llm_refused when its key was revoked", async () => {
    const run = await at.run(REFUSED);
    told.push(`key: ${runText(run)}`);
    const { document, story, exitCode } = run;
    expect(document.outcome, story).toBe("llm_refused");
    expect(exitCode).toBe(119);
    expect(document.cause).toContain("HTTP 401");
    expect(await placesOf(at.revokedKey)).toEqual([at.desk.credentialsFile]);
  });

  /** The files and command lines of this host with a secret in any form; the daemon has it in its environment. */
  async function placesOf(secret: string): Promise<string[]> {
    const texts = traces(secret).map(({ text }) => text);
    const { containers, directory } = at.desk.sandbox;
    const files = await searchFiles(containers, {
      directories: [directory, containers.runtimeDirectory, containers.cacheDirectory],
      texts,
      sinceMs: begun,
    });
    const lines = (await allProcesses()).map(({ commandLine }) => commandLine);
    return [
      ...files.map(({ path }) => path),
      ...lines.filter((line) => texts.some((text) => line.includes(text))),
    ];
  }
});
