import { mkdir, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Mount } from "../profile/profile.ts";

/**
 * Makes the places of the mounts below a session's home, with the directories on the way to them. The runtime would
 * make missing ones itself, owned by a subordinate id: no place for the session to write, nor for us to remove.
 *
 * @param homeDirectory what is mounted as the home; nothing of the session runs yet.
 * @param home where it is in the container.
 * @param mounts any; those elsewhere are left to the runtime. Their sources exist.
 */
export async function makeMountPoints(
  homeDirectory: string,
  home: string,
  mounts: readonly Pick<Mount, "source" | "target">[],
): Promise<void> {
  for (const { source, target } of mounts) {
    if (!target.startsWith(`${home}/`)) continue;
    const place = join(homeDirectory, target.slice(home.length));
    const isDirectory = (await stat(source)).isDirectory();
    await mkdir(isDirectory ? place : dirname(place), { recursive: true });
    if (!isDirectory) await writeFile(place, "");
  }
}
