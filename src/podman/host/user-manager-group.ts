/**
 * The control group of the user's service manager, in which the engine has containers made where it uses systemd.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** Where the kernel shows control groups. */
export interface CgroupPlaces {
  /** Names the group of this process. */
  readonly ownGroupFile: string;
  readonly root: string;
}

const PLACES: CgroupPlaces = { ownGroupFile: "/proc/self/cgroup", root: "/sys/fs/cgroup" };

/** The group's directory, for any unit or login of the user; undefined outside, and with cgroups version 1. */
export async function userManagerGroup(places = PLACES): Promise<string | undefined> {
  const own = await readIfThere(places.ownGroupFile);
  const [, slice, uid] = /^0::(\/(?:.*?\/)?user-(\d+)\.slice)\//m.exec(own) ?? [];
  return slice === undefined ? undefined : join(places.root, slice, `user@${uid ?? ""}.service`);
}

/**
 * The controllers that the manager may hand on to containers. What the engine lists is what its own group has, and in a
 * service that is less: systemd turns a controller on where some unit needs it.
 */
export async function delegatedControllers(managerGroup: string): Promise<readonly string[]> {
  const controllers = await readIfThere(join(managerGroup, "cgroup.controllers"));
  return controllers.split(/\s+/).filter((name) => name !== "");
}

/** The group of a container. */
export function containerGroup(managerGroup: string, containerId: string): string {
  return join(managerGroup, "user.slice", `libpod-${containerId}.scope`);
}

/** Empty for a file that this host does not have. */
async function readIfThere(path: string): Promise<string> {
  return await readFile(path, "latin1").catch(() => "");
}
