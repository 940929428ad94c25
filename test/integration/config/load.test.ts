import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { configDigest, findProfile, type Config } from "../../../src/config/config.ts";
import { loadConfig } from "../../../src/config/load.ts";
import type { Problem } from "../../../src/config/problems.ts";
import type { AgentdError } from "../../../src/errors.ts";

let root: string;
let file: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agentd-config-"));
  file = join(root, "agentd.toml");
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

const PROFILE = '[[profiles]]\nname = "demo"\nbase_image = "demo:1"\ncommand = ["true"]\n';

async function load(source: string | Uint8Array): Promise<Config> {
  await writeFile(file, source);
  return await loadConfig(file, { cores: 3 });
}

async function refusal(source: string | Uint8Array): Promise<AgentdError> {
  return await load(source).then(
    () => expect.unreachable("the configuration is accepted"),
    (error: unknown) => error as AgentdError,
  );
}

async function problems(source: string): Promise<readonly Problem[]> {
  const error = await refusal(source);
  expect(error.code).toBe("config_invalid");
  return error.details?.["problems"] as Problem[];
}

describe("a configuration", () => {
  it("has defaults for whatever may be left out", async () => {
    expect(await load(PROFILE)).toEqual({
      file,
      daemon: { auditRoot: undefined, socketPath: undefined, maxSessions: 3, podmanSocket: undefined },
      profiles: [
        {
          name: "demo",
          baseImage: "demo:1",
          command: ["true"],
          repo: undefined,
          ref: undefined,
          timeoutMs: undefined,
          network: "private",
          env: {},
          credentials: [],
        },
      ],
    });
  });

  it("says everything that it can say", async () => {
    const config = await load(`
      [daemon]
      audit_root = "audit"
      socket_path = "/run/x.sock"
      max_sessions = 7
      podman_socket = "../podman.sock"
      ${PROFILE}
      repo = "HTTPS://Git.Example.org/x.git"
      ref = "v1"
      timeout = "90s"
      network = "none"
      env = { LANG = "C.UTF-8", EMPTY = "" }
      credentials = [{ name = "TOKEN", source = "DEMO_TOKEN" }]
    `);
    expect(config.daemon).toEqual({
      auditRoot: join(root, "audit"),
      socketPath: "/run/x.sock",
      maxSessions: 7,
      podmanSocket: join(root, "../podman.sock"),
    });
    expect(findProfile(config, "demo")).toEqual({
      name: "demo",
      baseImage: "demo:1",
      command: ["true"],
      repo: "HTTPS://Git.Example.org/x.git",
      ref: "v1",
      timeoutMs: 90_000,
      network: "none",
      env: { LANG: "C.UTF-8", EMPTY: "" },
      credentials: [{ name: "TOKEN", source: "DEMO_TOKEN" }],
    });
    expect(findProfile(config, "other")).toBeUndefined();
  });

  it("cannot be changed, at any depth", async () => {
    const config = await load(`${PROFILE}env = { A = "1" }`);
    const profile = config.profiles[0] as unknown as { command: string[]; env: Record<string, string> };
    expect(() => profile.command.push("x")).toThrow(TypeError);
    expect(() => (profile.env["B"] = "2")).toThrow(TypeError);
    expect(() => ((config as { file: string }).file = "x")).toThrow(TypeError);
  });

  it("is read with a byte order mark and with Windows line ends", async () => {
    expect((await load(`\uFEFF${PROFILE.replaceAll("\n", "\r\n")}`)).profiles).toHaveLength(1);
  });

  it("may have ten thousand profiles", async () => {
    const many = Array.from({ length: 10_000 }, (_, index) => PROFILE.replace("demo", `p${index}`));
    expect((await load(many.join("\n"))).profiles).toHaveLength(10_000);
    const bad = many.map((profile) => `${profile}colour = "red"\n`);
    expect(await problems(bad.join(""))).toHaveLength(10_000);
  });

  it("gives a digest that depends on daemon and profile settings, and not on their order or place", async () => {
    const two = `${PROFILE}env = { A = "1", B = "2" }\n`;
    const digestOf = async (source: string) => {
      const config = await load(source);
      return configDigest(config, config.profiles[0] ?? expect.unreachable());
    };
    const digest = await digestOf(two);
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(await digestOf(`# moved\n${two.replace('A = "1", B = "2"', 'B = "2", A = "1"')}`)).toBe(digest);
    expect(await digestOf(two + PROFILE.replace("demo", "other"))).toBe(digest);
    expect(await digestOf(two.replace('"2"', '"3"'))).not.toBe(digest);
    expect(await digestOf(`[daemon]\nmax_sessions = 9\n${two}`)).not.toBe(digest);
  });
});

