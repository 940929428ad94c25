import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { page, sections, tableRows } from "../../kit/markdown.ts";
import { agentd, agentdOnTerminal } from "./installed-cli.ts";

const REPO = "https://example.org/site.git";

let home: string;
let config: string;
let credentials: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "agentd-init-"));
  config = join(home, ".config/agentd/agentd.toml");
  credentials = join(home, ".config/agentd/credentials.env");
});
afterEach(() => rm(home, { recursive: true }));

describe("agentd init", () => {
  it.each(["claude", "codex", "gemini", "opencode", "pi"])(
    "writes a configuration with %s that is accepted, and says what comes next",
    async (agent) => {
      const { exitCode, stdout, stderr } = await agentd(home, "init", "--agent", agent, "--repo", REPO);
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
      expect(stdout).toContain(`${config} (created)`);
      expect(stdout).toContain(`agentd image build ${agent}\n`);
      expect(stdout.trimEnd().split("\n").at(-1)).toContain(`agentd run ${agent} --request`);
      const checked = await agentd(home, "config", "check");
      expect({ exitCode: checked.exitCode, stdout: checked.stdout }).toMatchObject({ exitCode: 0 });
      expect(checked.stdout).not.toContain("warning");
    },
  );

  it("makes a file for the key that only its owner can read, and says what to put there", async () => {
    const { stdout } = await agentd(home, "init", "--agent", "claude", "--repo", REPO);
    expect(await readFile(credentials, "utf8")).toContain("\n#ANTHROPIC_API_KEY=\n");
    expect((await stat(credentials)).mode & 0o777).toBe(0o600);
    expect(stdout).toContain(`Put ANTHROPIC_API_KEY=... into ${credentials}`);
  });

  it("does not ask for a key that is there", async () => {
    await mkdir(join(home, ".config/agentd"), { recursive: true });
    await writeFile(credentials, "ANTHROPIC_API_KEY=sk-x\n", { mode: 0o600 });
    const { stdout } = await agentd(home, "init", "--agent", "claude");
    expect(stdout).not.toContain("Put ANTHROPIC_API_KEY");
    expect(stdout).not.toContain("sk-x");
    expect(await readFile(credentials, "utf8")).toBe("ANTHROPIC_API_KEY=sk-x\n");
  });

  it("writes a scheduled profile under another name", async () => {
    await agentd(
      ...[home, "init", "--agent", "pi", "--repo", REPO],
      ...["--name", "nightly", "--schedule", "30 2 * * *"],
    );
    const { stdout } = await agentd(home, "config", "check");
    expect(stdout).toMatch(/profiles +nightly\n/);
    expect(stdout).toMatch(/schedules +nightly\n/);
  });

  it("changes nothing the second time", async () => {
    await agentd(home, "init", "--agent", "pi", "--repo", REPO);
    const before = await readFile(config, "utf8");
    const { exitCode, stdout } = await agentd(home, "init", "--agent", "pi", "--repo", REPO);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`${config} (has the profile already)`);
    expect(await readFile(config, "utf8")).toBe(before);
  });

  it("prints the profile for a configuration that lacks it, and does not change that", async () => {
    await agentd(home, "init", "--agent", "pi", "--repo", REPO);
    const before = await readFile(config, "utf8");
    const { stdout } = await agentd(home, "init", "--agent", "codex", "--repo", REPO);
    expect(stdout).toContain(`Add the profile above to ${config}`);
    expect(await readFile(config, "utf8")).toBe(before);
    const added = stdout.slice(stdout.indexOf("\n# ") + 1, stdout.indexOf("\nNext:"));
    await writeFile(config, `${before}\n${added}`);
    expect((await agentd(home, "config", "check")).stdout).toMatch(/profiles +pi, codex\n/);
  });

  it("prints JSON with the fields that docs/json.md describes", async () => {
    const { stdout } = await agentd(home, "init", "--agent", "pi", "--repo", REPO, "--json");
    const fields = tableRows(sections(page("json.md"), 2).get("A first configuration") ?? "");
    const done = JSON.parse(stdout) as Record<string, unknown>;
    expect(Object.keys(done)).toEqual(fields.map(([field]) => field));
    expect(done).toMatchObject({ agent: "pi", config: "created", credentials_missing: ["OPENAI_API_KEY"] });
  });

  it("asks on a terminal for what no option says", async () => {
    const asked = agentdOnTerminal(home, "init");
    asked.stdin.write(`pi\n\n${REPO}\n\n`);
    const { exitCode, stdout } = await asked;
    expect(exitCode).toBe(0);
    expect(stdout).toContain("Which agent (claude, codex, gemini, opencode, pi)?");
    expect(await readFile(config, "utf8")).toContain(`repo = "${REPO}"`);
  });

  it.each([
    [[], "usage", "--agent: claude, codex"],
    [["--agent", "pi", "--repo", "https://user:hunter2@example.org/x"], "usage", "repo"],
    [["--agent", "pi", "--repo", REPO, "--schedule", "daily"], "usage", "schedule"],
    [["--agent", "pi", "--name", "Pi"], "usage", "name"],
    [["--agent", "nobody"], "unknown_agent", "claude, codex"],
  ])("refuses %j and writes nothing", async (options, code, part) => {
    const { exitCode, stderr } = await agentd(home, "init", ...options);
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain(`[${code}]`);
    expect(stderr).toContain(part);
    expect(stderr).not.toContain("hunter2");
    await expect(stat(config)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("leaves a configuration that is wrong as it is, with its problems", async () => {
    await mkdir(join(home, ".config/agentd"), { recursive: true });
    await writeFile(config, "[daemon]\n");
    const { stderr } = await agentd(home, "init", "--agent", "pi");
    expect(stderr).toContain("[config_invalid]");
    expect(await readFile(config, "utf8")).toBe("[daemon]\n");
  });
});
