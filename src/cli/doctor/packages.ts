/** Commands that install missing packages. */
import { readFile } from "node:fs/promises";
import { isReachable } from "../../if-there.ts";

/** The command that installs packages here, each given by its names on Debian and on Fedora, if they differ. */
export type Install = (debian: string, fedora?: string) => string;

/** What tells which distribution this is. */
export interface ReleasePlaces {
  readonly release: string;
  /** Exists where /usr is an image of OSTree, as on CoreOS and Silverblue. */
  readonly ostree: string;
}

const PLACES: ReleasePlaces = { release: "/etc/os-release", ostree: "/run/ostree-booted" };

export async function readInstall({ release, ostree }: ReleasePlaces = PLACES): Promise<Install> {
  const text = await readFile(release, "utf8").catch(() => "");
  const [, like = ""] = /^ID_LIKE="?([^"\n]*)/m.exec(text) ?? [];
  const [, id = ""] = /^ID="?([^"\n]*)/m.exec(text) ?? [];
  const family = [id, ...like.split(" ")];
  if (family.some((name) => name === "debian" || name === "ubuntu")) {
    return (debian) => `sudo apt-get update && sudo apt-get install -y ${debian}`;
  }
  if (family.includes("fedora") || family.includes("rhel")) {
    return (await isReachable(ostree))
      ? (debian, fedora = debian) => `sudo rpm-ostree install ${fedora} && sudo systemctl reboot`
      : (debian, fedora = debian) => `sudo dnf install -y ${fedora}`;
  }
  return (debian) => `install ${debian} with this distribution's package manager`;
}
