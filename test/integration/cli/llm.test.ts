import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { recordPaths } from "../../../src/audit/format/record-layout.ts";
import type { CheckResult, DoctorReport } from "../../../src/cli/doctor/check.ts";
import { SessionLedger } from "../../../src/llm/ledger/session-ledger.ts";
import type { SessionLlm } from "../../../src/session-document.ts";
import { startModelServer } from "../../kit/model-server.ts";
import { SUCCESS } from "../../kit/record-document.ts";
import { makeSecret } from "../../kit/secrets.mjs";
import { makeOpenRecord } from "../../kit/work-record.ts";
import { agentd } from "./installed-cli.ts";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "agentd-llm-home-"));
});
afterEach(async () => {
  await execa("chmod", ["-R", "u+rwX", home]);
  await rm(home, { recursive: true });
});

/** The operator's configuration: a provider, and a profile that uses it. */
async function configure(baseUrl: string, more = ""): Promise<void> {
  const directory = join(home, ".config/agentd");
  await mkdir(directory, { recursive: true });
  await writeFile(
    join(directory, "agentd.toml"),
    `[[llm.providers]]
name = "house"
dialect = "anthropic"
base_url = ${JSON.stringify(baseUrl)}
key_source = "HOUSE_KEY"
${more}
[[profiles]]
name = "site-builder"
base_image = "localhost/nowhere"
command = ["true"]
[profiles.llm]
providers = ["house"]
`,
  );
}

describe("agentd doctor --network", () => {
  async function provider(): Promise<CheckResult | undefined> {
    const { stdout } = await agentd(home, "doctor", "--network", "--json");
    return (JSON.parse(stdout) as DoctorReport).checks.find(({ name }) => name === "provider");
  }

  async function writeKey(key: string): Promise<void> {
    const file = join(home, ".config/agentd/credentials.env");
    await writeFile(file, `HOUSE_KEY=${key}\n`, { mode: 0o600 });
  }

  it("says that a provider answers the key, that it refuses it, and that it is away", async () => {
    const key = makeSecret();
    const server = await startModelServer(key);
    onTestFinished(() => server.close());
    await configure(server.url);
    expect(await provider()).toBeUndefined(); // Without a key there is nothing to ask with.
    await writeKey(key);
    expect(await provider()).toMatchObject({
      profile: "site-builder",
      status: "ok",
      summary: "house answers, with 1 model",
    });
    expect(server.lastHeaders()).toMatchObject({ "x-api-key": key, "anthropic-version": "2023-06-01" });
    server.keys.clear();
    const refused = await provider();
    expect(refused).toMatchObject({
      status: "failure",
      summary: `${server.url}/v1/models refuses the key in HOUSE_KEY (401)`,
    });
    expect(refused?.fix).toContain("HOUSE_KEY=…");
    server.close();
    const away = await provider();
    expect(away).toMatchObject({ status: "failure", fix: 'check base_url of the provider "house"' });
    expect(away?.summary).toContain(`${server.url}/v1/models cannot be reached: `);
    expect(JSON.stringify([refused, away])).not.toContain(key);
  });
});

