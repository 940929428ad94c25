/**
 * What Podman 6 no longer supports and this host still uses, so that an upgrade does not end its sessions by surprise.
 */
import { join } from "node:path";
import type { Environment } from "../../environment.ts";
import { type Finding, ok, warning } from "../../finding.ts";
import { isReachable } from "../../if-there.ts";
import { BOOT_WITH_VERSION_2, type CgroupMode } from "./cgroup-mode.ts";
import { readContainersConf, stringSetting } from "./containers-conf.ts";
import type { EngineParts } from "./engine-report.ts";

/** The release that removed all of this: its notes, "Breaking Changes". */
const REMOVED_IN = 6;

/** Settings of containers.conf whose value names something removed. */
const REMOVED_SETTINGS: readonly (readonly [name: string, value: RegExp])[] = [
  ["default_rootless_network_cmd", /^slirp4netns$/],
  ["network_cmd_path", /./],
  ["network_backend", /^cni$/],
  ["firewall_driver", /^iptables$/],
  ["database_backend", /^boltdb$/],
];

/** The lines of containers.conf that name something removed, such as `network_backend = "cni"`. */
export async function removedSettings(environment: Environment, home: string): Promise<readonly string[]> {
  const settings = await readContainersConf(environment, home);
  return REMOVED_SETTINGS.flatMap(([name, removed]) => {
    const value = stringSetting(settings, name);
    return value !== undefined && removed.test(value) ? [`${name} = "${value}"`] : [];
  });
}

/** Whether this storage has a database that Podman 6 does not read, even if it is not in use any more. */
export async function hasBoltDatabase({ directory }: EngineParts["storage"]): Promise<boolean> {
  return await isReachable(join(directory, "libpod", "bolt_state.db"));
}

/** What this host uses. */
export interface RemovedParts {
  readonly cgroups: CgroupMode;
  /** Whether containers are, or were, in a BoltDB database. */
  readonly boltDatabase: boolean;
  /** As Podman reports it. */
  readonly networkBackend: string;
  /** See `removedSettings`. */
  readonly settings: readonly string[];
}

/** No finding for a Podman that has nothing of it any more. @param version of the Podman in use. */
export function nextPodmanFinding(version: string, parts: RemovedParts): Finding | undefined {
  if (Number.parseInt(version, 10) >= REMOVED_IN) return undefined;
  const { cgroups, boltDatabase, networkBackend, settings } = parts;
  const faults: (readonly [what: string, fix: string])[] = [];
  if (cgroups !== "v2") {
    const what = cgroups === "none" ? "no control groups" : `control groups in ${cgroups} mode`;
    faults.push([what, BOOT_WITH_VERSION_2]);
  }
  if (boltDatabase) {
    const fix = "upgrade to Podman 5.8 first and reboot, which moves the database to SQLite";
    faults.push(["a BoltDB database", fix]);
  }
  if (networkBackend === "cni" && !settings.some((line) => line.startsWith("network_backend"))) {
    faults.push(["CNI networks", 'network_backend = "netavark" below [network] in containers.conf']);
  }
  for (const line of settings) faults.push([line, `remove ${line} from containers.conf`]);
  if (faults.length === 0) return ok(`this host has nothing that Podman ${REMOVED_IN} no longer supports`);
  return warning(
    `Podman ${REMOVED_IN} will not work here; it no longer supports ${faults.map(([what]) => what).join(", ")}`,
    faults.map(([, fix]) => fix).join("; "),
  );
}
