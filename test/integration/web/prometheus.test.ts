/** The metrics, rules and dashboard by Prometheus' own programs. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { createFamilies } from "../../../src/web/probes/families.ts";
import { freePort } from "../../kit/free-ports.mjs";
import { until } from "../../kit/until.mjs";
import { startWebUnderTest } from "../../kit/web-under-test.ts";

const EXAMPLES = resolve(import.meta.dirname, "../../../examples/prometheus");

describe("examples/prometheus", () => {
  it.each([
    ["check", "config", "prometheus.yml"],
    ["check", "rules", "agentd.rules.yml"],
    ["test", "rules", "agentd.rules.test.yml"],
  ])("is taken by promtool %s %s %s", async (...args) => {
    const { stdout, stderr } = await execa("promtool", args, { cwd: EXAMPLES });
    expect(stdout + stderr).toContain("SUCCESS");
  });

  it("asks for no metric that there is not", async () => {
    const files = ["agentd.rules.yml", "grafana-dashboard.json"];
    const texts = await Promise.all(files.map((file) => readFile(join(EXAMPLES, file), "utf8")));
    const asked = texts.flatMap((text) => text.match(/\bagentd_\w+/g) ?? []);
    const known = createFamilies()
      .registry.getMetricsAsArray()
      .map(({ name }) => name);
    expect(asked.length).toBeGreaterThan(15);
    expect(asked.filter((name) => !known.includes(name.replace(/_bucket$/, "")))).toEqual([]);
  });
});

describe("a Prometheus", () => {
  it("reads the metrics", async () => {
    const web = await startWebUnderTest();
    const directory = await mkdtemp(join(tmpdir(), "agentd-prometheus-"));
    const port = await freePort();
    const config = join(directory, "prometheus.yml");
    await writeFile(
      config,
      `scrape_configs:\n  - job_name: agentd\n    scrape_interval: 1s\n    static_configs: [{targets: ["127.0.0.1:${web.port}"]}]\n`,
    );
    const prometheus = execa(
      "prometheus",
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${directory}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { reject: false },
    );
    try {
      const value = async (query: string): Promise<string | undefined> => {
        const address = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`;
        // While it starts, it answers with a text.
        const answer = await fetch(address)
          .then(async (reply) => (await reply.json()) as { data?: { result: { value: [number, string] }[] } })
          .catch(() => undefined);
        return answer?.data?.result[0]?.value[1];
      };
      await until("agentd_up in Prometheus", async () => (await value("agentd_up")) === "1");
      expect(await value('agentd_sessions{state="running"}')).toBe("2");
    } finally {
      prometheus.kill("SIGKILL");
      await prometheus;
      await rm(directory, { recursive: true });
      await web.close();
    }
  });
});
