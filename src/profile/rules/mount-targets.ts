/** Where in a container a profile's mounts may be. Pure: about paths inside, not on this host. */
import { posix } from "node:path";
import { isWithin } from "../../path-containment.ts";

/** A target that breaks a rule. */
export interface TargetFault {
  readonly index: number;
  /** Without a full stop. */
  readonly message: string;
}

const SYSTEM_DIRECTORIES = ["/proc", "/sys", "/dev"];

const PROGRAMS = "where the image keeps its programs";
const SHELL = "the shell that starts every session";
const ACCOUNTS = "which Podman writes for the session's user";
const INIT = "the first process of every session";

/** What a session needs, and what it is. Paths inside these directories may be mounted over. */
const NEEDED: readonly (readonly [path: string, what: string])[] = [
  ...["", "/usr"].flatMap((root) =>
    ["bin", "lib", "lib32", "lib64", "libx32", "sbin"].map((name) => [`${root}/${name}`, PROGRAMS] as const),
  ),
  ["/bin/sh", SHELL],
  ["/usr/bin/sh", SHELL],
  ["/etc/passwd", ACCOUNTS],
  ["/etc/group", ACCOUNTS],
  ["/run/podman-init", INIT],
  ["/run/.containerenv", "which tells programs that they run in a container"],
];

/**
 * The rules that the targets of one profile break.
 *
 * @param targets undefined where a mount has none.
 * @param profileName undefined where the profile has none: its home is not looked after then.
 */
export function targetFaults(
  targets: readonly (string | undefined)[],
  profileName: string | undefined,
): TargetFault[] {
  return targets.flatMap((target, index) => {
    if (target === undefined) return [];
    const earlier = targets.slice(0, index).filter((other) => other !== undefined);
    const message = formFault(target) ?? placeFault(target, profileName) ?? overlapFault(target, earlier);
    return message === undefined ? [] : [{ index, message }];
  });
}

function formFault(target: string): string | undefined {
  if (!target.startsWith("/")) return "must be an absolute path in the container";
  if (/[\p{Cc},*?[\]]/u.test(target))
    return "control characters, commas and the wildcards * ? [ ] are refused";
  if (posix.normalize(target) !== target || (target !== "/" && target.endsWith("/"))) {
    return "must not contain . or .. or extra slashes";
  }
  return undefined;
}

function placeFault(target: string, profileName: string | undefined): string | undefined {
  const system = SYSTEM_DIRECTORIES.find((directory) => isWithin(target, directory));
  if (target === "/") return "must not hide the container's own root directory";
  if (system !== undefined) return `must not be in ${system}, which belongs to the kernel`;
  const [needed, what] = NEEDED.find(([path]) => isWithin(path, withoutLink(target))) ?? [];
  if (needed !== undefined) return `must not hide ${needed}, ${what}`;
  const home = profileName === undefined ? [] : [`/home/${profileName}`];
  const reserved = ["/agentd", ...home.flatMap((path) => [`${path}/repo`, `${path}/.agentd`])];
  const within = reserved.find((path) => isWithin(target, path));
  if (within !== undefined) return `must not be in ${within}, which agentd reserves`;
  const hidden = [...reserved, ...home].find((path) => isWithin(path, target));
  return hidden === undefined ? undefined : `must not hide ${hidden}, which agentd mounts itself`;
}

/** `/var/run` is a link to `/run` in nearly every image. */
function withoutLink(target: string): string {
  return isWithin(target, "/var/run") ? target.slice("/var".length) : target;
}

function overlapFault(target: string, earlier: readonly string[]): string | undefined {
  const other = earlier.find((path) => isWithin(path, target) || isWithin(target, path));
  if (other === undefined) return undefined;
  return other === target
    ? "another mount of this profile already has this target"
    : `overlaps with the mount at ${other}`;
}
