import { describe, expect, it } from "vitest";
import { launcherArgv, launcherEnding } from "../../../src/credentials/launcher.ts";
import { credentialPayload, shellQuote } from "../../../src/credentials/payload.ts";

describe("credentialPayload", () => {
  it("exports every value in one group and opens the gate in its last line", () => {
    const values = new Map([
      ["A", "it's"],
      ["B", "two\nlines"],
    ]);
    expect(credentialPayload(values).toString()).toBe(
      "{ :\nexport A='it'\\''s'\nexport B='two\nlines'\n}\ngo=1\n",
    );
  });

  it("opens the gate also when there is nothing to export", () => {
    expect(credentialPayload(new Map()).toString()).toBe("{ :\n}\ngo=1\n");
  });
});

describe("shellQuote", () => {
  it("leaves nothing for a shell to expand", () => {
    expect(shellQuote("")).toBe("''");
    expect(shellQuote("$(a) `b` \\ \"c\" 'd'")).toBe("'$(a) `b` \\ \"c\" '\\''d'\\'''");
  });
});

describe("launcherArgv", () => {
  it("passes the command on as arguments, never as text of the program", () => {
    const [shell, option, program, name, ...command] = launcherArgv("/agentd/gate/credentials", [
      "a b",
      "",
      "$(c)",
    ]);
    expect([shell, option, name]).toEqual(["/bin/sh", "-c", "agentd"]);
    expect(command).toEqual(["a b", "", "$(c)"]);
    expect(program).toBe(launcherArgv("/agentd/gate/credentials", ["other"])[2]);
    expect(launcherEnding(["a b", "", "$(c)"])).toEqual([name, ...command]);
  });
});
