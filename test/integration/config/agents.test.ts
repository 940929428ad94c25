import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parse } from "@iarna/toml";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { agentNames, type AgentPlaces, findAgent, requireAgent } from "../../../src/config/agent-files.ts";
import { agentWarnings } from "../../../src/config/agent-warnings.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { LLM_URL } from "../../../src/gateway/rules/ports.ts";
import { HOST } from "../../kit/config-under-test.ts";
import { codeBlocks, page, tableRows } from "../../kit/markdown.ts";

const SHIPPED = ["claude", "codex", "gemini", "opencode", "pi"];
const EXAMPLES = resolve(import.meta.dirname, "../../../examples/agents");

let home: string;
let places: AgentPlaces;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "agentd-agents-"));
  places = { own: join(home, ".config/agentd/agents"), shipped: HOST.shippedAgents };
  await mkdir(places.own, { recursive: true });
});
afterEach(async () => {
  await rm(home, { recursive: true });
});

async function define(name: string, text: string): Promise<string> {
  const file = join(places.own, `${name}.toml`);
  await writeFile(file, text);
  return file;
}

async function load(text: string) {
  const file = join(home, "agentd.toml");
  await writeFile(file, text);
  return await loadConfig(file, { ...HOST, env: { ...HOST.env, HOME: home } });
}

describe("the agents that agentd brings", () => {
  it("are these", async () => {
    expect(await agentNames({ ...places, own: join(home, "none") })).toEqual(SHIPPED);
  });

  it.each(SHIPPED)("%s is a whole profile with a repository, an image and a request", async (name) => {
    const { profiles } = await load(
      `[[profiles]]\nname = "x"\nagent = "${name}"\nrepo = "https://example.org/x.git"\nbase_image = "mine:1"\nrequest = "Fix it."\n`,
    );
    expect(profiles).toMatchObject([
      { agent: name, baseImage: "mine:1", pull: "missing", network: "allowlist", timeoutMs: 7_200_000 },
    ]);
    expect(profiles[0]?.command).toContain("$AGENTD_REQUEST");
    expect(profiles[0]?.credentials).toHaveLength(1);
    expect(profiles[0]?.allow).toHaveLength(1);
    expect(profiles[0]?.artifacts).not.toEqual([]);
  });

  it.each(SHIPPED)("%s tells its model the line that makes a session blocked", async (name) => {
    const { profiles } = await load(`[[profiles]]\nname = "x"\nagent = "${name}"\n`);
    const { blockedLine, files } = profiles[0]!;
    expect(files.filter(({ content }) => content?.includes(`begins with ${blockedLine} `))).toHaveLength(1);
  });

  it.each(SHIPPED)("%s has an image, which never comes from a registry", async (name) => {
    const { profiles } = await load(`[[profiles]]\nname = "x"\nagent = "${name}"\n`);
    expect(profiles).toMatchObject([{ baseImage: `localhost/agentd/${name}:latest`, pull: "never" }]);
  });

  it.each(SHIPPED)("%s has neither a key nor a network where the gateway has its models", async (name) => {
    const { dialect } = await requireAgent(name, places, "look");
    const { profiles } = await load(
      `[[llm.providers]]\nname = "one"\ndialect = "${dialect}"\nkey_source = "KEY"\n` +
        `[[profiles]]\nname = "x"\nagent = "${name}"\n[profiles.llm]\nproviders = ["one"]\n`,
    );
    expect(profiles).toMatchObject([{ credentials: [], network: "allowlist", allow: [] }]);
    expect(agentWarnings(profiles[0]!, await requireAgent(name, places, "look"))).toEqual([]);
  });

  it("tell programs of the gateway that read no variable for it", async () => {
    const files = async (name: string) => {
      const { profiles } = await load(
        `[[llm.providers]]\nname = "one"\ndialect = "openai"\nkey_source = "KEY"\n` +
          `[[profiles]]\nname = "x"\nagent = "${name}"\n[profiles.llm]\nproviders = ["one"]\n`,
      );
      return new Map(profiles[0]!.files.map(({ target, content }) => [target, content ?? ""]));
    };
    const codex = (await files("codex")).get("~/.codex/config.toml") ?? "";
    expect(parse(codex)).toMatchObject({
      model_provider: "gateway",
      web_search: "disabled",
      model_providers: { gateway: { base_url: `${LLM_URL}/v1`, wire_api: "responses" } },
    });
    const pi = (await files("pi")).get("~/.pi/agent/models.json") ?? "";
    expect(JSON.parse(pi)).toMatchObject({ providers: { openai: { baseUrl: `${LLM_URL}/v1` } } });
  });

  it("use one version of Node.js", async () => {
    const recipes = await Promise.all(SHIPPED.map((name) => requireAgent(name, places, "look")));
    expect(new Set(recipes.flatMap(({ image }) => image?.also ?? [])).size).toBe(1);
  });
});

describe("examples/agents", () => {
  it("has one configuration for each agent", async () => {
    expect((await readdir(EXAMPLES)).sort()).toEqual(SHIPPED.map((name) => `${name}.toml`));
  });

  it.each(SHIPPED)("runs %s every night", async (name) => {
    const { profiles } = await loadConfig(join(EXAMPLES, `${name}.toml`), HOST);
    expect(profiles).toMatchObject([{ name: "nightly", agent: name, schedule: "30 2 * * mon-fri" }]);
  });
});

