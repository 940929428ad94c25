/** Commands that install missing packages. */
import { readFile } from "node:fs/promises";

/** The command that installs packages here, each given by its names on Debian and on Fedora, if they differ. */
export type Install = (debian: string, fedora?: string) => string;

/** @param file that tells which distribution this is. */
export async function readInstall(file = "/etc/os-release"): Promise<Install> {
  const text = await readFile(file, "utf8").catch(() => "");
  const [, like = ""] = /^ID_LIKE="?([^"\n]*)/m.exec(text) ?? [];
  const [, id = ""] = /^ID="?([^"\n]*)/m.exec(text) ?? [];
  const family = [id, ...like.split(" ")];
  if (family.some((name) => name === "debian" || name === "ubuntu")) {
    return (debian) => `sudo apt-get update && sudo apt-get install -y ${debian}`;
  }
  if (family.includes("fedora") || family.includes("rhel")) {
    return (debian, fedora = debian) => `sudo dnf install -y ${fedora}`;
  }
  return (debian) => `install ${debian} with this distribution's package manager`;
}
