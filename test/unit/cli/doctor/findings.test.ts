import { describe, expect, it } from "vitest";
import { credentialFinding } from "../../../../src/cli/doctor/credential-checks.ts";
import { configFindings, daemonFinding } from "../../../../src/cli/doctor/daemon-checks.ts";
import { imageFinding, isForContainers } from "../../../../src/cli/doctor/profile-checks.ts";
import { freeSpaceFinding } from "../../../../src/cli/doctor/storage-checks.ts";
import { nodeFinding } from "../../../../src/cli/doctor/system-checks.ts";
import { resolveCredentials, resolveToken } from "../../../../src/credentials/resolve.ts";
import { AgentdError } from "../../../../src/errors.ts";

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

describe("the room on a file system", () => {
  const room = { bytes: 50 * GIB, files: 1e6, logLimitBytes: GIB, minFreeBytes: 0 };

  it.each<[string, Partial<typeof room>, string, RegExp]>([
    ["enough", {}, "ok", /50 GiB free and room for 1000000 files$/],
    ["files without number", { files: Infinity }, "ok", /50 GiB free$/],
    [
      "less than a session may print",
      { bytes: 900 * MIB },
      "warning",
      /900 MiB free.*1\.0 GiB \(log_limit\)/,
    ],
    [
      "less than must be free",
      { bytes: 900 * MIB, minFreeBytes: GIB },
      "failure",
      /900 MiB free.*1\.0 GiB \(min_free\)/,
    ],
    ["next to nothing", { bytes: 20 * MIB }, "failure", /20 MiB free/],
    ["few files", { files: 5_000 }, "warning", /5000 files/],
    ["next to no files", { files: 10 }, "failure", /10 files/],
  ])("is found: %s", (_, changes, status, summary) => {
    const found = freeSpaceFinding("/srv", ["state", "records"], { ...room, ...changes });
    expect(found.status).toBe(status);
    expect(found.summary).toMatch(summary);
    expect(found.summary).toMatch(/^\/srv \(state, records\) has /);
    expect(found.fix === null).toBe(status === "ok");
  });
});

describe("the version of Node.js", () => {
  it.each([
    ["v20.19.0", "ok"],
    ["v22.1.0", "ok"],
    ["v20.18.3", "failure"],
    ["v18.20.4", "failure"],
  ])("%s is %s", (version, status) => {
    expect(nodeFinding(version).status).toBe(status);
  });
});

describe("an image", () => {
  const here = { kind: "here", id: "1" } as const;
  const missing = { kind: "missing" } as const;
  const known = { daemonRuns: false, isPrepared: true };

  it.each([
    ["here and prepared", "quay.io/a/b", "missing", here, {}, "ok", null],
    [
      "here, but not known whether it is prepared",
      "quay.io/a/b",
      "missing",
      here,
      { isPrepared: undefined },
      "ok",
      null,
    ],
    ["not prepared", "quay.io/a/b", "missing", here, { isPrepared: false }, "warning", /^agentd daemon/],
    [
      "not prepared, beside a daemon",
      "quay.io/a/b",
      "missing",
      here,
      { isPrepared: false, daemonRuns: true },
      "warning",
      /^agentd reload$/,
    ],
    ["to be pulled", "quay.io/a/b", "missing", missing, {}, "warning", /^podman pull quay\.io\/a\/b$/],
    ["to be pulled always", "quay.io/a/b", "always", missing, {}, "warning", /^podman pull/],
    ["never pulled", "quay.io/a/b", "never", missing, {}, "failure", /^podman pull/],
    ["of no registry", "localhost/b", "always", missing, {}, "failure", /^podman build -t localhost\/b/],
    ["unknown", "quay.io/a/b", "missing", { kind: "unknown", why: "a lock" }, {}, "failure", /image inspect/],
  ] as const)("is found: %s", (_, baseImage, pull, standing, changes, status, fix) => {
    const found = imageFinding({ baseImage, pull }, { ...known, ...changes, standing });
    expect(found.status).toBe(status);
    if (fix === null) expect(found.fix).toBeNull();
    else expect(found.fix).toMatch(fix);
  });
});

describe("an SELinux label", () => {
  it.each([
    ["system_u:object_r:container_file_t:s0", true],
    ["unconfined_u:object_r:container_ro_file_t:s0", true],
    ["system_u:object_r:usr_t:s0", true],
    ["system_u:object_r:container_file_t:s0:c12,c345", false],
    ["unconfined_u:object_r:user_home_t:s0", false],
    ["unlabeled", false],
  ])("%s lets every container in: %s", (label, isOpen) => {
    expect(isForContainers(label)).toBe(isOpen);
  });
});

describe("the credentials of a profile", () => {
  const profile = { credentials: [{ name: "KEY", source: "SITE_KEY" }], repoTokenSource: "TOKEN" };
  const resolve = { credentials: resolveCredentials, token: resolveToken };
  const find = (variables: Record<string, string>, own: Record<string, string> = {}) =>
    credentialFinding(
      profile,
      { current: variables, file: "/file", what: "the file", fix: (names) => `set ${names.join()}` },
      own,
      resolve,
    );

  it("are found where they are set, and not told", () => {
    const found = find({ SITE_KEY: "squirrel", TOKEN: "attic" });
    expect(found).toEqual({ status: "ok", summary: "2 variables found in the file", fix: null });
  });

  it("are missed by the names of their variables", () => {
    const found = find({ TOKEN: "attic" });
    expect(found).toEqual({
      status: "failure",
      summary: "not set in the file: SITE_KEY",
      fix: "set SITE_KEY",
    });
  });

  it("count as missing where only this command has them, which is said", () => {
    expect(find({}, { SITE_KEY: "squirrel", TOKEN: "attic" })?.summary).toBe(
      "not set in the file: SITE_KEY, TOKEN (only in the environment of this command)",
    );
  });

  it("fail where a launch would refuse them, without telling them", () => {
    const found = find({ SITE_KEY: "squirrel", TOKEN: "at tic" });
    expect(found?.status).toBe("failure");
    expect(JSON.stringify(found)).not.toContain("at tic");
  });

  it("are nothing to speak of where there are none", () => {
    const none = { credentials: [], repoTokenSource: undefined };
    const source = { current: {}, file: "", what: "", fix: () => "" };
    expect(credentialFinding(none, source, {}, resolve)).toBeUndefined();
  });
});

describe("the configuration", () => {
  it("that cannot be read is one failure with what the error says", () => {
    const error = new AgentdError("config_not_found", { tried: "a", why: "b", next: "Create it." });
    expect(configFindings(error)).toEqual([{ status: "failure", summary: "cannot a: b", fix: "Create it." }]);
  });
});

describe("the daemon", () => {
  const error = (code: "daemon_not_running" | "protocol_mismatch" | "runtime_directory_missing") =>
    new AgentdError(code, { tried: "a", why: "b", next: "Do c." });

  it.each([
    ["is not needed", error("daemon_not_running"), { status: "ok" }],
    ["that speaks otherwise is a warning", error("protocol_mismatch"), { status: "warning", fix: "Do c." }],
    ["that hangs is a warning", "hung", { status: "warning" }],
  ] as const)("%s", (_, answer, expected) => {
    expect(daemonFinding(answer, error("daemon_not_running"))).toMatchObject(expected);
  });

  it("is not spoken of where there is no place for its socket: that is told elsewhere", () => {
    expect(daemonFinding(error("runtime_directory_missing"), error("daemon_not_running"))).toBeUndefined();
  });
});
