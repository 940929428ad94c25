/** What the user who runs agentd needs: id mapping, a runtime directory, a service manager that stays. */
import { realpath, stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { failure, type Finding, ok, warning } from "../../finding.ts";
import { ifThere, isReachable } from "../../if-there.ts";
import { othersMode } from "../service/others-mode.ts";
import type { Check } from "./check.ts";
import type { Ground } from "./ground.ts";
import { userNamespacesFinding } from "./user-namespaces.ts";

export interface UserPlaces {
  /** Has a file for each user whose service manager outlives the logins. */
  readonly lingering: string;
  /** Exists if the host was booted with systemd. */
  readonly systemd: string;
}

const PLACES: UserPlaces = { lingering: "/var/lib/systemd/linger", systemd: "/run/systemd/system" };

/** @param runtimeDirectory agentd's own. @throws what finding it throws. */
export function userChecks(ground: Ground, runtimeDirectory: () => string): Check[] {
  const check = (name: string, look: Check["look"]): Check => ({ name, group: "user", look });
  return [
    check("user_namespaces", async () => await userNamespacesFinding(await realPath("podman", ground))),
    check("id_mapping_programs", () => mappingFinding(ground)),
    check("runtime_directory", () => runtimeFinding(ground, runtimeDirectory)),
    check("lingering", () => lingeringFinding(ground.user)),
  ];
}

/** Where these programs are in PATH, up to the first one that is not. */
async function programPaths(names: readonly string[], { run }: Ground): Promise<string[]> {
  const found = await run("sh", ["-c", 'for each; do command -v "$each" || exit; done', "sh", ...names]);
  return found.kind === "ended" ? found.stdout.split("\n").filter(Boolean) : [];
}

/** Of a program that may be a link, which AppArmor follows. */
async function realPath(name: string, ground: Ground): Promise<string | undefined> {
  const [path] = await programPaths([name], ground);
  return path && (await ifThere(realpath(path)));
}

async function mappingFinding(ground: Ground): Promise<Finding> {
  const programs = ["newuidmap", "newgidmap"];
  const paths = await programPaths(programs, ground);
  const missing = programs[paths.length];
  if (missing === undefined) return ok(paths.join(", "));
  return failure(
    `${missing} is not in PATH; containers need it for their user ids`,
    ground.install("uidmap", "shadow-utils"),
  );
}

/** File systems that a boot clears: tmpfs and ramfs. */
const VOLATILE = [0x01021994, 0x858458f6];

async function runtimeFinding({ host: { uid }, unreachable }: Ground, find: () => string): Promise<Finding> {
  const directory = dirname(find());
  const gone = await unreachable(directory);
  if (gone !== undefined) return gone;
  const found = await stat(directory).catch(() => undefined);
  const make = `sudo install -d -m 0700 -o ${uid} ${directory}`;
  if (found === undefined) return failure(`XDG_RUNTIME_DIR names ${directory}, which does not exist`, make);
  if (!found.isDirectory()) return failure(`${directory} is not a directory`, make);
  if (found.uid !== uid)
    return failure(`${directory} belongs to user ${found.uid}, not to you (${uid})`, make);
  const mode = othersMode(found);
  if (mode !== undefined) {
    return failure(`${directory} has mode ${mode}, so other users can access it`, `chmod 0700 ${directory}`);
  }
  const { type } = await statfs(directory);
  if (VOLATILE.includes(type)) return ok(`${directory}, on a tmpfs`);
  return warning(
    `${directory} is not on a tmpfs, so a reboot does not clear it`,
    `sudo mount -t tmpfs -o mode=0700,uid=${uid} tmpfs ${directory}   # pam_systemd does this at each login`,
  );
}

/** Whether the user's services, and so the sessions, outlive a logout. */
export async function lingeringFinding(
  user: string,
  { lingering, systemd }: UserPlaces = PLACES,
): Promise<Finding> {
  if (!(await isReachable(systemd)))
    return ok("this host was not booted with systemd, so a logout ends nothing");
  if (await isReachable(`${lingering}/${user}`)) return ok(`${user} lingers: sessions survive a logout`);
  return warning(
    `${user} does not linger: the service and every session end at the last logout, and the service does not start at boot`,
    "loginctl enable-linger",
  );
}
