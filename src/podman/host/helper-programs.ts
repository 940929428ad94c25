/**
 * The init program that Podman starts first in a container, which `podman info` does not mention.
 */
import { constants } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
import type { Environment } from "../../environment.ts";
import { isReachable } from "../../if-there.ts";
import { readContainersConf, stringSetting } from "./containers-conf.ts";

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
  const settings = await readContainersConf(environment, home);
  const configured = stringSetting(settings, "init_path");
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
