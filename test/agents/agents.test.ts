/** Real agents in sessions that reach language models and nothing else. Providers are a mock that others maintain. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSandbox, type Sandbox } from "../kit/agentd.mjs";
import { recordsIn } from "../kit/house/records.ts";
import { imageReference } from "../kit/images.mjs";
import { makeRepository } from "../kit/repositories.mjs";
import { allProcesses, makeSecret, searchFiles, traces } from "../kit/secrets.mjs";
import { AGENTS, MOUNTED } from "./agents.ts";
import { agentsDirectory, versionOf } from "./install.mjs";
import { PRICE, type Provider, startProvider, THREE_ANSWERS, TURNS, WRITTEN } from "./provider.ts";

const taskOf = (profile: string): string =>
  `Add a greeting to the repository in /home/${profile}/repo, and commit it.`;

describe.each(AGENTS)("$name", (agent) => {
  const [key, revoked] = [makeSecret(), makeSecret()];
  const begun = Date.now();
  const verdicts: string[] = [];
  let sandbox: Sandbox;
  let provider: Provider;
  let whileItRan: string[] | undefined;
  beforeAll(async () => {
    sandbox = await createSandbox();
    provider = await startProvider(agent, key, async () => {
      whileItRan = await placesOf(key);
    });
    const repository = join(sandbox.directory, "demo.git");
    await makeRepository(repository);
    const offered = { dialect: agent.dialect, base_url: provider.url };
    const shared = {
      repo: repository,
      base_image: imageReference({ name: "debian-agents" }),
      network: "allowlist",
      allow: [],
      // Bounds how long a hang lasts.
      timeout: "3m",
      command: [...agent.command],
      files: (agent.files ?? []).map((file) => ({ ...file })),
      env: { ...agent.env },
      mounts: [{ source: await agentsDirectory(), target: MOUNTED, read_only: true }],
    };
    await sandbox.writeConfig({
      llm: {
        providers: [
          { name: "mock", key_source: "PROVIDER_KEY", ...offered },
          { name: "revoked", key_source: "REVOKED_KEY", ...offered },
        ],
        prices: [PRICE],
      },
      profiles: [
        { name: agent.name, llm: { providers: ["mock"], max_usd: 5 }, ...shared },
        { name: "poor", llm: { providers: ["mock"], max_usd: THREE_ANSWERS }, ...shared },
        { name: "refused", llm: { providers: ["revoked"], max_usd: 5 }, ...shared },
      ],
    });
    await sandbox.startDaemon({ env: { PROVIDER_KEY: key, REVOKED_KEY: revoked } });
  });
  afterAll(async () => {
    console.log([`${agent.name} ${await versionOf(agent.package)}`, ...verdicts].join("\n  "));
    await provider.close();
    await sandbox.close();
  });

  it("does a task of several turns with tool calls, and commits", async () => {
    const { document, story, record } = await run(agent.name);
    expect(document, story).toMatchObject({
      outcome: "success",
      llm: { refused: 0, exact: true },
      egress: { allowed: [] },
    });
    expect(document.llm?.requests).toBeGreaterThanOrEqual(TURNS);
    expect(await readFile(join(record, "work/changes.patch"), "utf8"), story).toContain(
      `+${WRITTEN.content}`,
    );
    expect(await readFile(join(record, "work/summary.json"), "utf8"), story).toContain(WRITTEN.message);
    expect(whileItRan).toEqual([]);
    expect(await placesOf(key)).toEqual([]);
  });

  it("stops when its budget is spent in the middle of a task", async () => {
    const { document, story, exitCode } = await run("poor");
    expect(document.outcome, story).toBe("budget_exhausted");
    expect(exitCode).toBe(122);
    expect(document.cause).toContain("max_usd");
    expect(document.llm?.requests).toBeGreaterThan(1);
    expect(document.llm?.usd).toBeLessThanOrEqual(THREE_ANSWERS);
  });

  it("ends as llm_refused when its key was revoked", async () => {
    const { document, story, exitCode } = await run("refused");
    expect(document.outcome, story).toBe("llm_refused");
    expect(exitCode).toBe(119);
    expect(document.cause).toContain("HTTP 401");
    expect(await placesOf(revoked)).toEqual([]);
  });

  async function run(name: string) {
    const { exitCode, stdout, stderr } = await sandbox.run(["run", name, "--request", taskOf(name)]);
    const record = (await recordsIn(sandbox.auditRoot)).find(({ path }) => path.includes(`/${name}/`));
    if (record === undefined) throw new Error(`no session of ${name}: ${stderr}`);
    const document = await record.document();
    const ledger = await readFile(join(record.path, "agentd/llm.jsonl"), "utf8");
    const { outcome, start_timestamp: start, end_timestamp: end } = document;
    const [refusal] = ledger.split("\n").filter((line) => line.includes('"kind":"refused"'));
    verdicts.push(
      refusal === undefined
        ? `${outcome}, ${secondsBetween(start, end)} s after its start`
        : `${outcome}, ${secondsBetween((JSON.parse(refusal) as { time: string }).time, end)} s after the refusal`,
    );
    const story = [stdout.toString(), stderr, ledger, JSON.stringify(document)].join("\n");
    return { document, story, exitCode, record: record.path };
  }

  /** The files and command lines of this host with a secret in any form; the daemon has it in its environment. */
  async function placesOf(secret: string): Promise<string[]> {
    const texts = traces(secret).map(({ text }) => text);
    const { containers, directory } = sandbox;
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

function secondsBetween(from: string | null, to: string | null): string {
  return ((Date.parse(to ?? "") - Date.parse(from ?? "")) / 1_000).toFixed(1);
}