describe("agentd usage", () => {
  const used = (fields: Partial<SessionLlm> = {}): SessionLlm => ({
    requests: 2,
    refused: 1,
    input_tokens: 1_000,
    cached_tokens: 20_000,
    output_tokens: 300,
    reasoning_tokens: 100,
    usd: 0.5,
    models: ["big"],
    exact: true,
    ...fields,
  });

  async function sealed(llm: SessionLlm | null): Promise<void> {
    const record = await makeOpenRecord(home);
    await record.seal({ ...SUCCESS, llm });
    await record.retire();
  }

  /** A session that runs: two requests, of which one has no known price, and one that has not ended. */
  async function running(): Promise<string> {
    const record = await makeOpenRecord(home);
    const path = recordPaths(record.directory).llm;
    const ledger = await SessionLedger.open({ path, now: () => Date.UTC(2026, 1, 3) });
    const ask = async (model: string) =>
      ledger.reserve({
        ...{
          provider: "house",
          route: "messages",
          model,
          stream: true,
          bytes: 10,
          cap_asked: 5,
          cap_sent: 5,
        },
        ...{ reserved_tokens: 100, reserved_nano: 250_000_000, price_source: "operator", unbounded: [] },
      });
    for (const [model, nano] of [
      ["small", 1_500_000],
      ["unknown", null],
    ] as const) {
      await ledger.settle(await ask(model), {
        ...{ status: 200, model_answered: model, duration_ms: 1, first_token_ms: 1, request_id: null },
        ...{
          input_tokens: 10,
          cached_tokens: 0,
          cache_write_tokens: 5,
          output_tokens: 20,
          reasoning_tokens: 0,
        },
        ...{ nano, settlement: "reported" },
      });
    }
    await ask("small");
    await ledger.close();
    return record.id;
  }

  it("adds up sealed sessions and those that run, and prints nothing of those without models", async () => {
    await sealed(null);
    const none = await agentd(home, "usage");
    expect(none).toMatchObject({ exitCode: 0, stdout: "", stderr: "" });
    await sealed(used());
    await sealed(used({ usd: 0.25, models: ["small"] }));
    const id = await running();
    const { exitCode, stdout } = await agentd(home, "usage", "--by", "model");
    expect(exitCode).toBe(0);
    expect(stdout.split("\n").slice(0, 4)).toEqual([
      "MODEL    SESSIONS  REQUESTS  REFUSED  INPUT  CACHED  OUTPUT  COST",
      "small    2         4         1        1.0k   20k     320     $0.5015",
      "big      1         2         1        1.0k   20k     300     $0.5000",
      "unknown  1         1         0        15     0       20      unknown",
    ]);
    expect(stdout).toMatch(/\ntotal +3 +7 +2 +2\.0k +40k +640 +\$.*\+\n$/);
    const { stdout: json } = await agentd(home, "usage", "--by", "session", "--json");
    const { rows, total, unreadable } = JSON.parse(json) as Record<string, object[]>;
    expect(rows).toContainEqual(expect.objectContaining({ session: id, requests: 3, usd: null }));
    expect(total).toMatchObject({ sessions: 3, requests: 7, has_unknown_cost: true });
    expect(unreadable).toEqual([]);
  });

  it("counts only what the options ask for, and says which record it cannot count", async () => {
    await sealed(used());
    const rowsOf = async (...options: string[]): Promise<unknown> => {
      const { stdout } = await agentd(home, "usage", "--json", ...options);
      return (JSON.parse(stdout) as { rows: unknown }).rows;
    };
    expect(await rowsOf("--profile", "other")).toEqual([]);
    expect(await rowsOf("--until", "2020-01-01T00:00:00Z")).toEqual([]);
    expect(await rowsOf("--since", "2020-01-01T00:00:00Z")).toMatchObject([{ profile: "site-builder" }]);
    const broken = await makeOpenRecord(home);
    await mkdir(recordPaths(broken.directory).llm);
    const result = await agentd(home, "usage", "--json");
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain(`${broken.directory} is not counted: `);
    expect(JSON.parse(result.stdout)).toMatchObject({
      total: { sessions: 1 },
      unreadable: [{ record: broken.directory }],
    });
    const wrong = await agentd(home, "usage", "--by", "moon");
    expect(wrong.exitCode).toBe(2);
  });
});

describe("agentd prices", () => {
  it("shows the operator's price before agentd's own, and says whose it is", async () => {
    await configure(
      "http://127.0.0.1:9",
      '[[llm.prices]]\nmodel = "house-*"\ninput = 1.5\noutput = 7\nmax_output = 8000\ncontext = 200000\n',
    );
    const { exitCode, stdout } = await agentd(home, "prices", "house-large");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^PROVIDER +ENTRY +INPUT /);
    expect(stdout).toMatch(/\nhouse +house-\* +\$1\.5 .* \$7 /);
    const json = await agentd(home, "prices", "house-large", "--json");
    expect(JSON.parse(json.stdout)).toMatchObject({
      model: "house-large",
      prices: [
        {
          provider: "house",
          entry: "house-*",
          max_output: 8000,
          context: 200_000,
          rates: [{ above: 0, input: "1.5" }],
        },
      ],
    });
  });

  it("without a configuration asks the dialects' own providers, and knows no price of a model that is none", async () => {
    const known = await agentd(home, "prices", "claude-sonnet-4-5");
    expect(known).toMatchObject({ exitCode: 0, stderr: "" });
    expect(known.stdout).toMatch(/\nanthropic +claude-sonnet-4-5 /);
    const none = await agentd(home, "prices", "no-such-model");
    expect(none).toMatchObject({ exitCode: 1, stdout: "" });
    expect(none.stderr).toContain('agentd: cannot find what "no-such-model" costs');
    expect(none.stderr).toContain("[price_unknown]");
    expect(none.stderr).toContain("[[llm.prices]]");
  });
});
