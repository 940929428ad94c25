import { describe, expect, it } from "vitest";
import { type ContainerParts, containerRequest } from "../../../src/local/container-request.ts";

interface Changes {
  readonly workUnit?: string;
  readonly bringsHome?: boolean;
  readonly longestMs?: number;
  readonly declared?: Partial<ContainerParts["declared"]>;
}

function parts(changes: Changes = {}): ContainerParts {
  return {
    instance: "0a1b2c3d",
    job: {
      sessionId: "0123456789abcdef",
      profile: {
        name: "site-builder",
        baseImage: "localhost/site-builder",
        command: ["make", "site"],
        graceMs: 10_000,
        pull: "missing",
        mounts: [],
        files: [],
        workspace: "clone",
        ignore: [],
        directoryLimitBytes: 0,
        network: "private",
        env: { LANG: "C.UTF-8", AGENTD_PROFILE: "forged" },
        credentials: [],
        missed: "skip",
        catchupWindowMs: 0,
        overlap: "allow",
        jitterMs: 0,
        pids: 2048,
      },
      repository: { url: "https://example.org/site.git", ref: null },
      workUnit: changes.workUnit ?? null,
      runaDirectory: "/record/runa",
      consoleLogPath: "/record/agentd/console.log",
      longestMs: changes.longestMs,
    },
    staging: { homeDirectory: "/staging/home", repoDirectory: "/staging/repo" },
    gate: { directory: "/runtime/gate" },
    declared: { methodology: undefined, mounts: [], ...changes.declared },
    image: { id: "sha", bringsHome: changes.bringsHome ?? false },
    argv: ["/bin/sh", "-c", "wait", "make", "site"],
  };
}

describe("the container of a session", () => {
  it("has the record's runa directory inside the clone, and nothing else of the record", () => {
    const targets = containerRequest(parts()).binds.map(({ source, target, readOnly }) => [
      source,
      target,
      readOnly,
    ]);
    expect(targets).toEqual([
      ["/staging/home", "/home/site-builder", false],
      ["/staging/repo", "/home/site-builder/repo", false],
      ["/record/runa", "/home/site-builder/repo/.runa", false],
      ["/runtime/gate", "/agentd/gate", true],
    ]);
  });

  it("mounts the methodology read-only, and what the profile declares as it says", () => {
    const auth = {
      source: "/srv/auth",
      target: "/home/site-builder/.auth",
      readOnly: true,
      relabel: "none",
    } as const;
    const { binds } = containerRequest(
      parts({ declared: { methodology: "/srv/methodology", mounts: [auth] } }),
    );
    expect(binds.slice(4)).toEqual([
      { source: "/srv/methodology", target: "/agentd/methodology", readOnly: true, relabel: "shared" },
      auth,
    ]);
  });

  it("takes the home from an image that brings one", () => {
    const request = containerRequest(parts({ bringsHome: true }));
    expect(request.homeFromImage).toBe(true);
    expect(request.binds.map(({ target }) => target)).not.toContain("/home/site-builder");
  });

  it("names the work unit when there is one", () => {
    const { env, unsetEnv } = containerRequest(parts({ workUnit: "issue-42" }));
    expect(env).toMatchObject({ AGENTD_WORK_UNIT: "issue-42" });
    expect(unsetEnv).toEqual([]);
  });

  it("clears a work unit that the image brings when there is none", () => {
    const { env, unsetEnv } = containerRequest(parts());
    expect(env).not.toHaveProperty("AGENTD_WORK_UNIT");
    expect(unsetEnv).toEqual(["AGENTD_WORK_UNIT"]);
  });

  it("lets no profile environment forge what agentd says about the session", () => {
    expect(containerRequest(parts()).env).toMatchObject({
      LANG: "C.UTF-8",
      HOME: "/home/site-builder",
      AGENTD_PROFILE: "site-builder",
      AGENT_NAME: "site-builder",
      AGENTD_SESSION_ID: "0123456789abcdef",
    });
  });

  it("gives conmon a deadline only when the session has one", () => {
    expect(containerRequest(parts()).timeoutSeconds).toBeUndefined();
    expect(containerRequest(parts({ longestMs: 1_500 })).timeoutSeconds).toBe(2);
  });
});
