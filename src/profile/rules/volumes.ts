/** The volumes of a profile: how they are named, and where in a container they may be. Pure. */
import type { TargetFault } from "./mount-targets.ts";
import { targetFaults } from "./mount-targets.ts";

/** Names of volumes, as those of profiles: they are names of directories. */
export const VOLUME_NAME = /^[a-z_][a-z0-9_-]{0,31}$/;

export const VOLUME_NAME_RULE = "must be 1 to 32 of a-z, 0-9, _ and -, starting with a letter or _";

/** Whose the shared volumes are; no profile can have this name. */
export const SHARED = "@shared";

interface NamedVolume {
  readonly name: string;
  readonly shared: boolean;
}

/** What names a volume in an instance, such as `site-builder/npm-cache`, or `@shared/npm-cache`. */
export function volumeId(profileName: string, { name, shared }: NamedVolume): string {
  return `${shared ? SHARED : profileName}/${name}`;
}

/** The volumes that only one session may have at a time, by their ids. */
export function exclusiveVolumes({
  name,
  volumes,
}: {
  readonly name: string;
  readonly volumes: readonly (NamedVolume & { readonly mode: "exclusive" | "copy" })[];
}): string[] {
  return volumes.filter(({ mode }) => mode === "exclusive").map((volume) => volumeId(name, volume));
}

/** The absolute path in the container of a target that may begin with `~/`. */
export function absoluteTarget(target: string, profileName: string): string {
  return target.startsWith("~/") ? `/home/${profileName}${target.slice(1)}` : target;
}

/**
 * The rules that the targets of a profile's volumes break.
 *
 * @param targets undefined where a volume has none.
 * @param mountTargets those of the profile's mounts; undefined where a mount has none.
 * @param profileName undefined where the profile has none: nothing is looked at in its home then.
 */
export function volumeTargetFaults(
  targets: readonly (string | undefined)[],
  mountTargets: readonly (string | undefined)[],
  profileName: string | undefined,
): TargetFault[] {
  const faults = targetFaults([...mountTargets, ...absoluteTargets(targets, profileName)], profileName);
  const own = faults.filter(({ index }) => index >= mountTargets.length);
  return own.map(({ index, message }) => ({
    index: index - mountTargets.length,
    message: message === NOT_ABSOLUTE ? `${NOT_ABSOLUTE}, or begin with ~/` : message,
  }));
}

/** Undefined where it is not known. */
export function absoluteTargets(
  targets: readonly (string | undefined)[],
  profileName: string | undefined,
): (string | undefined)[] {
  return targets.map((target) => {
    if (target === undefined || !target.startsWith("~/")) return target;
    return profileName === undefined ? undefined : absoluteTarget(target, profileName);
  });
}

const NOT_ABSOLUTE = "must be an absolute path in the container";
