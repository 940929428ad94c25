import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import * as z from "zod";
import { OpenIndex } from "../../../src/audit/open/open-index.ts";
import { loadConfig } from "../../../src/config/load.ts";
import type { Profile } from "../../../src/profile/profile.ts";
import { readPlan, sessionPlanSchema } from "../../../src/sessions/state/plan.ts";
import { HOST } from "../../kit/config-under-test.ts";
import { NEW_DOCUMENT } from "../../kit/record-document.ts";

type JsonSchema = z.core.JSONSchema.BaseSchema;

const SCHEMA = z.toJSONSchema(sessionPlanSchema);

/** A value for every key of a schema, optional ones included; no two texts or numbers are equal. */
function everything(schema: JsonSchema, path = "plan"): unknown {
  if (schema.enum !== undefined) return schema.enum.at(-1);
  // The last form of several is the one with keys.
  if (schema.anyOf !== undefined) return everything(schema.anyOf.at(-1) as JsonSchema, path);
  const { type } = schema as { readonly type?: string | readonly string[] };
  switch (typeof type === "string" ? type : type?.at(-1)) {
    case "string":
      return `the ${path}`;
    case "integer":
    case "number":
      return 1000 + path.length;
    case "boolean":
      return true;
    case "array":
      return [everything(schema.items as JsonSchema, `${path}[]`)];
    case "object": {
      if (schema.properties === undefined) {
        return { [`a key of ${path}`]: everything(schema.additionalProperties as JsonSchema, `${path}.*`) };
      }
      return Object.fromEntries(
        Object.entries(schema.properties).map(([key, value]) => [
          key,
          everything(value as JsonSchema, `${path}.${key}`),
        ]),
      );
    }
    default:
      throw new Error(`${path} has a type that this test cannot make a value of: ${String(schema.type)}`);
  }
}

/** Every table of a plan that has keys of its own, as a path of keys. */
const TABLES: readonly (readonly (string | number)[])[] = [
  [],
  ["profile"],
  ["profile", "mounts", 0],
  ["profile", "credentials", 0],
  ["profile", "volumes", 0],
  ["profile", "files", 0],
  ["profile", "mcpServers", 0],
  ["profile", "webhooks", 0],
  ["profile", "allow", 0],
  ["profile", "git"],
  ["profile", "llm"],
  ["profile", "llm", "providers", 0],
  ["profile", "llm", "prices", 0],
  ["profile", "llm", "prices", 0, "tiers", 0],
];

/** Writes a plan to the open index and reads it as the next daemon does. */
async function throughTheIndex(plan: unknown): Promise<unknown> {
  const directory = await mkdtemp(join(tmpdir(), "agentd-plan-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const id = "a".repeat(16);
  const document = { ...NEW_DOCUMENT, session_id: id };
  await new OpenIndex(directory).add({ id, directory: "/d", requestId: "r", document, plan });
  const { entries } = await new OpenIndex(directory).list();
  return readPlan(entries[0]?.plan);
}

/** A copy with a key that no schema has. */
function withStrangeKey(plan: unknown, table: readonly (string | number)[]): unknown {
  const copy = structuredClone(plan);
  const target = table.reduce((part, key) => (part as Record<string | number, unknown>)[key], copy);
  (target as Record<string, unknown>)["egress"] = ["only.example"];
  return copy;
}

/** Keys that came after the version before this one. */
const ADDED = {
  exitCodes: {},
  onStall: "warn",
  readOnlyRoot: false,
  ulimits: {},
  devices: [],
  capAdd: [],
  exceptions: [],
  keep: "never",
  keepForMs: 86_400_000,
  redact: "seal",
  after: [],
  schedules: [],
  webhooks: [],
  allow: [],
  artifacts: [],
  volumes: [],
  files: [],
  skills: [],
  mcpServers: [],
  workspace: "clone",
  ignore: [],
  directoryLimitBytes: 2_147_483_648,
  placement: "local",
};

describe("the plan of a session", () => {
  it("has every key of its schema when the next daemon reads it from the open index", async () => {
    const plan = everything(SCHEMA);
    expect(await throughTheIndex(plan)).toEqual(plan);
  });

  it("keeps every key that a profile of the configuration has", async () => {
    const example = resolve(import.meta.dirname, "../../../examples/agentd.toml");
    const [profile] = (await loadConfig(example, HOST)).profiles;
    const keys = Object.keys(profile as Profile);
    const profileSchema = (SCHEMA.properties as Record<string, JsonSchema>)["profile"];
    expect(keys.filter((key) => !Object.hasOwn(profileSchema?.properties ?? {}, key))).toEqual([]);
    const plan = { profile, timeoutMs: profile?.timeoutMs, logLimitBytes: 1 };
    expect(await throughTheIndex(sessionPlanSchema.parse(plan))).toEqual(plan);
  });

  it.each(TABLES.map((table) => [table]))(
    "is refused with an unknown key in %j, which it names",
    async (table) => {
      const plan = withStrangeKey(everything(SCHEMA), table);
      await expect(throughTheIndex(plan)).rejects.toThrow('"egress"');
    },
  );

  it("reads as the version before this one has written it", async () => {
    const plan = {
      profile: {
        name: "site-builder",
        baseImage: "localhost/agent:latest",
        pull: "missing",
        command: ["/bin/sh", "agent.sh"],
        repo: "https://git.example/site.git",
        schedule: "*/30 * * * *",
        missed: "skip",
        catchupWindowMs: 86_400_000,
        overlap: "allow",
        jitterMs: 0,
        graceMs: 10_000,
        network: "private",
        pids: 2048,
        env: { MODE: "fast" },
        credentials: [{ name: "TOKEN", source: "SITE_TOKEN" }],
        mounts: [{ source: "/srv/data", target: "/data", readOnly: true, relabel: "none" }],
      },
      logLimitBytes: 1_073_741_824,
    };
    expect(await throughTheIndex(plan)).toEqual({ ...plan, profile: { ...plan.profile, ...ADDED } });
  });
});
