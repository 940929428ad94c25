import { describe, expect, it } from "vitest";
import { launcherArgv, launcherEndings } from "../../../src/credentials/launcher.ts";
import { payloadText, shellQuote } from "../../../src/credentials/payload.ts";

describe("payloadText", () => {
  it("exports every value and sets the command in one group, and opens the gate in its last line", () => {
    const variables = new Map([
      ["A", "it's"],
      ["B", "two\nlines"],
    ]);
    expect(payloadText({ variables, command: ["echo", "$(a) b"] }).toString()).toBe(
      "{ :\nexport A='it'\\''s'\nexport B='two\nlines'\nset -- 'echo' '$(a) b'\n}\ngo=1\n",
    );
  });

  it("opens the gate also when there is nothing to export", () => {
    const text = payloadText({ variables: new Map(), command: ["-x"] }).toString();
    expect(text).toBe("{ :\nset -- '-x'\n}\ngo=1\n");
  });
});

describe("shellQuote", () => {
  it("leaves nothing for a shell to expand", () => {
    expect(shellQuote("")).toBe("''");
    expect(shellQuote("$(a) `b` \\ \"c\" 'd'")).toBe("'$(a) `b` \\ \"c\" '\\''d'\\'''");
  });
});

describe("launcherArgv", () => {
  it("is the same for every command, and known by its end", () => {
    const [shell, option, , ...words] = launcherArgv("/agentd/gate/credentials");
    expect([shell, option, words[0]]).toEqual(["/bin/sh", "-c", "agentd"]);
    expect(launcherEndings(["a b", "$(c)"])).toEqual([words, ["agentd", "a b", "$(c)"]]);
  });
});
