import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { page, sections, tableRows } from "../../kit/markdown.ts";
import { agentd } from "./installed-cli.ts";

const GOOD = '[[profiles]]\nname = "demo"\nbase_image = "localhost/demo"\ncommand = ["true"]\n';
const BAD =
  '[daemon]\nmax_session = 0\n\n[[profiles]]\nname = "Demo"\nbase_image = "x"\ncommand = ["true"]\n';

let home: string;
let file: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "agentd-home-"));
  file = join(home, "agentd.toml");
});

afterEach(() => rm(home, { recursive: true }));

describe("agentd config check", () => {
  it.each([[[]], [["--config"]]])("tells what a file declares, named after %j", async (before) => {
    await writeFile(file, GOOD);
    const { exitCode, stdout, stderr } = await agentd(
      home,
      ...before,
      ...(before.length ? [file] : []),
      "config",
      "check",
      ...(before.length ? [] : [file]),
    );
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toContain(`ok: ${file}\n`);
    expect(stdout).toContain("demo");
  });

  it("lists every problem and exits with 1", async () => {
    await writeFile(file, BAD);
    const { exitCode, stdout, stderr } = await agentd(home, "config", "check", file);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toContain("there are 2 problems");
    expect(stderr).toContain(`${file}:2: daemon.max_session`);
    expect(stderr).toContain(`${file}:5: profiles[0].name`);
  });

  it("prints the problems as JSON, in the fields that docs/json.md describes", async () => {
    const rows = tableRows(sections(page("json.md"), 2).get("Problems of a configuration") ?? "");
    await writeFile(file, BAD);
    const bad = await agentd(home, "config", "check", file, "--json");
    expect(bad.exitCode).toBe(1);
    const { problems, ...rest } = JSON.parse(bad.stdout) as { problems: unknown[] };
    expect(rest).toEqual({ file, warnings: [] });
    expect(problems).toMatchObject([
      { path: "daemon.max_session", line: 2 },
      { path: "profiles[0].name", value: '"Demo"', line: 5, profile: "Demo" },
    ]);
    await writeFile(file, GOOD);
    const good = JSON.parse((await agentd(home, "config", "check", file, "--json")).stdout) as object;
    expect(good).toEqual({ file, problems: [], warnings: [] });
    expect(Object.keys(good)).toEqual(rows.map(([field]) => field));
  });

  it.each([
    ["is missing", undefined, "config_not_found"],
    ["is no TOML", "profiles = [", "config_syntax"],
  ])("says what is wrong with a file that %s", async (_how, text, code) => {
    if (text !== undefined) await writeFile(file, text);
    const { exitCode, stderr } = await agentd(home, "config", "check", file);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`[${code}]`);
    expect(stderr).toContain(file);
  });
});

describe("a profile that names an agent", () => {
  it("is checked with its definition, and a warning says what goes against that", async () => {
    await writeFile(file, '[[profiles]]\nname = "x"\nagent = "pi"\nallow = ["github.com"]\ntimeout = "1m"\n');
    const { exitCode, stdout } = await agentd(home, "config", "check", file);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("allow lacks api.openai.com, which pi needs");
    expect(stdout).toContain("timeout is shorter than 2m, which pi needs");
  });

  it("is refused where the definition of the operator's is wrong, with its file", async () => {
    const directory = join(home, ".config", "agentd", "agents");
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, "pi.toml"), "[profile]\n");
    await writeFile(file, '[[profiles]]\nname = "x"\nagent = "pi"\n');
    const { exitCode, stderr } = await agentd(home, "config", "check", file);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("[agent_invalid]");
    expect(stderr).toContain(join(directory, "pi.toml"));
  });
});

describe("agentd config schema", () => {
  it("prints a JSON Schema with the meaning of every key, and nothing that is not JSON Schema's", async () => {
    const { exitCode, stdout } = await agentd(home, "config", "schema");
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "object",
      required: ["profiles"],
      additionalProperties: false,
      properties: {
        profiles: {
          items: {
            required: ["name"],
            anyOf: [{ required: ["agent"] }, { required: ["base_image", "command"] }],
            properties: { env: { type: "object", additionalProperties: { type: "string" } } },
          },
        },
        daemon: { properties: { max_sessions: { type: "integer", minimum: 1 } } },
      },
    });
    expect(stdout).toContain('"description": "Name of the profile and of the user inside the container."');
    expect(stdout).not.toContain("concealed");
    expect(stdout).not.toContain("type_in_words");
  });
});
