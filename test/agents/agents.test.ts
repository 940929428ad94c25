/** Real agents in sessions that reach language models and nothing else. Providers are a mock that others maintain. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSandbox, type Sandbox } from "../kit/agentd.mjs";
import { recordsIn } from "../kit/house/records.ts";
import { imageReference } from "../kit/images.mjs";
import { makeRepository } from "../kit/repositories.mjs";
import { readJournal, readSession } from "../kit/records.mjs";
import { allProcesses, makeSecret, searchFiles, traces } from "../kit/secrets.mjs";
import { type Agent, AGENTS, MOUNTED } from "./agents.ts";
import { agentsDirectory } from "./install.mjs";
import { PRICE, type Provider, startProvider, THREE_ANSWERS, TURNS, WRITTEN } from "./provider.ts";

const TASK = "Add a greeting to this repository, and commit it.";

describe.each(AGENTS)("$name", (agent) => {
  const [key, revoked] = [makeSecret(), makeSecret()];
  const begun = Date.now();
  let sandbox: Sandbox;
  let provider: Provider;
  let findings: string[] | undefined;
  beforeAll(async () => {
    sandbox = await createSandbox();
    provider = await startProvider(agent, key, async () => {
      findings = await placesOf(key);
    });
    const repository = join(sandbox.directory, "demo.git");
    await makeRepository(repository);
    const packages = await agentsDirectory();
    const offered = { dialect: agent.dialect, base_url: provider.url };
    await sandbox.writeConfig({
      llm: {
        providers: [
          { name: "mock", key_source: "PROVIDER_KEY", ...offered },
          { name: "revoked", key_source: "REVOKED_KEY", ...offered },
        ],
        prices: [PRICE],
      },
      profiles: [
        profile(agent.name, { providers: ["mock"], max_usd: 5 }),
        profile("poor", { providers: ["mock"], max_usd: THREE_ANSWERS }),
        profile("refused", { providers: ["revoked"], max_usd: 5 }),
      ],
    });
    await sandbox.startDaemon({ env: { PROVIDER_KEY: key, REVOKED_KEY: revoked } });

    function profile(name: string, llm: { readonly providers: string[]; readonly max_usd: number }) {
      return {
        name,
        llm,
        repo: repository,
        base_image: imageReference({ name: "debian-agents" }),
        network: "allowlist",
        allow: [],
        timeout: "3m",
        command: [...agent.command],
        files: (agent.files ?? []).map((file) => ({ ...file })),
        env: { ...agent.env },
        mounts: [{ source: packages, target: MOUNTED, read_only: true }],
      };
    }
  });
  afterAll(async () => {
    await writeFile(`/tmp/cli-dump/${agent.name}.json`, JSON.stringify(provider.bodies(), null, 1));
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
    expect(provider.statuses().filter((status) => status === 200).length).toBeGreaterThanOrEqual(TURNS);
    expect(await readFile(join(record, "work/changes.patch"), "utf8")).toContain(`+${WRITTEN.content}`);
    const summary = await readFile(join(record, "work/summary.json"), "utf8");
    expect(summary).toContain(WRITTEN.message);
    expect(findings).toEqual([]);
    expect(await placesOf(key)).toEqual([]);
  });

  it("stops when its budget is spent in the middle", async () => {
    const { document, story } = await run("poor");
    expect(document.outcome, story).toBe("budget_exhausted");
    expect(document.cause).toContain("max_usd");
    expect(document.llm?.requests).toBeGreaterThan(1);
    expect(document.llm?.usd).toBeLessThanOrEqual(THREE_ANSWERS);
  });

  it("ends as llm_refused when its key was revoked", async () => {
    const { document, story } = await run("refused");
    expect(document.outcome, story).toBe("llm_refused");
  });

  async function run(name: string) {
    const { stdout, stderr } = await sandbox.run(["run", name, "--request", TASK]);
    const records = await recordsIn(sandbox.auditRoot);
    const record = records.find(({ path }) => path.includes(`/${name}/`))?.path ?? "";
    const [document, journal] = [await readSession(record), await readJournal(record)];
    const ledger = await readFile(join(record, "agentd/llm.jsonl"), "utf8");
    await writeFile(`/tmp/cli-dump/${agent.name}-${name}.txt`, [stdout.toString(), stderr, ledger, journal.map((line) => JSON.stringify(line)).join("\n"), JSON.stringify(document)].join("\n"));
    const story = [stdout.toString(), stderr, ledger, journal.map((line) => JSON.stringify(line)).join("\n"), JSON.stringify(document)].join("\n");
    return { document, story, record };
  }

  /** The files and command lines with the key; the daemon has it in its environment. */
  async function placesOf(secret: string): Promise<string[]> {
    const texts = traces(secret).map(({ text }) => text);
    const { containers, directory } = sandbox;
    const files = await searchFiles(containers, {
      directories: [directory, containers.runtimeDirectory, containers.cacheDirectory],
      texts,
      sinceMs: begun,
    });
    const lines = (await allProcesses()).map(({ commandLine }) => commandLine);
    return [...files.map(({ path }) => path), ...lines.filter((line) => texts.some((text) => line.includes(text)))];
  }
});