describe("a file that cannot be read as a configuration", () => {
  it("is named when it is missing, a directory or not readable", async () => {
    await expect(loadConfig(join(root, "none.toml"), { cores: 1 })).rejects.toMatchObject({
      code: "config_not_found",
    });
    await expect(loadConfig(root, { cores: 1 })).rejects.toMatchObject({
      code: "config_unreadable",
      message: `cannot read the configuration ${root}: it is a directory`,
    });
    await writeFile(file, PROFILE);
    await chmod(file, 0);
    await expect(loadConfig(file, { cores: 1 })).rejects.toMatchObject({
      code: "config_unreadable",
      message: `cannot read the configuration ${file}: permission denied`,
    });
  });

  it.each([
    ["a = ?\n", 1, 5, "Unexpected character"],
    ["\na = ?\n", 2, 5, "Unexpected character"],
    [`${PROFILE}command = ["x"]\n`, 5, 16, "declared a second time"],
    ["[daemon]\n[daemon]\n", 2, 8, "declared a second time"],
    ['[[profiles]]\nname = "a\nb"\n', 2, 10, "Unterminated string"],
    ['[daemon]\nsocket_path = "a\0b"\n', 2, 17, "Control characters"],
  ])("is named with line and column: %j", async (source, line, column, words) => {
    const error = await refusal(source);
    expect(error).toMatchObject({ code: "config_syntax", details: { file, line, column } });
    expect(error.message).toContain(`${file}:${line}:${column}: `);
    expect(error.message).toContain(words);
  });

  it("does not show what stands beside a syntax error", async () => {
    expect((await refusal('[[profiles]]\ntoken = "hunter2\n')).message).not.toContain("hunter2");
  });

  it("has to be UTF-8", async () => {
    const error = await refusal(
      Buffer.concat([Buffer.from('x = "'), Buffer.from([0xff, 0xfe]), Buffer.from('"\n')]),
    );
    expect(error).toMatchObject({
      code: "config_syntax",
      message: expect.stringContaining("not valid UTF-8"),
    });
  });
});

