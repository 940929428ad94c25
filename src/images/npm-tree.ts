/** Packages of npm as a tree for `/usr/local`. They are only downloaded: nothing of them runs on the host. */
import { chmod, lstat, mkdir, readdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { AgentdError } from "../errors.ts";
import { ifThere } from "../if-there.ts";
import type { HostPrograms } from "./host-programs.ts";
import type { Recipe } from "./recipe.ts";

const MODULES = join("lib", "node_modules");

/**
 * Fills a directory with npm's packages and the programs in them, readable for every user.
 *
 * @param tree does not exist yet.
 * @throws AgentdError `image_build_failed`.
 */
export async function fillTree(
  tree: string,
  { agent, npm, links }: Pick<Recipe, "agent" | "npm" | "links">,
  programs: HostPrograms,
): Promise<void> {
  await mkdir(join(tree, "bin"), { recursive: true });
  await programs.run({
    program: "npm",
    args: [
      ...["install", "--global", "--prefix", tree, "--ignore-scripts", "--no-audit", "--no-fund"],
      // A download that stands still is tried again, and not waited for five minutes.
      ...["--fetch-timeout=60000", "--fetch-retries=3"],
      ...["--no-update-notifier", "--loglevel=error", ...npm],
    ],
    tried: `download ${npm.join(" and ")}`,
    next: "Check the network and npm's settings (npm config ls), then try again.",
  });
  for (const [name, target] of Object.entries(links)) {
    if ((await ifThere(lstat(join(tree, MODULES, target))))?.isFile() !== true) {
      throw new AgentdError("image_build_failed", {
        tried: `put ${name} into the image of ${agent}`,
        why: `the downloaded packages have no file ${target}`,
        next: "Fix [image] links in the agent's definition.",
      });
    }
    await symlink(join("..", MODULES, target), join(tree, "bin", name));
  }
  await openToAll(tree);
}

/** Whatever the umask of this process and the modes in the packages: a session is neither root nor their owner. */
async function openToAll(path: string): Promise<void> {
  const stats = await lstat(path);
  if (stats.isSymbolicLink()) return;
  const isRunnable = stats.isDirectory() || (stats.mode & 0o100) !== 0;
  await chmod(path, isRunnable ? 0o755 : 0o644);
  if (!stats.isDirectory()) return;
  for (const name of await readdir(path)) await openToAll(join(path, name));
}
