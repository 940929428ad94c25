import { describe, expect, it } from "vitest";
import {
  type ContainerParts,
  containerRequest,
  enteredRequest,
} from "../../../src/local/container-request.ts";

interface Changes {
  readonly bringsHome?: boolean;
  readonly longestMs?: number;
  readonly declared?: Partial<ContainerParts["declared"]>;
  readonly input?: string;
  readonly network?: "private" | "allowlist";
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
        volumes: [],
        files: [],
        skills: [],
        mcpServers: [],
        workspace: "clone",
        ignore: [],
        directoryLimitBytes: 0,
        network: changes.network ?? "private",
        allow: [],
        env: { LANG: "C.UTF-8", AGENTD_PROFILE: "forged" },
        credentials: [],
        missed: "skip",
        catchupWindowMs: 0,
        overlap: "allow",
        jitterMs: 0,
        pids: 2048,
        artifacts: [],
        readOnlyRoot: true,
        tmpBytes: 1024,
        ulimits: { nofile: 4096 },
        devices: [],
        capAdd: [],
        exceptions: [],
        after: [],
        schedules: [],
        webhooks: [],
        redact: "seal",
        onStall: "warn",
        exitCodes: {},
        keep: "never",
        placement: "local",
        keepForMs: 86_400_000,
      },
      runaDirectory: "/record/runa",
      consoleLogPath: "/record/agentd/console.log",
      longestMs: changes.longestMs,
    },
    staging: {
      homeDirectory: "/staging/home",
      repoDirectory: "/staging/repo",
      volumesDirectory: "/staging/volumes",
    },
    gate: { directory: "/runtime/gate" },
    input: changes.input,
    declared: { methodology: undefined, mounts: [], ...changes.declared },
    image: { id: "sha", bringsHome: changes.bringsHome ?? false },
    networkEnvironment: { HTTP_PROXY: "http://127.0.0.1:8791", LANG: "C" },
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

  it("mounts a copy of the input read-only, and nothing where there is none", () => {
    const binds = (changes?: Changes) => containerRequest(parts(changes)).binds;
    expect(binds({ input: "/staging/input" })).toContainEqual({
      ...{ source: "/staging/input", target: "/agentd/input", readOnly: true, relabel: "private" },
    });
    expect(binds().map(({ target }) => target)).not.toContain("/agentd/input");
  });

  it("has no network with an allowlist, and variables that the profile's own replace", () => {
    const { network, env } = containerRequest(parts({ network: "allowlist" }));
    expect(network).toBe("none");
    expect(env).toMatchObject({ HTTP_PROXY: "http://127.0.0.1:8791", LANG: "C.UTF-8" });
    const other = containerRequest(parts());
    expect(other.network).toBe("private");
    expect(other.env).not.toHaveProperty("HTTP_PROXY");
  });

  it("has nothing of its run, which comes through the gate, and clears what the image brings in its place", () => {
    const { env, unsetEnv } = containerRequest(parts());
    expect(Object.keys(env).sort()).toEqual(["AGENTD_PROFILE", "AGENT_NAME", "HOME", "LANG"]);
    expect(unsetEnv).toEqual(["AGENTD_WORK_UNIT", "AGENTD_REQUEST", "AGENTD_REQUEST_FILE"]);
  });

  it("lets no profile environment forge what agentd says about the session", () => {
    expect(containerRequest(parts()).env).toMatchObject({
      LANG: "C.UTF-8",
      HOME: "/home/site-builder",
      AGENTD_PROFILE: "site-builder",
      AGENT_NAME: "site-builder",
    });
  });

  it("gives conmon a deadline only when the session has one", () => {
    expect(containerRequest(parts()).timeoutSeconds).toBeUndefined();
    expect(containerRequest(parts({ longestMs: 1_500 })).timeoutSeconds).toBe(2);
  });
});

describe("the container in which a kept session is looked into", () => {
  const entered = (network: "private" | "allowlist", homeVolume?: string) => {
    const { instance, job, declared } = parts({ network });
    const { sessionId, profile } = job;
    return enteredRequest({
      ...{ instance, declared, homeVolume, env: {} },
      number: "1a2b3c4d",
      kept: { sessionId, profile, hasInput: true, directory: "/record" },
      directories: {
        directory: "/staging",
        homeDirectory: "/staging/home",
        repoDirectory: "/staging/repo",
        runaDirectory: "/staging/runa",
        inputDirectory: "/staging/input",
      },
    });
  };

  it("has what the session has left, a copy of .runa, no gate and no log", () => {
    const { binds, logPath, labels } = entered("private");
    expect(binds.map(({ source, target, readOnly }) => [source, target, readOnly])).toEqual([
      ["/staging/home", "/home/site-builder", false],
      ["/staging/repo", "/home/site-builder/repo", false],
      ["/staging/runa", "/home/site-builder/repo/.runa", false],
      ["/staging/input", "/agentd/input", true],
    ]);
    expect(logPath).toBeUndefined();
    // Not a session's: a daemon that starts sweeps it.
    expect(labels).toEqual({
      "io.agentd.instance": "0a1b2c3d",
      "io.agentd.entered": "0123456789abcdef",
      "io.agentd.profile": "site-builder",
    });
  });

  it("is confined as the session was, and has no network behind an allowlist", () => {
    const { network, limits, surroundings } = containerRequest(parts());
    expect(entered("private")).toMatchObject({ network, limits, surroundings });
    expect(entered("allowlist").network).toBe("none");
  });

  it("has the home of an image where the session had it", () => {
    const { binds, homeVolume } = entered("private", "agentd-1-home");
    expect(homeVolume).toBe("agentd-1-home");
    expect(binds.map(({ target }) => target)).not.toContain("/home/site-builder");
  });
});
