/** Skills and MCP servers of a profile, in the files of its home. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "@iarna/toml";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadConfig } from "../../../src/config/load.ts";
import { HOST } from "../../kit/config-under-test.ts";
import { codeBlocks, page } from "../../kit/markdown.ts";

let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "agentd-gifts-"));
  await mkdir(join(home, ".config/agentd/agents"), { recursive: true });
});
afterEach(async () => {
  await rm(home, { recursive: true });
});

async function load(text: string) {
  const file = join(home, "agentd.toml");
  await writeFile(file, text);
  return await loadConfig(file, { ...HOST, env: { ...HOST.env, HOME: home } });
}

async function filesOf(text: string): Promise<ReadonlyMap<string, string>> {
  const { profiles } = await load(text);
  return new Map(profiles[0]!.files.map(({ target, content, source }) => [target, content ?? source ?? ""]));
}

/** The problems of a profile, as `path: message`. */
async function problemsOf(text: string): Promise<string> {
  const error: unknown = await load(text).catch((each: unknown) => each);
  expect(error).toMatchObject({ code: "config_invalid" });
  return String(error);
}

const profileOf = (agent: string, keys = ""): string =>
  `[[profiles]]\nname = "x"\nagent = "${agent}"\n${keys}\n`;

const SERVERS = `
[[profiles.mcp_servers]]
name = "docs"
command = ["docs-mcp", "--stdio", "-v"]
env = { DOCS = "/docs" }
[[profiles.mcp_servers]]
name = "wiki"
url = "https://wiki.example.org/mcp"
`;

/** What each agent's own documentation says. */
const WRITTEN: readonly [agent: string, file: string, table: string, docs: object, wiki: object][] = [
  [
    ...(["claude", "~/.claude.json", "mcpServers"] as const),
    { type: "stdio", command: "docs-mcp", args: ["--stdio", "-v"], env: { DOCS: "/docs" } },
    { type: "http", url: "https://wiki.example.org/mcp" },
  ],
  [
    ...(["codex", "~/.codex/config.toml", "mcp_servers"] as const),
    { command: "docs-mcp", args: ["--stdio", "-v"], env: { DOCS: "/docs" } },
    { url: "https://wiki.example.org/mcp" },
  ],
  [
    ...(["gemini", "~/.gemini/settings.json", "mcpServers"] as const),
    { command: "docs-mcp", args: ["--stdio", "-v"], env: { DOCS: "/docs" } },
    { httpUrl: "https://wiki.example.org/mcp" },
  ],
  [
    ...(["opencode", "~/.config/opencode/opencode.json", "mcp"] as const),
    { type: "local", command: ["docs-mcp", "--stdio", "-v"], environment: { DOCS: "/docs" } },
    { type: "remote", url: "https://wiki.example.org/mcp" },
  ],
];

describe("MCP servers of a profile", () => {
  it.each(WRITTEN)(
    "are where %s reads them, beside what else is there",
    async (agent, file, table, docs, wiki) => {
      const [before, after] = [await filesOf(profileOf(agent)), await filesOf(profileOf(agent, SERVERS))];
      const read = (text = "{}") =>
        (file.endsWith(".toml") ? parse(text) : JSON.parse(text)) as Record<string, unknown>;
      const { [table]: servers, ...others } = read(after.get(file));
      expect(servers).toEqual({ docs, wiki });
      expect(others).toEqual(before.has(file) ? read(before.get(file)) : {});
      expect([...after.keys()].filter((target) => target !== file)).toEqual(
        [...before.keys()].filter((target) => target !== file),
      );
    },
  );

  it("are beside what the gateway's file says", async () => {
    const llm = '[[llm.providers]]\nname = "one"\ndialect = "openai"\nkey_source = "KEY"\n';
    const files = await filesOf(`${llm}${profileOf("codex", SERVERS)}[profiles.llm]\nproviders = ["one"]\n`);
    expect(parse(files.get("~/.codex/config.toml") ?? "")).toMatchObject({
      model_provider: "gateway",
      mcp_servers: { docs: { command: "docs-mcp" } },
    });
  });

  it("keep those that the profile's own file has", async () => {
    const own =
      'files = [{ target = "~/.claude.json", content = \'{"mcpServers":{"mine":{"command":"x"}},"a":1}\' }]';
    const files = await filesOf(profileOf("claude", own + SERVERS));
    expect(JSON.parse(files.get("~/.claude.json") ?? "")).toMatchObject({
      a: 1,
      mcpServers: { mine: { command: "x" }, docs: { command: "docs-mcp" } },
    });
  });

  it.each([
    ["pi", SERVERS, "pi takes no MCP servers"],
    ["claude", `files = [{ target = "~/.claude.json", source = "x" }]${SERVERS}`, "give it as content"],
    [
      "claude",
      `files = [{ target = "~/.claude.json", content = "[1]" }]${SERVERS}`,
      "cannot be read as a table",
    ],
    ["codex", 'mcp_servers = [{ name = "x" }]', "must have command or url"],
    [
      "codex",
      'mcp_servers = [{ name = "x", command = ["x"], url = "http://x" }]',
      "must not have command and url",
    ],
    ["codex", 'mcp_servers = [{ name = "a b", command = ["x"] }]', "letters, digits"],
    ["codex", 'mcp_servers = [{ name = "x", url = "wiki" }]', "such as https://"],
    [
      "codex",
      'mcp_servers = [{ name = "x", command = ["x"] }, { name = "x", command = ["y"] }]',
      "already has this name",
    ],
  ])("of %s are refused: %s", async (agent, keys, rule) => {
    expect(await problemsOf(profileOf(agent, keys))).toContain(rule);
  });

  it("of an agent that starts programs only have no url", async () => {
    await writeFile(
      join(home, ".config/agentd/agents/robot.toml"),
      'description = "Robot"\n[profile]\nbase_image = "r:1"\ncommand = ["robot"]\n' +
        '[mcp]\nfile = "~/robot.json"\ntable = "servers"\ncommand = { run = "{command}" }\n',
    );
    expect(await problemsOf(profileOf("robot", SERVERS))).toContain("robot starts programs only");
  });
});

