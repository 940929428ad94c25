/**
 * What the engine on this host can do, asked once at start.
 */
import { isAbsolute, join } from "node:path";
import { AgentdError } from "../../errors.ts";
import { isWithin } from "../../path-containment.ts";
import type { EngineHttp } from "../service/http.ts";
import { type InfoReply, infoReply } from "../service/replies.ts";

/** The user and group of a session inside its container: one that no image has taken. */
export const SESSION_UID = 39_000;

/** Major and minor number of the oldest Podman whose API is sufficient for sessions. */
export const OLDEST_PODMAN = [4, 3] as const;

/** Major and minor number of the first Linux that counts processes in each user namespace by themselves. */
const COUNTS_BY_NAMESPACE = [5, 14] as const;

/** The first question after a boot waits for the engine to look through its storage. */
const INFO_DEADLINE_MS = 120_000;

/** A resource limit that a session can have. */
export type LimitName = "memory" | "cpus" | "pids";

/** The facts about engine and host that matter to sessions. */
export interface EngineHost {
  /** Podman's version, such as `4.3.1`. */
  readonly version: string;
  readonly apiVersion: string;
  /** `crun` or `runc`; `unknown` where the engine could not ask it. */
  readonly ociRuntime: string;
  readonly cgroupVersion: "v1" | "v2";
  /** `systemd` or `cgroupfs`. */
  readonly cgroupManager: string;
  /** The cgroup controllers that are delegated to this user. */
  readonly controllers: readonly string[];
  readonly selinux: boolean;
  readonly storageDriver: string;
  /** Where images, containers and the state of running ones are kept; absolute. */
  readonly storageDirectories: readonly string[];
  /** The directory of all volumes; absolute. */
  readonly volumeDirectory: string;
  readonly networkBackend: string;
  /** What connects a rootless container to the network. */
  readonly privateNetwork: "pasta" | "slirp4netns";
  /** How many subordinate ids the user has. */
  readonly subordinate: { readonly uids: number; readonly gids: number };
  /** Which limits a session can have, by a control group or otherwise. */
  readonly enforceable: Readonly<Record<LimitName, boolean>>;
  /** Which limits a control group can have. */
  readonly controlGroups: Readonly<Record<LimitName, boolean>>;
  /** Whether the kernel counts a user's processes in each user namespace by themselves (since 5.14). */
  readonly countsProcessesByNamespace: boolean;
  /** The file with the engine's default seccomp profile; undefined where it has none, or none is wanted. */
  readonly seccompProfile: string | undefined;
  /** What works, but not fully; each a sentence for the operator. */
  readonly warnings: readonly string[];
}

/**
 * Asks the engine about itself and the host.
 *
 * @param delegated see `describeHost`.
 * @throws `engine_unsuitable` when sessions cannot run here.
 */
export async function readEngineHost(http: EngineHttp, delegated: readonly string[]): Promise<EngineHost> {
  const reply = await http.call({
    tried: "ask Podman about this host",
    method: "GET",
    path: "/info",
    deadlineMs: INFO_DEADLINE_MS,
  });
  return describeHost(infoReply.parse(JSON.parse(reply.text)), delegated);
}

/**
 * The host that `/info` describes.
 *
 * @param delegated controllers that the user's service manager may hand on to containers.
 * @throws `engine_unsuitable` when sessions cannot run here.
 */
export function describeHost(reply: InfoReply, delegated: readonly string[]): EngineHost {
  const described = engineFeatures(reply, delegated);
  refuseUnsuitable(described, reply.host.security.rootless);
  return { ...described, warnings: warningsFor(described) };
}

/** The engine and the host as they are, whether or not sessions can run there. */
export type EngineFeatures = Omit<EngineHost, "warnings">;

