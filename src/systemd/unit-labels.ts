/**
 * The SELinux labels of unit files. systemd shows or changes a unit only when the policy allows the user to do that to
 * the label of its file, and a new directory gets the label of the one around it.
 */
import { dirname } from "node:path";
import { execa } from "execa";
import { AgentdError } from "../errors.ts";
import { isReachable } from "../if-there.ts";

/** Exists where SELinux is on. */
const SELINUX = "/sys/fs/selinux/enforce";
/** Where restorecon is, besides the PATH of an ordinary user. */
const SYSTEM_PROGRAMS = "/usr/sbin:/sbin";
const LABELLING_LIMIT_MS = 60_000;

/**
 * Gives the unit files that are there the labels that the policy has for their places, and their directories too, up to
 * the one that holds the user's directory of units. Without SELinux nothing happens.
 *
 * @param files absolute paths.
 * @param path the PATH of the user.
 * @throws AgentdError `service_failed`.
 */
export async function labelUnitFiles(files: readonly string[], path: string | undefined): Promise<void> {
  if (!(await isReachable(SELINUX))) return;
  const places = new Set(files.flatMap((file) => [dirname(dirname(file)), dirname(file), file]));
  const looks = [...places].map(async (place) => ((await isReachable(place)) ? [place] : []));
  const found = (await Promise.all(looks)).flat();
  if (found.length === 0) return;
  const { failed, stderr, shortMessage } = await execa("restorecon", ["--", ...found], {
    env: { PATH: `${path ?? ""}:${SYSTEM_PROGRAMS}` },
    extendEnv: false,
    stdin: "ignore",
    timeout: LABELLING_LIMIT_MS,
    reject: false,
  });
  if (!failed) return;
  throw new AgentdError("service_failed", {
    tried: "give the unit files their SELinux labels",
    why: stderr.trim() || (shortMessage ?? ""),
    next: "Run `restorecon -R ~/.config/systemd` by hand; it is part of policycoreutils.",
  });
}
