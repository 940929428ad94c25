/**
 * How this host mounts control groups.
 */
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { isReachable } from "../../if-there.ts";

/** `hybrid` has version 1 with version 2 beside it; crun refuses it. */
export type CgroupMode = "v2" | "hybrid" | "v1" | "none";

/** What makes a host have version 2 alone. */
export const BOOT_WITH_VERSION_2 =
  "systemd.unified_cgroup_hierarchy=1 on the kernel's command line (a setting of the boot loader), then reboot";

const CGROUP2_MAGIC = 0x63677270;

/** @param root where control groups are mounted. */
export async function cgroupMode(root = "/sys/fs/cgroup"): Promise<CgroupMode> {
  if (await isVersion2(root)) return "v2";
  if (await isVersion2(join(root, "unified"))) return "hybrid";
  return (await isReachable(root)) ? "v1" : "none";
}

async function isVersion2(path: string): Promise<boolean> {
  return await statfs(path).then(
    ({ type }) => type === CGROUP2_MAGIC,
    () => false,
  );
}
