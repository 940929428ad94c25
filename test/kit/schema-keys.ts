import * as z from "zod";
import { configSchema } from "../../src/config/schema.ts";

/** A key of the configuration file, from the schema. */
export interface SchemaKey {
  /** As it is written in the file: `[daemon]`, `[[profiles.mounts]]`. */
  readonly table: string;
  readonly key: string;
  readonly type: string;
  /** What is taken where the key is left out; `required` where it must not be. */
  readonly default: string;
  /** Undefined where the schema has no description. */
  readonly meaning: string | undefined;
}

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Every key of every table, in the schema's order; those that are only tables themselves are left out. */
export function schemaKeys(): SchemaKey[] {
  const { daemon, llm, web, notify, sinks, placement, profiles } = properties(
    z.toJSONSchema(configSchema({ cores: 1 }), { io: "input" }),
  );
  const profile = elementOf(profiles!);
  const {
    credentials,
    mounts,
    volumes,
    exceptions,
    files,
    mcp_servers: servers,
    git,
    llm: profileLlm,
    publish,
    schedules,
    retry,
    chain,
    webhooks,
    after,
    records,
  } = properties(profile);
  const { providers, prices } = properties(llm!);
  const price = elementOf(prices!);
  return [
    ...keysOf("[daemon]", daemon!),
    ...keysOf("[[llm.providers]]", elementOf(providers!)),
    ...keysOf("[[llm.prices]]", price),
    ...keysOf("[[llm.prices.tiers]]", elementOf(properties(price)["tiers"]!)),
    ...keysOf("[web]", web!),
    ...keysOf("[[notify]]", elementOf(notify!)),
    ...keysOf("[[sinks]]", elementOf(sinks!)),
    ...keysOf("[placement]", placement!),
    ...keysOf("[[profiles]]", profile),
    ...keysOf("[[profiles.credentials]]", elementOf(credentials!)),
    ...keysOf("[[profiles.volumes]]", elementOf(volumes!)),
    ...keysOf("[[profiles.mounts]]", elementOf(mounts!)),
    ...keysOf("[[profiles.exceptions]]", elementOf(exceptions!)),
    ...keysOf("[[profiles.files]]", elementOf(files!)),
    ...keysOf("[[profiles.mcp_servers]]", elementOf(servers!)),
    ...keysOf("[profiles.git]", git!),
    ...keysOf("[profiles.llm]", profileLlm!),
    ...keysOf("[profiles.publish]", publish!),
    ...keysOf("[profiles.publish.request]", properties(publish!)["request"]!),
    ...keysOf("[profiles.records]", records!),
    ...keysOf("[[profiles.schedules]]", elementOf(schedules!)),
    ...keysOf("[profiles.retry]", retry!),
    ...keysOf("[profiles.chain]", chain!),
    ...keysOf("[[profiles.webhooks]]", elementOf(webhooks!)),
    ...keysOf("[[profiles.after]]", elementOf(after!)),
  ];
}

function keysOf(table: string, schema: JsonSchema): SchemaKey[] {
  return Object.entries(properties(schema)).map(([key, value]) => {
    const [, meaning, inWords] = /^(.*?)(?: Default: (.*)\.)?$/s.exec(value.description ?? "") ?? [];
    return {
      table,
      key,
      type: typeOf(value),
      default: schema.required?.includes(key) === true ? "required" : (inWords ?? defaultOf(value)),
      meaning: meaning === "" ? undefined : meaning,
    };
  });
}

function typeOf(schema: JsonSchema): string {
  if (typeof schema["type_in_words"] === "string") return schema["type_in_words"];
  if (schema.enum !== undefined) return schema.enum.map((value) => code(value)).join(", ");
  if (schema.type === "array") return elementOf(schema).type === "object" ? "tables" : "array of strings";
  return { integer: "whole number", number: "number", boolean: "boolean", string: "string" }[
    schema.type as string
  ]!;
}

function defaultOf({ default: value }: JsonSchema): string {
  const isEmpty =
    value === undefined || (typeof value === "object" && Object.keys(value as object).length === 0);
  return isEmpty ? "none" : code(value);
}

function code(value: unknown): string {
  return `\`${JSON.stringify(value)}\``;
}

function elementOf(schema: JsonSchema): JsonSchema {
  return schema.items as JsonSchema;
}

function properties(schema: JsonSchema): Record<string, JsonSchema> {
  return (schema.properties ?? {}) as Record<string, JsonSchema>;
}
