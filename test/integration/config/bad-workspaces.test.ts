import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ConfigFile, PROFILE } from "../../kit/config-under-test.ts";

let file: ConfigFile;
beforeEach(async () => {
  file = await ConfigFile.create();
});
afterEach(async () => {
  await file.remove();
});

/** Expects one problem. */
async function bad(lines: string, path: string, value: string, rule: string): Promise<void> {
  const problems = await file.problems(`${PROFILE}${lines}`);
  expect(problems).toMatchObject([
    { path: `profiles[0].${path}`, value, rule: expect.stringContaining(rule) },
  ]);
}

describe("a workspace", () => {
  it.each([
    ['workspace = "empty"\nrepo = "https://git.example/a.git"', "repo", "https://git.example/a.git"],
    ['workspace = "empty"\nref = "main"', "ref", "main"],
    [
      'workspace = "directory"\ndirectory = "/srv/a"\nrepo_token_source = "TOKEN"',
      "repo_token_source",
      undefined,
    ],
  ])("that is no clone has nothing of one: %s", async (lines, key, value) => {
    const shown = value === undefined ? "(not shown)" : JSON.stringify(value);
    await bad(lines, key, shown, 'is only for workspace = "clone"');
  });

  it.each([
    ['directory = "/srv/a"', "directory", '"/srv/a"'],
    ['ignore = ["a"]', "ignore", "an array"],
    ['directory_limit = "1g"', "directory_limit", '"1g"'],
    ['workspace = "empty"\ndirectory = "/srv/a"', "directory", '"/srv/a"'],
  ])("that is no directory has nothing of one: %s", async (lines, key, value) => {
    await bad(lines, key, value, 'is only for workspace = "directory"');
  });

  it("needs the directory to copy", async () => {
    await bad('workspace = "directory"', "workspace", '"directory"', "needs directory");
  });

  it.each(["/home/ada", "/", "/home", "/home/ada/.local/state/agentd", "/home/ada/.cache/agentd/repos"])(
    "does not copy %s",
    async (directory) => {
      const lines = `workspace = "directory"\ndirectory = "${directory}"`;
      await bad(lines, "directory", JSON.stringify(directory), "which is never mounted into a session");
    },
  );

  it.each(["", "!a", "/a", "../a", "a/./b", "a\\u0000b"])("ignores nothing like %j", async (glob) => {
    const lines = `workspace = "directory"\ndirectory = "/srv/a"\nignore = ["${glob}"]`;
    const value = JSON.stringify(JSON.parse(`"${glob}"`));
    await bad(lines, "ignore[0]", value, "");
  });

  it.each(['workspace = "empty"', 'workspace = "directory"\ndirectory = "/srv/a"'])(
    "needs no repository for a schedule: %s",
    async (lines) => {
      const config = await file.load(`${PROFILE}schedule = "0 3 * * *"\n${lines}`);
      expect(config.profiles[0]?.schedule).toBe("0 3 * * *");
    },
  );
});

describe("a file for the home", () => {
  const fileOf = (keys: string): string => `files = [{ ${keys} }]`;

  it.each([
    ['target = "~/a"', "files[0]", "a table", "must have content or source"],
    [
      'target = "~/a", content = "", source = "/srv/a"',
      "files[0]",
      "a table",
      "must not have content and source",
    ],
    ['target = "/a", content = ""', "files[0].target", '"/a"', "begins with ~/"],
    [
      'target = "~/a", source = "/home/ada"',
      "files[0].source",
      '"/home/ada"',
      "which is never mounted into a session",
    ],
    ['target = "~/a", source = "~/b"', "files[0].source", '"~/b"', "~ is not expanded"],
  ])("is refused: %s", async (keys, key, value, rule) => {
    await bad(fileOf(keys), key, value, rule);
  });

  it("is refused where it is too large, and its content is not shown", async () => {
    const content = "secret".repeat(200_000);
    await bad(fileOf(`target = "~/a", content = "${content}"`), "files[0].content", "(not shown)", "1 MiB");
  });

  it("is one of 32 at most", async () => {
    const files = Array.from({ length: 33 }, (_, index) => `{ target = "~/${index}", content = "" }`);
    await bad(`files = [${files.join(", ")}]`, "files", "an array", "32 files");
  });
});

describe("an identity for git", () => {
  it.each([
    ["name", "..."],
    ["name", "a<b>"],
    ["email", "nobody"],
    ["email", "a b@c"],
  ])("is refused with %s = %j", async (key, value) => {
    await bad(`git = { ${key} = "${value}" }`, `git.${key}`, JSON.stringify(value), "must");
  });
});
