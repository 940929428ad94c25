/**
 * The init program that Podman starts first in a container, which `podman info` does not mention.
 */
import { constants, readdir, readFile } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
import type { Environment } from "../../environment.ts";
import { isReachable } from "../../if-there.ts";

/** Where Podman looks for its helpers, unless a containers.conf says otherwise. */
const HELPER_DIRECTORIES = [
  "/usr/local/libexec/podman",
  "/usr/local/lib/podman",
  "/usr/libexec/podman",
  "/usr/lib/podman",
  "/usr/libexec/catatonit",
];

const INIT = "catatonit";

/**
 * Path of the init program; undefined when there is none where Podman looks.
 *
 * @param home the user's home directory.
 */
export async function findInit(environment: Environment, home: string): Promise<string | undefined> {
  const settings = await readSettings(environment, home);
  const [, configured] = /^\s*init_path\s*=\s*"([^"]+)"/m.exec(settings) ?? [];
  if (configured !== undefined)
    return (await isReachable(configured, constants.X_OK)) ? configured : undefined;
  const [, named = ""] = /^\s*helper_binaries_dir\s*=\s*\[([^\]]*)\]/m.exec(settings) ?? [];
  const directories = [
    ...[...named.matchAll(/"([^"]+)"/g)].map(([, directory = ""]) => directory),
    ...HELPER_DIRECTORIES,
    ...(environment["PATH"] ?? "").split(delimiter).filter(isAbsolute),
  ];
  for (const directory of directories) {
    const path = join(directory, INIT);
    if (await isReachable(path, constants.X_OK)) return path;
  }
  return undefined;
}

/** Every existing containers.conf, in descending priority. */
async function readSettings(environment: Environment, home: string): Promise<string> {
  const own = environment["CONTAINERS_CONF"];
  const user = join(environment["XDG_CONFIG_HOME"] ?? join(home, ".config"), "containers", "containers.conf");
  const files =
    own === undefined
      ? [user, ...(await dropIns("/etc/containers/containers.conf.d")), "/etc/containers/containers.conf"]
      : [own];
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8").catch(() => "")));
  return texts.join("\n");
}

async function dropIns(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch((): string[] => []);
  return names
    .sort()
    .reverse()
    .map((name) => join(directory, name));
}
