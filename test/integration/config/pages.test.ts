/** Every configuration in the README and the pages is one that agentd loads. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type JsonMap, parse, stringify } from "@iarna/toml";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadConfig } from "../../../src/config/load.ts";
import { HOST } from "../../kit/config-under-test.ts";
import { allPages, type Block, blocksOf } from "../../kit/markdown.ts";

/** Podman's, which a page shows for a host. */
const isOfContainersConf = ({ code }: Block): boolean => /^\[engine[\].]/m.test(code);

const BLOCKS = allPages()
  .flatMap(blocksOf)
  .filter((block) => block.language === "toml" && !isOfContainersConf(block));

let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "agentd-pages-"));
  await mkdir(join(home, ".config/agentd/agents"), { recursive: true });
});
afterEach(async () => {
  await rm(home, { recursive: true });
});

/** What a block shows may be a part of a profile. */
function asDocument(code: string): JsonMap {
  const first = code.split("\n").find((line) => line.trim() !== "" && !line.startsWith("#")) ?? "";
  const isPart = !/^\[\[profiles\]\]/m.test(code) && /^(?:[^[]|\[+profiles\.)/.test(first);
  return parse(isPart ? `[[profiles]]\n${code}` : code);
}

/** The keys that a page leaves out, because the ones that it is about are enough. */
function whole(document: JsonMap): JsonMap {
  const profiles = (document["profiles"] ?? [{}]) as JsonMap[];
  return { ...document, profiles: profiles.map(wholeProfile) };
}

function wholeProfile(profile: JsonMap): JsonMap {
  const isAgents = profile["agent"] !== undefined;
  return {
    name: "shown",
    ...(isAgents ? {} : { base_image: "localhost/shown", command: ["shown", "$AGENTD_REQUEST"] }),
    ...(profile["workspace"] === undefined ? { repo: "https://github.com/example/site.git" } : {}),
    ...profile,
  };
}

/** An agent that a page shows in full, by the name of the file that the page gives it. */
async function define(definition: Block): Promise<string> {
  const name = /agents\/(\w+)\.toml/.exec(definition.before)?.[1] ?? "shown";
  await writeFile(join(home, ".config/agentd/agents", `${name}.toml`), definition.code);
  return name;
}

const isDefinition = ({ code }: Block): boolean => /^\[profile\]/m.test(code);

async function load(document: JsonMap) {
  const file = join(home, "agentd.toml");
  await writeFile(file, stringify(document));
  return await loadConfig(file, { ...HOST, env: { ...HOST.env, HOME: home } });
}

describe("configurations of pages", () => {
  it("are found", () => {
    expect(BLOCKS.length).toBeGreaterThan(35);
  });

  it.each(BLOCKS)("are loaded: $page, line $line", async (block) => {
    for (const definition of BLOCKS.filter((each) => each.page === block.page && isDefinition(each))) {
      await define(definition);
    }
    if (isDefinition(block)) {
      const agent = await define(block);
      const keys = { agent, base_image: "localhost/shown", network: "none" };
      expect((await load({ profiles: [wholeProfile(keys)] })).profiles).toHaveLength(1);
    } else expect(await load(whole(asDocument(block.code)))).toBeDefined();
  });
});
