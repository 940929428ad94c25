import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { loadConfig } from "../../../src/config/load.ts";
import { configSchema } from "../../../src/config/schema.ts";

const EXAMPLE = resolve(import.meta.dirname, "../../../examples/agentd.toml");

describe("examples/agentd.toml", () => {
  it("is a valid configuration", async () => {
    const config = await loadConfig(EXAMPLE, { cores: 1 });
    expect(config.profiles.map(({ name }) => name)).toEqual(["site-builder", "reviewer"]);
  });

  it("shows every key of the schema", async () => {
    const text = await readFile(EXAMPLE, "utf8");
    const keys = keysOf(z.toJSONSchema(configSchema({ cores: 1 })));
    expect(keys).toContain("audit_root");
    expect(keys.filter((key) => !new RegExp(`^#?(\\[+(\\w+\\.)?)?${key}\\b`, "m").test(text))).toEqual([]);
  });

  it("has a description in the schema for every key but the tables", () => {
    const undescribed = propertiesOf(z.toJSONSchema(configSchema({ cores: 1 }))).filter(
      ([key, { description }]) => description === undefined && key !== "daemon",
    );
    expect(undescribed).toEqual([]);
  });
});

type JsonSchema = z.core.JSONSchema.BaseSchema;

function keysOf(schema: JsonSchema): string[] {
  return propertiesOf(schema).map(([key]) => key);
}

function propertiesOf(schema: JsonSchema): [string, JsonSchema][] {
  const own = Object.entries(schema.properties ?? {}) as [string, JsonSchema][];
  const items = schema.items as JsonSchema | undefined;
  return [...own, ...[...own.map(([, value]) => value), ...(items ? [items] : [])].flatMap(propertiesOf)];
}
