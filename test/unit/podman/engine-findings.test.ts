import { describe, expect, it } from "vitest";
import { engineFindings, type EngineSurroundings } from "../../../src/podman/host/engine-findings.ts";
import { type EngineReport, lastLine, readReport } from "../../../src/podman/host/engine-report.ts";
import { MODERN_INFO, OLD_INFO } from "./info.ts";

const PARTS = {
  host: {
    conmon: { path: "/usr/bin/conmon", version: "conmon version 2.1.12, commit: unknown" },
    ociRuntime: { name: "crun", path: "/usr/bin/crun", version: "crun version 1.21\ncommit: 1" },
    pasta: { executable: "/usr/bin/pasta" },
    slirp4netns: { executable: "" },
  },
  store: { graphRoot: "/home/me/storage", configFile: "/home/me/storage.conf", graphOptions: {} },
};

const AROUND: EngineSurroundings = {
  cgroups: "v2",
  storageIsRemote: false,
  initPath: "/usr/bin/catatonit",
  runtimeFault: undefined,
  needsNetwork: true,
  boltDatabase: false,
  removedSettings: [],
  grantIds: "sudo usermod",
  install: (name) => `install ${name}`,
};

/** From libpod/runtime.go of Podman 6. */
const PODMAN_6_WITH_BOLTDB =
  "a BoltDB database exists but is no longer being used. BoltDB support was removed in the Podman 6.0 release. The " +
  "legacy database can be migrated to SQLite by rebooting and running Podman again or using the `podman system migrate " +
  "--migrate-db` command.";

/** From libpod/define/info.go of Podman 6: without slirp4netns. */
const PODMAN_6: Changes = {
  version: { Version: "6.0.2", APIVersion: "6.0.2" },
  host: { slirp4netns: undefined, databaseBackend: "sqlite" },
};

interface Changes {
  readonly host?: object;
  readonly store?: object;
  readonly version?: object;
}

function reportOf(
  info: typeof MODERN_INFO | typeof OLD_INFO,
  { host, store, version }: Changes = {},
): EngineReport {
  const reply = {
    host: { ...info.host, ...PARTS.host, ...host },
    store: { ...info.store, ...PARTS.store, ...store },
    version: { ...info.version, ...version },
  };
  return readReport(JSON.stringify(reply), []);
}

function findings(report: EngineReport, around: Partial<EngineSurroundings> = {}) {
  return engineFindings(report, { ...AROUND, ...around });
}

function finding(name: string, report: EngineReport, around: Partial<EngineSurroundings> = {}) {
  const found = findings(report, around).find((each) => each.name === name);
  if (found === undefined) throw new Error(`nothing is said about ${name}`);
  return found;
}