describe("a definition of the operator's", () => {
  it("takes the place of one that agentd brings, and stands beside the others", async () => {
    await define("pi", 'description = "mine"\n[profile]\nbase_image = "mine:1"\ncommand = ["true"]\n');
    await define("robot", 'description = "robot"\n[profile]\ncommand = ["robot"]\n');
    expect(await findAgent("pi", places)).toMatchObject({ description: "mine" });
    expect(await agentNames(places)).toEqual([...SHIPPED, "robot"]);
  });

  it("is not needed for the profiles that docs/agents.md shows first", async () => {
    for (const profile of [
      ...codeBlocks(page("agents.md"), "toml", "# Agents").slice(0, 1),
      ...codeBlocks(page("agents.md"), "toml", "## What a profile can change"),
      ...codeBlocks(page("agents.md"), "toml", "## Without a key"),
    ])
      expect((await load(profile)).profiles).toHaveLength(1);
  });

  it("is as docs/agents.md shows it", async () => {
    const [definition, profile] = codeBlocks(page("agents.md"), "toml", "## An agent of your own");
    await define("todo", definition!);
    expect(definition!.trim().split("\n").length).toBeLessThanOrEqual(10);
    expect((await load(profile!)).profiles).toMatchObject([{ agent: "todo", baseImage: expect.any(String) }]);
  });

  it.each([
    [
      "an unknown key",
      'description = "x"\nporfile = 1\n[profile]\n',
      ":2: porfile",
      'did you mean "profile"?',
    ],
    ["no description", "[profile]\n", "description", "is required"],
    ["no profile", 'description = "x"\n', "profile", "is required"],
    [
      "a key that only profiles have",
      'description = "x"\n[profile]\nname = "x"\n',
      ":3: profile.name",
      "of profiles",
    ],
    [
      "an unknown key of profiles",
      'description = "x"\n[profile]\ntimout = "1h"\n',
      ":3: profile.timout",
      "no key",
    ],
    [
      "a value that no profile takes",
      'description = "x"\n[profile]\ntimeout = "1 h"\n',
      ":3: profile.timeout",
      "a whole number and a unit",
    ],
    [
      "a variable that no profile may set",
      'description = "x"\n[profile]\nenv = { PATH = "/x" }\n',
      ":3: profile.env",
      "changes how programs load",
    ],
    [
      "keys that exclude each other",
      'description = "x"\n[profile]\nnetwork = "private"\nallow = ["a.example.org"]\n',
      ":4: profile.allow",
      "allowlist",
    ],
    [
      "an unknown key of profiles with language models",
      'description = "x"\n[profile]\n[with_llm]\ntimout = "1h"\n',
      ":4: with_llm.timout",
      "no key",
    ],
    [
      "a package without a version",
      'description = "x"\n[profile]\n[image]\nnpm = "robot@latest"\n',
      ":4: image.npm",
      "exact version",
    ],
    [
      "a link out of the packages",
      'description = "x"\n[profile]\n[image]\nnpm = "robot@1.0.0"\nlinks = { robot = "robot/../../x" }\n',
      ":5: image.links",
      "no path of a file",
    ],
  ])("is refused with its file and line where it has %s", async (_what, text, place, rule) => {
    const file = await define("robot", text);
    const error = await load('[[profiles]]\nname = "x"\nagent = "robot"\n').catch((each: unknown) => each);
    expect(error).toMatchObject({ code: "agent_invalid", details: { file, agent: "robot" } });
    expect(String(error)).toContain(`  ${file}`);
    expect(String(error)).toContain(place);
    expect(String(error)).toContain(rule);
  });

  it("is refused where it is no TOML", async () => {
    const file = await define("robot", "description =");
    await expect(findAgent("robot", places)).rejects.toMatchObject({
      code: "config_syntax",
      details: { file },
    });
  });

  it("does not matter where no profile names it", async () => {
    await define("robot", "description =");
    expect((await load('[[profiles]]\nname = "x"\nagent = "pi"\n')).profiles).toHaveLength(1);
  });
});

describe("docs/agents.md", () => {
  it("names the version, key and host of each agent", async () => {
    const rows = tableRows(page("agents.md")).slice(0, SHIPPED.length);
    for (const [name, program, key, host] of rows) {
      const { image, profile } = await requireAgent(name!, places, "look");
      expect(program).toContain(` ${image!.npm.slice(image!.npm.lastIndexOf("@") + 1)}`);
      expect(profile["credentials"]).toMatchObject([{ source: key }]);
      expect(profile["allow"]).toEqual([host]);
    }
    expect(rows.map(([name]) => name)).toEqual(SHIPPED);
  });
});

describe("an agent that nobody has defined", () => {
  it("is one problem of the configuration, with the agents that there are", async () => {
    const error: unknown = await load('[[profiles]]\nname = "x"\nagent = "codx"\n').catch(
      (each: unknown) => each,
    );
    expect(error).toMatchObject({
      code: "config_invalid",
      details: { problems: [{ path: "profiles[0].agent", value: '"codx"', line: 3 }] },
    });
    expect(String(error)).toContain(SHIPPED.join(", "));
  });

  it("is no path", async () => {
    expect(await findAgent("../agents/pi", places)).toBeUndefined();
    await expect(requireAgent("../pi", places, "build it")).rejects.toMatchObject({ code: "unknown_agent" });
  });
});
