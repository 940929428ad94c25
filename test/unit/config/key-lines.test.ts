import { describe, expect, it } from "vitest";
import { formatKeyPath, keyLines } from "../../../src/config/key-lines.ts";

const SOURCE = `# a comment with [brackets] and key = value
title = "x" # trailing
[daemon]
  max_sessions = 4
"quoted key" = 1

[[profiles]]
name = "one"
command = [
  "a", # "
  '''
name = "inside a string"
[[profiles]]
''',
  """
\\""" still inside
"""]
env.DOTTED = "x"
[profiles.table] # comment
key = { inline = [1,
2] }
[[profiles.credentials]]
name = "A"
[[profiles.credentials]]
name = "B"

[[profiles]]
name = "two"
[[profiles.credentials]]
name = "C"
`;

describe("keyLines", () => {
  const lineOf = keyLines(SOURCE);

  it.each([
    [["title"], 2],
    [["daemon"], 3],
    [["daemon", "max_sessions"], 4],
    [["daemon", "quoted key"], 5],
    [["profiles", 0], 7],
    [["profiles", 0, "name"], 8],
    [["profiles", 0, "command"], 9],
    [["profiles", 0, "env", "DOTTED"], 18],
    [["profiles", 0, "table", "key"], 20],
    [["profiles", 0, "credentials", 0, "name"], 23],
    [["profiles", 0, "credentials", 1, "name"], 25],
    [["profiles", 1, "name"], 28],
    [["profiles", 1, "credentials", 0, "name"], 30],
  ])("finds %j", (path, line) => {
    expect(lineOf(path)).toBe(line);
    expect(SOURCE.split("\n")[line - 1]).toContain(path.findLast((part) => typeof part === "string"));
  });

  it("gives the line of what is around a path that has none of its own", () => {
    expect(lineOf(["profiles", 0, "command", 2])).toBe(9);
    expect(lineOf(["profiles", 0, "table", "key", "inline", 1])).toBe(20);
    expect(lineOf(["profiles", 1, "missing"])).toBe(27);
  });

  it("knows no line for what is not there at all", () => {
    expect(lineOf(["nothing"])).toBeUndefined();
    expect(lineOf([])).toBeUndefined();
  });
});

describe("formatKeyPath", () => {
  it("writes a path as an operator would", () => {
    expect(formatKeyPath(["profiles", 1, "credentials", 0, "name"])).toBe("profiles[1].credentials[0].name");
    expect(formatKeyPath(["profiles", 0, "env", "A B"])).toBe('profiles[0].env."A B"');
  });
});
