/** Every configuration in the README and the pages is loaded as it stands there; a fragment gets what it leaves out. */
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parse } from "@iarna/toml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../../src/config/load.ts";
import { HOST } from "../../kit/config-under-test.ts";

const CHECKOUT = resolve(import.meta.dirname, "../../..");

interface Block {
  readonly from: string;
  readonly code: string;
  /** The text before it, which may say which file it is. */
  readonly before: string;
}

function blocksOf(file: string): Block[] {
  const text = readFileSync(join(CHECKOUT, file), "utf8");
  return [...text.matchAll(/^ *```toml\n(.*?)^ *```/gms)].map((match) => ({
    from: `${file}:${text.slice(0, match.index).split("\n").length}`,
    code: match[1] ?? "",
    before: text.slice(Math.max(0, match.index - 200), match.index),
  }));
}

const docs = readdirSync(join(CHECKOUT, "docs")).filter((name) => name.endsWith(".md"));
const blocks = ["README.md", ...docs.map((name) => `docs/${name}`)].flatMap(blocksOf);
const isDefinition = ({ code }: Block): boolean => "profile" in parse(code);
/** Podman's own file. */
const isPodmans = ({ code }: Block): boolean => "engine" in parse(code);
const definitions = blocks.filter(isDefinition);
const configurations = blocks.filter((block) => !isDefinition(block) && !isPodmans(block));

/** What profiles need, where a page shows a part of one. */
function completed(code: string): string {
  // Before the first table, keys are those of a profile.
  const start = /^(?:#.*\n)*\s*\w+ = /.test(code) ? "[[profiles]]\n" : "";
  const isPart = !code.includes("[[profiles]]") && start === "";
  const text = isPart ? `[[profiles]]\n${code}` : start + code;
  const profiles = /\[\[profiles\]\]\n((?:(?!\[).*\n)*)/.exec(text)?.[1] ?? "";
  const lacks = (key: string): boolean => !new RegExp(`^\\s*${key} = `, "m").test(profiles);
  const added = [
    lacks("name") ? 'name = "demo"' : "",
    lacks("base_image") && lacks("agent") ? 'base_image = "localhost/demo"' : "",
    lacks("command") && lacks("agent") ? 'command = ["true"]' : "",
  ].filter(Boolean);
  return text.replace("[[profiles]]", ["[[profiles]]", ...added].join("\n"));
}

let home: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "agentd-pages-"));
  const agents = join(home, ".config/agentd/agents");
  await mkdir(agents, { recursive: true });
  for (const { code, before } of definitions) {
    const name = /agents\/(\w+)\.toml/.exec(before)?.[1] ?? "robot";
    await writeFile(join(agents, `${name}.toml`), code);
  }
});
afterAll(async () => {
  await rm(home, { recursive: true });
});

async function load(code: string) {
  const file = join(home, "agentd.toml");
  await writeFile(file, code);
  return await loadConfig(file, { ...HOST, home, env: { ...HOST.env, HOME: home } });
}

describe("a configuration on a page", () => {
  it("is found", () => {
    expect(configurations.length).toBeGreaterThan(14);
  });

  it.each(configurations)("is loaded: $from", async ({ code }) => {
    expect((await load(completed(code))).profiles.length).toBeGreaterThan(0);
  });
});

describe("a definition of an agent on a page", () => {
  it.each([["todo"], ["robot"]])("is loaded by a profile: %s", async (agent) => {
    expect(definitions.length).toBe(2);
    const { profiles } = await load(`[[profiles]]\nname = "demo"\nagent = "${agent}"\nrequest = "x"\n`);
    expect(profiles).toHaveLength(1);
  });
});
