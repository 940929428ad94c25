/**
 * Whether this host lets an ordinary user make user namespaces, in which rootless containers run. Some distributions
 * switch them off, and Ubuntu leaves it to AppArmor which program may.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { failure, type Finding, ok, warning } from "../../finding.ts";
import { readIfThere } from "../../if-there.ts";

/** Where a host says so. */
export interface NamespacePlaces {
  /** The kernel's settings. */
  readonly sysctls: string;
  /** AppArmor's profiles, one a file. */
  readonly profiles: string;
}

const PLACES: NamespacePlaces = { sysctls: "/proc/sys", profiles: "/etc/apparmor.d" };

/** @param podman the path of the program; undefined where it is missing, which another finding reports. */
export async function userNamespacesFinding(
  podman: string | undefined,
  { sysctls, profiles }: NamespacePlaces = PLACES,
): Promise<Finding> {
  const setting = async (path: string): Promise<string | undefined> =>
    (await readIfThere(join(sysctls, path)))?.trim();
  if ((await setting("user/max_user_namespaces")) === "0") {
    return failure(
      "this host allows no user namespaces (user.max_user_namespaces is 0), and every container needs one",
      setForGood("user.max_user_namespaces=65536"),
    );
  }
  if ((await setting("kernel/unprivileged_userns_clone")) === "0") {
    return failure(
      "this host allows user namespaces only to root (kernel.unprivileged_userns_clone is 0), and every container needs one",
      setForGood("kernel.unprivileged_userns_clone=1"),
    );
  }
  if ((await setting("kernel/apparmor_restrict_unprivileged_userns")) !== "1") {
    return ok("ordinary users can make user namespaces");
  }
  if (podman === undefined) return ok("AppArmor decides which programs can make user namespaces");
  const file = await profileFor(podman, profiles);
  if (file !== undefined) return ok(`AppArmor lets ${podman} make user namespaces (${file})`);
  return warning(
    `AppArmor restricts user namespaces, and no profile in ${profiles} lets ${podman} make them`,
    allowByAppArmor(podman, profiles),
  );
}

function setForGood(line: string): string {
  return `echo ${line} | sudo tee /etc/sysctl.d/60-user-namespaces.conf && sudo sysctl --system`;
}

/** The file with a profile that is attached to this program and has the rule; undefined without one. */
async function profileFor(program: string, directory: string): Promise<string | undefined> {
  const names = await readdir(directory).catch((): string[] => []);
  for (const name of names.sort()) {
    const file = join(directory, name);
    const text = (await readIfThere(file).catch(() => undefined)) ?? ""; // It may be a directory, or closed to us.
    if (isAttachedTo(program, text) && /^\s*userns\b[^#]*,/m.test(text)) return file;
  }
  return undefined;
}

/** Whether a profile names the program's path in its head, as `profile podman /usr/bin/podman flags=(unconfined) {` does. */
function isAttachedTo(program: string, text: string): boolean {
  const heads = text.split("\n").filter((line) => !line.trim().startsWith("#") && line.includes("{"));
  const words = heads.flatMap((line) => line.replaceAll("@{bin}", "/usr/bin").split(/\s+/));
  return words.some((word) => alternatives(word).includes(program));
}

/** What AppArmor's braces stand for: `/usr/{bin,local/bin}/podman` is two paths. */
function alternatives(word: string): string[] {
  const [, before = "", inside, after = ""] = /^(.*?)\{([^{}]*)\}(.*)$/.exec(word) ?? [];
  if (inside === undefined) return [word];
  return inside.split(",").flatMap((each) => alternatives(`${before}${each}${after}`));
}

/** Ubuntu's own profile of Podman, for a program that is elsewhere. */
function allowByAppArmor(program: string, profiles: string): string {
  const text = String.raw`abi <abi/4.0>,\ninclude <tunables/global>\nprofile agentd-podman ${program} flags=(unconfined) {\n  userns,\n}\n`;
  const file = join(profiles, "agentd-podman");
  return `printf '${text}' | sudo tee ${file} && sudo apparmor_parser -r ${file}`;
}
