/**
 * Findings from what Podman reports about itself and this host: what keeps sessions from running, or makes them worse.
 */
import { failure, type Finding, type NamedFinding, ok, warning } from "../../finding.ts";
import { namespaceFix } from "../service/namespace-advice.ts";
import { BOOT_WITH_VERSION_2, type CgroupMode } from "./cgroup-mode.ts";
import type { EngineParts, EngineReport, Part } from "./engine-report.ts";
import {
  type EngineFeatures,
  isRecentEnough,
  type LimitName,
  OLDEST_PODMAN,
  SESSION_UID,
} from "./host-features.ts";
import { nextPodmanFinding } from "./next-podman.ts";

/** What the findings depend on besides Podman's report. */
export interface EngineSurroundings {
  readonly cgroups: CgroupMode;
  /** Of Podman's init program; undefined when there is none. */
  readonly initPath: string | undefined;
  /** Whether Podman's storage is on a network file system. */
  readonly storageIsRemote: boolean;
  /** See `knownFault`, of the OCI runtime. */
  readonly runtimeFault: string | undefined;
  /** Whether some session gets its own network. */
  readonly needsNetwork: boolean;
  /** See `hasBoltDatabase`. */
  readonly boltDatabase: boolean;
  /** See `removedSettings`. */
  readonly removedSettings: readonly string[];
  /** The command that gives this user subordinate ids. */
  readonly grantIds: string;
  /** The command that installs these packages here, each by its names on Debian and Fedora. */
  readonly install: (debian: string, fedora?: string) => string;
}

type Answer = Extract<EngineReport, { kind: "answers" }>;

/** The findings about an engine; only the first of them where Podman did not answer. */
export function engineFindings(report: EngineReport, around: EngineSurroundings): NamedFinding[] {
  if (report.kind !== "answers") return [named("podman", unanswered(report, around))];
  const { features, parts } = report;
  const next = nextPodmanFinding(features.version, {
    cgroups: around.cgroups,
    boltDatabase: around.boltDatabase || parts.database === "boltdb",
    networkBackend: features.networkBackend,
    settings: around.removedSettings,
  });
  return [
    named("podman", podmanFinding(report)),
    named("subordinate_ids", idsFinding(features, around)),
    named("storage_driver", storageFinding(features, parts, around)),
    named("oci_runtime", runtimeFinding(parts.runtime, features, around)),
    named("conmon", conmonFinding(parts.conmon, around)),
    named("init_program", initFinding(around)),
    named("network_helper", networkFinding(report, around)),
    named("limits", limitsFinding(features, around)),
    ...(next === undefined ? [] : [named("next_podman", next)]),
  ];
}

function named(name: string, finding: Finding): NamedFinding {
  return { name, ...finding };
}

function unanswered(
  report: Exclude<EngineReport, Answer>,
  { install }: Pick<EngineSurroundings, "install">,
): Finding {
  if (report.kind === "missing") return failure("podman is not in PATH", install("podman"));
  if (report.kind === "failed") {
    return failure(`podman info fails: ${report.said}`, fixOf(report.said) ?? "podman info   # as this user");
  }
  return failure(
    `podman info did not answer within ${report.limitMs / 1000} s`,
    "ps -u $USER -o pid,stat,args | grep podman   # another podman may hold a lock; end it, or check the disk",
  );
}

function fixOf(said: string): string | undefined {
  return /cgroups v1 not supported/i.test(said) ? BOOT_WITH_VERSION_2 : namespaceFix(said);
}

function podmanFinding({ features: { version }, parts: { rootless } }: Answer): Finding {
  const oldest = OLDEST_PODMAN.join(".");
  if (!isRecentEnough(version)) {
    return failure(
      `Podman is ${version}, but sessions need ${oldest} or newer`,
      "install a newer podman, or a newer release of this distribution",
    );
  }
  if (!rootless) {
    return failure(
      "the Podman service runs as root",
      "set daemon.podman_socket to a Podman service of this user",
    );
  }
  return ok(`Podman ${version}, rootless`);
}

function idsFinding({ subordinate }: EngineFeatures, { grantIds }: EngineSurroundings): Finding {
  const { uids, gids } = subordinate;
  const found = `${uids} subordinate user ids and ${gids} group ids`;
  if (Math.min(uids, gids) >= SESSION_UID) return ok(found);
  return failure(`${found}, but sessions need ${SESSION_UID} of each`, grantIds);
}