describe("what is found about an engine", () => {
  it("is nothing to fix on an up-to-date host", () => {
    const all = findings(reportOf(MODERN_INFO));
    expect(all.map(({ name }) => name)).toEqual([
      "podman",
      "subordinate_ids",
      "storage_driver",
      "oci_runtime",
      "conmon",
      "init_program",
      "network_helper",
      "limits",
      "next_podman",
    ]);
    expect(all.filter(({ status, fix }) => status !== "ok" || fix !== null)).toEqual([]);
    expect(finding("conmon", reportOf(MODERN_INFO)).summary).toBe("conmon 2.1.12 (/usr/bin/conmon)");
  });

  it.each<[string, EngineReport, RegExp, RegExp]>([
    ["there is none", { kind: "missing" }, /podman is not in PATH/, /install podman/],
    ["it hangs", { kind: "hung", limitMs: 60_000 }, /not answer within 60 s/, /ps -u/],
    ["it fails", { kind: "failed", said: "no newuidmap" }, /no newuidmap/, /podman info/],
    [
      "its pause process is gone",
      { kind: "failed", said: 'try resetting the pause process with "podman system migrate"' },
      /pause process/,
      /^podman system migrate$/,
    ],
    [
      "it is Podman 6 and finds the database of an older one",
      { kind: "failed", said: PODMAN_6_WITH_BOLTDB },
      /BoltDB/,
      /^podman system migrate --migrate-db$/,
    ],
    [
      "it is Podman 6 on old control groups",
      {
        kind: "failed",
        said: lastLine('time="2026-07-01T10:00:00Z" level=fatal msg="Cgroups v1 not supported"'),
      },
      /Cgroups v1/,
      /unified_cgroup_hierarchy=1/,
    ],
  ])("is one failure when %s", (_, report, summary, fix) => {
    const all = findings(report);
    expect(all).toEqual([expect.objectContaining({ name: "podman", status: "failure" })]);
    expect(all[0]?.summary).toMatch(summary);
    expect(all[0]?.fix).toMatch(fix);
  });

  it.each<[string, string, Changes, Partial<EngineSurroundings>, string, RegExp, RegExp]>([
    ["an old Podman", "podman", { version: { Version: "4.2.9" } }, {}, "failure", /4\.2\.9.*4\.3/, /newer/],
    [
      "a rootful service",
      "podman",
      { host: { security: { rootless: false, selinuxEnabled: false } } },
      {},
      "failure",
      /as root/,
      /podman_socket/,
    ],
    [
      "no subordinate ids",
      "subordinate_ids",
      { host: { idMappings: { uidmap: null, gidmap: null } } },
      {},
      "failure",
      /0 subordinate.*39000/,
      /usermod/,
    ],
    [
      "vfs",
      "storage_driver",
      { store: { graphDriverName: "vfs" } },
      {},
      "warning",
      /whole image/,
      /driver = "overlay".*\/home\/me\/storage\.conf/,
    ],
    [
      "a storage on a network file system",
      "storage_driver",
      {},
      { storageIsRemote: true },
      "failure",
      /network file system/,
      /graphroot = .*storage\.conf/,
    ],
    [
      "no runtime",
      "oci_runtime",
      { host: { ociRuntime: null } },
      {},
      "failure",
      /cannot find an OCI runtime/,
      /install crun/,
    ],
    [
      "no runtime with old control groups",
      "oci_runtime",
      { host: { ociRuntime: null } },
      { cgroups: "hybrid" },
      "failure",
      /cannot find an OCI runtime/,
      /install runc/,
    ],
    [
      "crun with hybrid control groups",
      "oci_runtime",
      {},
      { cgroups: "hybrid" },
      "failure",
      /hybrid/,
      /runtime = "runc"/,
    ],
    [
      "a runtime with a fault",
      "oci_runtime",
      {},
      { runtimeFault: "an image breaks out" },
      "warning",
      /breaks out/,
      /install crun/,
    ],
    [
      "no conmon",
      "conmon",
      { host: { conmon: null } },
      {},
      "failure",
      /cannot find conmon/,
      /install conmon/,
    ],
    [
      "no init program",
      "init_program",
      {},
      { initPath: undefined },
      "failure",
      /catatonit/,
      /install catatonit/,
    ],
    [
      "no network helper",
      "network_helper",
      { host: { pasta: { executable: "" } } },
      {},
      "failure",
      /cannot find pasta/,
      /install passt/,
    ],
    [
      "old control groups",
      "limits",
      {},
      { cgroups: "hybrid" },
      "warning",
      /hybrid/,
      /unified_cgroup_hierarchy=1/,
    ],
    [
      "a controller that is not delegated",
      "limits",
      { host: { cgroupControllers: ["memory", "pids"] } },
      {},
      "warning",
      /controllers cpu are/,
      /Delegate=.*delegate\.conf/,
    ],
    [
      "control groups without systemd",
      "limits",
      { host: { cgroupControllers: [], cgroupManager: "cgroupfs" } },
      {},
      "warning",
      /does not use systemd/,
      /cgroup_manager/,
    ],
    [
      "an upgrade to Podman 6 with old control groups",
      "next_podman",
      { version: { Version: "5.4.2" } },
      { cgroups: "v1" },
      "warning",
      /Podman 6 will not work here.* control groups in v1 mode$/,
      /unified_cgroup_hierarchy=1/,
    ],
    [
      "an upgrade to Podman 6 with a database that it does not read",
      "next_podman",
      { host: { databaseBackend: "boltdb" } },
      {},
      "warning",
      / a BoltDB database$/,
      /Podman 5\.8 first and reboot/,
    ],
    [
      "an upgrade to Podman 6 with such a database, which this Podman does not report",
      "next_podman",
      { version: { Version: "4.3.1" } },
      { boltDatabase: true },
      "warning",
      / a BoltDB database$/,
      /Podman 5\.8 first and reboot/,
    ],
    [
      "an upgrade to Podman 6 with CNI",
      "next_podman",
      { host: { networkBackend: "cni" } },
      {},
      "warning",
      / CNI networks$/,
      /network_backend = "netavark"/,
    ],
    [
      "an upgrade to Podman 6 with settings for what it has not",
      "next_podman",
      { host: { networkBackend: "cni", rootlessNetworkCmd: "slirp4netns" } },
      {
        removedSettings: ['default_rootless_network_cmd = "slirp4netns"', 'network_backend = "cni"'],
      },
      "warning",
      / default_rootless_network_cmd = "slirp4netns", network_backend = "cni"$/,
      /^remove default_rootless_network_cmd = .*; remove network_backend = .* from containers\.conf$/,
    ],
  ])("says how to fix %s", (_, name, changes, around, status, summary, fix) => {
    const found = finding(name, reportOf(MODERN_INFO, changes), around);
    expect(found.status).toBe(status);
    expect(found.summary).toMatch(summary);
    expect(found.fix).toMatch(fix);
  });

  it("asks for slirp4netns where Podman connects by it, and for nothing where no profile needs it", () => {
    const report = reportOf(OLD_INFO);
    expect(finding("network_helper", report).fix).toBe("install slirp4netns");
    expect(finding("network_helper", report, { needsNetwork: false }).status).toBe("ok");
  });

  it("is nothing to fix with Podman 6, which needs no advice about itself", () => {
    const all = findings(reportOf(MODERN_INFO, PODMAN_6));
    expect(all.filter(({ status }) => status !== "ok")).toEqual([]);
    expect(all.map(({ name }) => name)).not.toContain("next_podman");
  });

  it("names the program that mounts for an old kernel", () => {
    const graphOptions = { "overlay.mount_program": { Executable: "/usr/bin/fuse-overlayfs" } };
    const report = reportOf(MODERN_INFO, { store: { graphOptions } });
    expect(finding("storage_driver", report).summary).toMatch(/mounted by \/usr\/bin\/fuse-overlayfs$/);
  });
});

describe("why Podman failed", () => {
  it.each([
    ["Error: no such thing\n", "no such thing"],
    [
      'time="2026-01-02T03:04:05Z" level=error msg="try \\"podman system migrate\\": gone"',
      'try "podman system migrate": gone',
    ],
    ["", "it failed without a message"],
  ])("is the last thing it said: %j", (stderr, why) => {
    expect(lastLine(`a warning\n${stderr}`.replace(/^a warning\n$/, ""))).toBe(why);
  });
});