describe("a problem", () => {
  it.each([
    ["", "profiles", undefined, "is required"],
    ["profiles = []", "profiles", "[]", "at least one"],
    ['[profiles]\nname = "x"', "profiles", "a table", "[[name]]"],
    ["daemon = 1", "daemon", "1", "must be a table"],
    ['daemon = "x"', "daemon", '"x"', "must be a table"],
    ["[deamon]", "deamon", undefined, 'nearest known one is "daemon"'],
    ["[daemon]\nmax_session = 1", "daemon.max_session", undefined, 'nearest known one is "max_sessions"'],
    ["[daemon]\nmax_sessions = 0", "daemon.max_sessions", "0", "whole number from 1"],
    ["[daemon]\nmax_sessions = -1", "daemon.max_sessions", "-1", "whole number from 1"],
    ["[daemon]\nmax_sessions = 2.5", "daemon.max_sessions", "2.5", "whole number"],
    ['[daemon]\nmax_sessions = "4"', "daemon.max_sessions", '"4"', "whole number"],
    ["[daemon]\nmax_sessions = 99999999999999999999", "daemon.max_sessions", "", "whole number"],
    ["[daemon]\nmax_sessions = inf", "daemon.max_sessions", "Infinity", "whole number"],
    ["[daemon]\nmax_sessions = 1979-05-27", "daemon.max_sessions", "a date", "whole number"],
    ['[daemon]\nsocket_path = ""', "daemon.socket_path", '""', "not be empty"],
    ['[daemon]\naudit_root = "a\\u0000b"', "daemon.audit_root", '"a\\u0000b"', "NUL"],
    ["[daemon]\npodman_socket = true", "daemon.podman_socket", "true", "must be a string"],
    ["[daemon]\n__proto__ = 1", "daemon.__proto__", undefined, "unknown key"],
    ["[daemon]\nconstructor = 1", "daemon.constructor", undefined, "unknown key"],
    ['["__proto__"]\nx = 1', "__proto__", undefined, "unknown key"],
  ])("of the daemon's settings is named: %j", async (source, path, value, rule) => {
    const withProfile = /profiles|^$/.test(source) ? source : `${source}\n${PROFILE}`;
    const [problem, ...others] = await problems(withProfile);
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ path, rule: expect.stringContaining(rule) });
    if (value === undefined) expect(problem?.value).toBeUndefined();
    else expect(problem?.value).toContain(value);
  });

  it.each([
    ["name", '"Demo"', '"Demo"', "Unix user name"],
    ["name", '"1st"', '"1st"', "Unix user name"],
    ["name", '""', '""', "Unix user name"],
    ["name", `"${"a".repeat(33)}"`, "aaa", "Unix user name"],
    ["name", '"a b"', '"a b"', "Unix user name"],
    ["name", '"../x"', '"../x"', "Unix user name"],
    ["name", '"root"', '"root"', "must not be one of root"],
    ["name", "5", "5", "must be a string"],
    ["base_image", '""', '""', "name of an image"],
    ["base_image", '"-v"', '"-v"', "name of an image"],
    ["base_image", '"a b"', '"a b"', "name of an image"],
    ["command", '"true"', '"true"', "must be an array"],
    ["command", "[]", "[]", "at least one"],
    ["command[0]", '[""]', '""', "must be a program"],
    ["command[0]", '["-c"]', '"-c"', "must be a program"],
    ["command[1]", '["a", 5]', "5", "must be a string"],
    ["command[1]", '["a", "b\\u0000"]', '"b\\u0000"', "NUL"],
    ["command[1]", `["a", "${"x".repeat(131_072)}"]`, "...", "128 KiB"],
    ["repo", '"https://ada:hunter2@host/x"', '"https://***@host/x"', "password"],
    ["repo", '"git@host:x"', '"git@host:x"', "ssh://git@host/x"],
    ["repo", '"ext::sh"', '"ext::sh"', "remote helpers"],
    ["ref", '"-b"', '"-b"', "leading -"],
    ["timeout", '"5 minutes"', '"5 minutes"', "duration"],
    ["timeout", "300", "300", "must be a string"],
    ["network", '"bridge"', '"bridge"', '"private", "none", "host"'],
    ["env", "[1]", "an array", "must be a table"],
    ["env.AGENTD_PROFILE", '{ AGENTD_PROFILE = "x" }', "(not shown)", "agentd sets"],
    ["env.AGENT_NAME", '{ AGENT_NAME = "x" }', "(not shown)", "agentd sets"],
    ["env.HOME", '{ HOME = "x" }', "(not shown)", "agentd sets"],
    ["env.PATH", '{ PATH = "x" }', "(not shown)", "programs load"],
    ["env.LD_PRELOAD", '{ LD_PRELOAD = "x" }', "(not shown)", "programs load"],
    ["env.NODE_OPTIONS", '{ NODE_OPTIONS = "x" }', "(not shown)", "programs load"],
    ["env.GIT_CONFIG_COUNT", '{ GIT_CONFIG_COUNT = "1" }', "(not shown)", "programs load"],
    ["env.BASH_ENV", '{ BASH_ENV = "x" }', "(not shown)", "shell keeps"],
    ["env.ENV", '{ ENV = "x" }', "(not shown)", "shell keeps"],
    ['env."A=B"', '{ "A=B" = "x" }', "(not shown)", "letters, digits"],
    ['env.""', '{ "" = "x" }', "(not shown)", "letters, digits"],
    ["env.A", "{ A = 1 }", "(not shown)", "must be a string"],
    ["env.A", '{ A = "hunter2\\u0000" }', "(not shown)", "NUL"],
    ["env", '{ __proto__ = "hunter2" }', "a table", "__proto__ is refused"],
    ["credentials[0].name", '[{ name = "UID", source = "A" }]', '"UID"', "shell keeps"],
    ["credentials[0].name", '[{ name = "A-B", source = "A" }]', '"A-B"', "letters, digits"],
    ["credentials[0].source", '[{ name = "A", source = "hunter2-x" }]', "(not shown)", "not a value"],
    ["credentials[0].source", '[{ name = "A" }]', undefined, "is required"],
    ["credentials[0].value", '[{ name = "A", source = "A", value = "hunter2" }]', undefined, "unknown key"],
    [
      "credentials[1].name",
      '[{ name = "A", source = "A" }, { name = "A", source = "B" }]',
      '"A"',
      "another credential",
    ],
    ["comand", '["x"]', undefined, 'nearest known one is "command"'],
    ["base-image", '"x"', undefined, 'nearest known one is "base_image"'],
  ])("of a profile is named: %s = %j", async (path, toml, value, rule) => {
    const key = path.split(/[.[]/)[0] ?? "";
    const rest = PROFILE.split("\n").filter((line) => !line.startsWith(`${key} =`));
    const error = await refusal([...rest, `${key} = ${toml}`].join("\n"));
    expect(error.message).not.toContain("hunter2");
    const [problem, ...others] = error.details?.["problems"] as Problem[];
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ path: `profiles[0].${path}`, rule: expect.stringContaining(rule) });
    expect(problem?.line).toBe(rest.length + 1);
    if (value === undefined) expect(problem?.value).toBeUndefined();
    else expect(problem?.value).toContain(value);
  });

  it("is a name that is both an environment variable and a credential", async () => {
    const both = `${PROFILE}env = { A = "1" }\ncredentials = [{ name = "A", source = "A" }]`;
    expect(await problems(both)).toEqual([
      expect.objectContaining({
        path: "profiles[0].credentials[0].name",
        rule: expect.stringContaining("also in env"),
      }),
    ]);
  });

  it("is a second profile of the same name", async () => {
    expect(await problems(PROFILE + PROFILE)).toEqual([
      {
        path: "profiles[1].name",
        value: '"demo"',
        rule: "another profile has this name",
        line: 6,
        profile: "demo",
      },
    ]);
  });

  it("does not hide another: all are reported at once, in the order of the file, with file and line", async () => {
    const error = await refusal(`[daemon]
max_sessions = 0
[[profiles]]
name = "demo"
comand = ["x"]
env = { UID = "1", A = "2" }
[[profiles.credentials]]
name = "A"
[[profiles]]
name = "demo"
base_image = "x"
command = ["x"]
`);
    expect(error.message).toBe(`cannot use the configuration ${file}: there are 8 problems
  ${file}:2: daemon.max_sessions
    0: must be a whole number from 1 to 10000
  ${file}:3: profiles[0].base_image (profile "demo")
    is required
  ${file}:3: profiles[0].command (profile "demo")
    is required
  ${file}:5: profiles[0].comand (profile "demo")
    unknown key; the nearest known one is "command"
  ${file}:6: profiles[0].env.UID (profile "demo")
    (not shown): the shell keeps this name for itself, so a value would not arrive
  ${file}:7: profiles[0].credentials[0].source (profile "demo")
    is required
  ${file}:8: profiles[0].credentials[0].name (profile "demo")
    "A": this name is also in env: it must be one or the other
  ${file}:10: profiles[1].name (profile "demo")
    "demo": another profile has this name`);
  });
});
