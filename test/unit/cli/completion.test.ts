import { describe, expect, it } from "vitest";
import { COMMANDS } from "../../../src/cli/command-table.ts";
import { candidatesFor } from "../../../src/cli/completion/candidates.ts";
import { programOf } from "../../kit/program.ts";

const after = (...words: string[]) => candidatesFor(programOf(COMMANDS), words);

function wordsAfter(...words: string[]): string[] {
  const candidates = after(...words);
  if (candidates.kind !== "words") throw new Error(candidates.kind);
  return candidates.words.map(({ word }) => word);
}

describe("the word at the cursor", () => {
  it("is a command at first, but not a hidden one", () => {
    expect(wordsAfter("")).toEqual(expect.arrayContaining(["run", "ps", "audit", "config", "help"]));
    expect(wordsAfter("")).not.toContain("__complete");
    expect(wordsAfter("--socket", "/s", "")).toContain("run");
  });

  it("is a command of a group after its name", () => {
    expect(wordsAfter("audit", "")).toEqual(expect.arrayContaining(["ls", "show", "verify"]));
  });

  it("is an option when it begins like one: of the command, or of every command", () => {
    expect(wordsAfter("run", "--")).toEqual(
      expect.arrayContaining(["--work-unit", "--ref", "--socket", "--config", "--help"]),
    );
    expect(wordsAfter("audit", "ls", "-")).toContain("--limit");
    expect(wordsAfter("-")).toEqual(["--socket", "--config", "--host", "--context", "--help"]);
  });

  it.each([
    [["run", ""], "profiles"],
    [["run", "--work-unit", "w", ""], "profiles"],
    [["run", "--detach", ""], "profiles"],
    [["run", "demo", ""], "anything"],
    [["run", "--work-unit", ""], "anything"],
    [["audit", "ls", ""], "profiles"],
    [["image", "build", ""], "agents"],
    [["image", "build", "--update", ""], "agents"],
    [["init", "--agent", ""], "agents"],
    [["--config", ""], "files"],
    [["ps", "--socket", ""], "files"],
    [["schedule", "pause", ""], "profiles"],
    [["schedule", "pause", "demo", ""], "schedules"],
    [["schedule", "fire", "demo", ""], "schedules"],
    [["notify", "test", ""], "targets"],
    [["--context", ""], "contexts"],
    [["context", "use", ""], "contexts"],
    [["config", "check", ""], "files"],
    [["ps", ""], "anything"],
    [["nonsense", "more", ""], "words"],
  ])("is, after %j, one of the %s", (words, kind) => {
    expect(after(...words).kind).toBe(kind);
  });

  it.each([
    [["show", ""], false],
    [["audit", "verify", ""], false],
    [["logs", "-f", ""], false],
    [["stop", ""], true],
    [["kill", "abc", ""], true],
    [["show", "abc", "def", ""], false],
    [["wait", ""], true],
    [["exec", ""], true],
    [["top", ""], true],
  ])("is a session after %j, and whether it must be open is %s", (words, openOnly) => {
    expect(after(...words)).toEqual({ kind: "sessions", openOnly, ending: "" });
  });

  it("is one of the values that an option or argument can have", () => {
    expect(wordsAfter("logs", "--stream", "")).toEqual(["stdout", "stderr"]);
    expect(wordsAfter("logs", "--stream", "=", "std")).toEqual(["stdout", "stderr"]);
    expect(wordsAfter("completion", "")).toEqual(["bash", "zsh", "fish"]);
  });
});
