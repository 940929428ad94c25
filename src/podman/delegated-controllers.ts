import { readFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * The cgroup controllers that the service manager of this process's user may hand on; none where there is no such
 * manager, or cgroups are not version 2.
 *
 * Containers get theirs from that manager. What the engine lists is what its own group has, and in a service that is
 * less: systemd turns a controller on where some unit needs it.
 *
 * @param cgroupFile says in which group this process is. @param cgroupRoot where groups are mounted.
 */
export async function delegatedControllers(
  cgroupFile = "/proc/self/cgroup",
  cgroupRoot = "/sys/fs/cgroup",
): Promise<readonly string[]> {
  const own = await readIfThere(cgroupFile);
  const manager = /^0::(\/.*?\/user@\d+\.service)(?:\/|$)/m.exec(own)?.[1];
  if (manager === undefined) return [];
  const controllers = await readIfThere(join(cgroupRoot, manager, "cgroup.controllers"));
  return controllers.split(/\s+/).filter((name) => name !== "");
}

/** Nothing for what this host does not have. */
async function readIfThere(path: string): Promise<string> {
  return await readFile(path, "latin1").catch(() => "");
}
