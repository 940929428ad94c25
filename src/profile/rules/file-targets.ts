/** Where in a session's home a profile's files may be. Pure: about paths inside, not on this host. */
import { posix } from "node:path";
import { isWithin } from "../../path-containment.ts";
import type { TargetFault } from "./mount-targets.ts";

const MOST_BYTES = 1_000;
const MOST_NAME_BYTES = 255;

/**
 * The rules that the targets of one profile's files break.
 *
 * @param targets undefined where a file has none.
 * @param mountTargets those of the profile's mounts; undefined where a mount has none.
 * @param profileName undefined where the profile has none: its mounts are not looked at then.
 */
export function fileTargetFaults(
  targets: readonly (string | undefined)[],
  mountTargets: readonly (string | undefined)[],
  profileName: string | undefined,
): TargetFault[] {
  return targets.flatMap((target, index) => {
    if (target === undefined) return [];
    const message =
      formFault(target) ??
      placeFault(target) ??
      mountFault(target, mountTargets, profileName) ??
      overlapFault(target, targets.slice(0, index));
    return message === undefined ? [] : [{ index, message }];
  });
}

function formFault(target: string): string | undefined {
  if (!target.startsWith("~/")) return "must be a path in the session's home that begins with ~/";
  if (/\p{Cc}/u.test(target)) return "control characters are refused";
  if (posix.normalize(target) !== target || target.endsWith("/"))
    return "must be the path of a file, without . or .. or extra slashes";
  if (Buffer.byteLength(target) > MOST_BYTES) return `must not be longer than ${MOST_BYTES} bytes`;
  return target.split("/").some((name) => Buffer.byteLength(name) > MOST_NAME_BYTES)
    ? `no name in it may be longer than ${MOST_NAME_BYTES} bytes`
    : undefined;
}

function placeFault(target: string): string | undefined {
  const reserved = ["~/repo", "~/.agentd"].find((path) => isWithin(target, path));
  return reserved === undefined ? undefined : `must not be in ${reserved}, which agentd reserves`;
}

/** The session sees what is mounted, and not what is written below it. */
function mountFault(
  target: string,
  mountTargets: readonly (string | undefined)[],
  profileName: string | undefined,
): string | undefined {
  if (profileName === undefined) return undefined;
  const inside = `/home/${profileName}${target.slice(1)}`;
  const other = mountTargets.find(
    (mount) => mount !== undefined && (isWithin(inside, mount) || isWithin(mount, inside)),
  );
  return other === undefined ? undefined : `overlaps with the mount at ${other}`;
}

function overlapFault(target: string, earlier: readonly (string | undefined)[]): string | undefined {
  const other = earlier.find(
    (path) => path !== undefined && (isWithin(path, target) || isWithin(target, path)),
  );
  if (other === undefined) return undefined;
  return other === target
    ? "another file of this profile already has this target"
    : `overlaps with the file at ${other}`;
}
