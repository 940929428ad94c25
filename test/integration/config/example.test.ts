import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../../src/config/load.ts";
import { ConfigFile, HOST } from "../../kit/config-under-test.ts";
import { schemaKeys } from "../../kit/schema-keys.ts";

const EXAMPLE = resolve(import.meta.dirname, "../../../examples/agentd.toml");
const FIRST = resolve(import.meta.dirname, "../../../examples/first.toml");

describe("examples/agentd.toml", () => {
  it("is a valid configuration", async () => {
    const config = await loadConfig(EXAMPLE, HOST);
    expect(config.profiles.map(({ name }) => name)).toEqual(["site-builder", "reviewer"]);
  });

  it("is valid with every key that it shows in a comment", async () => {
    const text = await readFile(EXAMPLE, "utf8");
    const file = await ConfigFile.create();
    try {
      const shown = text.replaceAll(/^#(\w+ = |\[)/gm, "$1");
      expect(shown.split("\n").filter((line) => /^read_only = /.test(line))).toHaveLength(3);
      const { daemon } = await file.load(shown);
      expect(daemon.auditRoot).toBe("/srv/agentd/audit");
    } finally {
      await file.remove();
    }
  });

  it("shows every key of the schema", async () => {
    const text = await readFile(EXAMPLE, "utf8");
    const keys = schemaKeys().map(({ key }) => key);
    expect(keys).toContain("audit_root");
    expect(keys.filter((key) => !new RegExp(`^#?(\\[+(\\w+\\.)*)?${key}\\b`, "m").test(text))).toEqual([]);
  });
});

describe("examples/first.toml", () => {
  it("is a valid configuration with one profile, which does not run by itself", async () => {
    expect((await loadConfig(FIRST, HOST)).profiles).toMatchObject([{ name: "hello", schedule: undefined }]);
  });

  it("is valid with all that it shows in comments", async () => {
    const shown = (await readFile(FIRST, "utf8")).replaceAll(/^#(\w+ = |\[)/gm, "$1");
    const file = await ConfigFile.create();
    try {
      const { daemon, profiles } = await file.load(shown);
      expect(daemon.memoryBudgetBytes).toBe(8 * 1024 ** 3);
      expect(profiles.map(({ name }) => name)).toEqual(["hello", "site-builder", "gardener"]);
      expect(profiles[1]?.credentials).toHaveLength(1);
    } finally {
      await file.remove();
    }
  });
});