function storageFinding(
  { storageDriver }: EngineFeatures,
  { storage: { directory, configFile, mountProgram } }: EngineParts,
  { storageIsRemote }: EngineSurroundings,
): Finding {
  const where = `${storageDriver} in ${directory}`;
  const file = configFile || "~/.config/containers/storage.conf";
  if (storageIsRemote) {
    return failure(
      `${where}, on a network file system, whose server does not support subordinate ids`,
      `graphroot = "/var/lib/$USER/containers", or another local directory that you own, below [storage] in ${file}`,
    );
  }
  if (storageDriver === "vfs") {
    return warning(
      `${where}, which copies the whole image for every session`,
      `driver = "overlay" below [storage] in ${file}, then: podman system reset`,
    );
  }
  return ok(mountProgram === undefined ? where : `${where}, mounted by ${mountProgram}`);
}

function runtimeFinding(
  runtime: Part | undefined,
  { ociRuntime }: EngineFeatures,
  { cgroups, runtimeFault, install }: EngineSurroundings,
): Finding {
  if (runtime === undefined) {
    return failure("Podman cannot find an OCI runtime", cgroups === "v2" ? install("crun") : install("runc"));
  }
  const found = versionOf(ociRuntime, runtime);
  if (ociRuntime === "crun" && cgroups === "hybrid") {
    return failure(
      `${found} cannot start containers when control groups are mounted in hybrid mode`,
      `${install("runc")}; runtime = "runc" below [engine] in ~/.config/containers/containers.conf`,
    );
  }
  if (runtimeFault !== undefined) {
    return warning(`${found} has a vulnerability: ${runtimeFault}`, install(ociRuntime));
  }
  return ok(found);
}

function conmonFinding(conmon: Part | undefined, { install }: EngineSurroundings): Finding {
  if (conmon === undefined) {
    return failure("Podman cannot find conmon, which stores a session's output", install("conmon"));
  }
  return ok(versionOf("conmon", conmon));
}

function initFinding({ initPath, install }: EngineSurroundings): Finding {
  if (initPath !== undefined) return ok(initPath);
  return failure(
    "Podman cannot find catatonit, the first process of every session",
    install("catatonit", "podman-catatonit"),
  );
}

function networkFinding(
  { features: { privateNetwork }, parts: { networkHelper } }: Answer,
  { needsNetwork, install }: EngineSurroundings,
): Finding {
  if (networkHelper !== undefined) return ok(networkHelper);
  if (!needsNetwork) return ok(`${privateNetwork} is missing, but no profile needs it`);
  return failure(
    `Podman cannot find ${privateNetwork}, which sessions with network = "private" need`,
    privateNetwork === "pasta" ? install("passt") : install("slirp4netns"),
  );
}

const CONTROLLERS: Readonly<Record<LimitName, string>> = { memory: "memory", cpus: "cpu", pids: "pids" };

const DELEGATE =
  "Delegate=cpu cpuset io memory pids below [Service] in /etc/systemd/system/user@.service.d/delegate.conf, then reboot";

function limitsFinding(
  { enforceable, cgroupManager }: EngineFeatures,
  { cgroups }: EngineSurroundings,
): Finding {
  if (cgroups !== "v2") {
    const unlimited = enforceable.pids ? "memory and cpu" : "memory, cpu and pids";
    return warning(
      `control groups are ${cgroups === "none" ? "not mounted" : `mounted in ${cgroups} mode`}: ${unlimited} of sessions cannot be limited`,
      BOOT_WITH_VERSION_2,
    );
  }
  const missing = Object.entries(CONTROLLERS)
    .filter(([limit]) => !enforceable[limit as LimitName])
    .map(([, controller]) => controller);
  if (missing.length === 0) return ok("memory, cpu and pids of sessions can be limited (cgroup v2)");
  const summary = `the control group controllers ${missing.join(", ")} are not delegated to this user, so sessions cannot be limited by them`;
  if (cgroupManager === "systemd") return warning(summary, DELEGATE);
  return warning(
    `${summary}; Podman does not use systemd for them`,
    'cgroup_manager = "systemd" below [engine] in ~/.config/containers/containers.conf, in a systemd login session',
  );
}

function versionOf(program: string, { path, version }: Part): string {
  return version === undefined ? path : `${program} ${version} (${path})`;
}