/** What `/info` says, without deciding whether it is enough; `delegated` as for `describeHost`. */
export function engineFeatures(
  { host, store, version }: InfoReply,
  delegated: readonly string[],
): EngineFeatures {
  // Only that manager passes its controllers on.
  const controllers = new Set(
    host.cgroupManager === "systemd" ? [...host.cgroupControllers, ...delegated] : host.cgroupControllers,
  );
  const canLimit = (controller: string): boolean =>
    host.cgroupVersion === "v2" && controllers.has(controller);
  const controlGroups = { memory: canLimit("memory"), cpus: canLimit("cpu"), pids: canLimit("pids") };
  const countsProcessesByNamespace = isAtLeast(host.kernel, COUNTS_BY_NAMESPACE);
  return {
    version: version.Version,
    apiVersion: version.APIVersion,
    ociRuntime: host.ociRuntime?.name ?? "unknown",
    cgroupVersion: host.cgroupVersion === "v2" ? "v2" : "v1",
    cgroupManager: host.cgroupManager,
    controllers: [...controllers],
    selinux: host.security.selinuxEnabled,
    storageDriver: store.graphDriverName,
    storageDirectories: [store.graphRoot, store.runRoot, store.volumePath].filter(
      (directory, index, all) =>
        directory !== "" && !all.slice(0, index).some((other) => isWithin(directory, other)),
    ),
    volumeDirectory: store.volumePath === "" ? join(store.graphRoot, "volumes") : store.volumePath,
    networkBackend: host.networkBackend,
    // The field came with pasta; before, there was only one program.
    privateNetwork: host.rootlessNetworkCmd === "pasta" ? "pasta" : "slirp4netns",
    subordinate: {
      uids: subordinateIds(host.idMappings?.uidmap),
      gids: subordinateIds(host.idMappings?.gidmap),
    },
    enforceable: { ...controlGroups, pids: controlGroups.pids || countsProcessesByNamespace },
    controlGroups,
    countsProcessesByNamespace,
    seccompProfile: isAbsolute(host.security.seccompProfilePath)
      ? host.security.seccompProfilePath
      : undefined,
  };
}

function subordinateIds(map: readonly { size: number }[] | null | undefined): number {
  return (map ?? []).slice(1).reduce((sum, range) => sum + range.size, 0);
}

/** Whether a Podman of this version has what sessions need. */
export function isRecentEnough(version: string): boolean {
  return isAtLeast(version, OLDEST_PODMAN);
}

function isAtLeast(
  version: string,
  [oldestMajor, oldestMinor]: readonly [major: number, minor: number],
): boolean {
  const [major = 0, minor = 0] = version.split(/[^\d]/, 2).map(Number);
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}

function refuseUnsuitable(host: EngineFeatures, rootless: boolean): void {
  if (!isRecentEnough(host.version)) {
    throw unsuitable(`Podman is ${host.version}`, "Install Podman 4.3 or newer.");
  }
  if (!rootless) {
    throw unsuitable(
      "its Podman service runs as root",
      "Run agentd and the Podman service as an ordinary user.",
    );
  }
  const ids = Math.min(host.subordinate.uids, host.subordinate.gids);
  if (ids < SESSION_UID) {
    throw unsuitable(
      `the user has ${ids} subordinate ids but needs at least ${SESSION_UID}`,
      "Add a range of 65536 with `usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER` as root, " +
        "then run `podman system migrate` as the user.",
    );
  }
}

function unsuitable(why: string, next: string): AgentdError {
  return new AgentdError("engine_unsuitable", { tried: "run sessions on this host", why, next });
}

function warningsFor(host: EngineFeatures): string[] {
  const warnings: string[] = [];
  if (host.storageDriver === "vfs") {
    warnings.push(
      'Storage driver vfs copies the whole image for every session; set driver = "overlay" in storage.conf.',
    );
  }
  const missing = Object.entries(host.enforceable).filter(([, enforceable]) => !enforceable);
  if (missing.length > 0) {
    const names = missing.map(([name]) => name).join(", ");
    warnings.push(
      `This host cannot limit ${names}: that needs cgroup v2 with these controllers delegated to the user.`,
    );
  }
  return warnings;
}
