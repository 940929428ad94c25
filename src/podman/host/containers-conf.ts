/** The settings of containers.conf, as far as Podman does not report what came of them. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Environment } from "../../environment.ts";

/**
 * Every existing containers.conf that counts for this user, in descending priority, as one text.
 *
 * @param home the user's home directory.
 */
export async function readContainersConf(environment: Environment, home: string): Promise<string> {
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

/** The value of a setting that is one string; undefined when none of the files has it. */
export function stringSetting(settings: string, name: string): string | undefined {
  return new RegExp(`^\\s*${name}\\s*=\\s*"([^"]+)"`, "m").exec(settings)?.[1];
}