describe("skills of a profile", () => {
  it.each([
    ["claude", "~/.claude/skills/review"],
    ["codex", "~/.codex/skills/review"],
    ["gemini", "~/.gemini/skills/review"],
    ["opencode", "~/.config/opencode/skills/review"],
    ["pi", "~/.pi/agent/skills/review"],
  ])("are directories where %s reads them", async (agent, target) => {
    const { profiles } = await load(profileOf(agent, 'skills = ["skills/review"]'));
    expect(profiles[0]?.skills).toEqual([join(home, "skills/review")]);
    expect(profiles[0]?.files).toContainEqual({ target, source: join(home, "skills/review") });
  });

  it("may be those of a repository, in its definition, too", async () => {
    const source = "https://git.example.org/skills.git#v1:all/review";
    const { profiles } = await load(profileOf("claude", `skills = ["${source}"]`));
    expect(profiles[0]?.skills).toEqual([source]);
    expect(profiles[0]?.files).toContainEqual({ target: "~/.claude/skills/review", source });
    await writeFile(
      join(home, ".config/agentd/agents/robot.toml"),
      `description = "Robot"\nskills = "~/s"\n[profile]\nbase_image = "r:1"\ncommand = ["robot"]\nskills = ["${source}"]\n`,
    );
    const { profiles: own } = await load(profileOf("robot"));
    expect(own[0]?.files).toContainEqual({ target: "~/s/review", source });
  });

  it.each([
    ['skills = ["a/review", "https://git.example.org/review.git"]', "is called review, too"],
    ['skills = ["https://git.example.org/s.git#main:../x"]', "its path in the repository is not accepted"],
    ['skills = ["a/review", "b/review"]', "another skill of this profile is called review, too"],
    ['skills = ["~/review"]', "write the full path"],
  ])("are refused: %s", async (keys, rule) => {
    expect(await problemsOf(profileOf("codex", keys))).toContain(rule);
  });

  it("are refused for an agent that reads none", async () => {
    await writeFile(
      join(home, ".config/agentd/agents/robot.toml"),
      'description = "Robot"\n[profile]\nbase_image = "r:1"\ncommand = ["robot"]\n',
    );
    expect(await problemsOf(profileOf("robot", 'skills = ["x"]'))).toContain("robot reads no skills");
  });

  it.each(['skills = ["x"]', 'mcp_servers = [{ name = "x", command = ["x"] }]'])(
    "and MCP servers need an agent: %s",
    async (keys) => {
      const profile = '[[profiles]]\nname = "x"\nbase_image = "x:1"\ncommand = ["x"]\n';
      expect(await problemsOf(profile + keys)).toContain("needs agent");
    },
  );

  it("and MCP servers are as docs/agents.md shows them", async () => {
    const [shown = ""] = codeBlocks(page("agents.md"), "toml", "## Skills and MCP servers");
    const { profiles } = await load(shown);
    expect(profiles[0]?.skills).toHaveLength(2);
    expect(profiles[0]?.mcpServers).toHaveLength(2);
  });
});
