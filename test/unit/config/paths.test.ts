import { describe, expect, it } from "vitest";
import { instanceId } from "../../../src/config/instance-id.ts";
import {
  cacheDirectory,
  defaultAuditRoot,
  defaultSocketPath,
  type Host,
  runtimeDirectory,
  stateDirectory,
} from "../../../src/config/paths.ts";

function host(env: Record<string, string> = {}): Host {
  return { env, home: "/home/ada", uid: 1234 };
}

describe("directories", () => {
  it("lie below the home directory when nothing is set", () => {
    expect(stateDirectory(host())).toBe("/home/ada/.local/state/agentd");
    expect(cacheDirectory(host())).toBe("/home/ada/.cache/agentd");
    expect(defaultAuditRoot(host())).toBe("/home/ada/.local/state/tesserine/audit");
  });

  it("follow HOME and the XDG variables", () => {
    expect(stateDirectory(host({ HOME: "/h" }))).toBe("/h/.local/state/agentd");
    const xdg = host({ HOME: "/h", XDG_STATE_HOME: "/s", XDG_CACHE_HOME: "/c", XDG_RUNTIME_DIR: "/r" });
    expect(stateDirectory(xdg)).toBe("/s/agentd");
    expect(cacheDirectory(xdg)).toBe("/c/agentd");
    expect(defaultAuditRoot(xdg)).toBe("/s/tesserine/audit");
    expect(runtimeDirectory(xdg)).toBe("/r/agentd");
    expect(defaultSocketPath(xdg)).toBe("/r/agentd/agentd.sock");
  });

  it.each(["", "relative/path"])("ignore %j in place of an absolute path", (value) => {
    const env = { HOME: value, XDG_STATE_HOME: value, XDG_CACHE_HOME: value };
    expect(stateDirectory(host(env))).toBe("/home/ada/.local/state/agentd");
    expect(cacheDirectory(host(env))).toBe("/home/ada/.cache/agentd");
  });

  it.each([undefined, "", "run/user/1234"])("refuse %j as runtime directory and say what to set", (value) => {
    const env = value === undefined ? {} : { XDG_RUNTIME_DIR: value };
    expect(() => runtimeDirectory(host(env))).toThrow(
      expect.objectContaining({
        code: "runtime_directory_missing",
        next: expect.stringContaining("XDG_RUNTIME_DIR=/run/user/1234"),
      }),
    );
  });

  it("give an instance eight hex digits that depend on its state directory alone", () => {
    expect(instanceId("/home/ada/.local/state/agentd")).toBe("06b3c676");
    expect(instanceId("/other")).not.toBe(instanceId("/home/ada/.local/state/agentd"));
  });
});
