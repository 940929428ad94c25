/** Content of a clone that agentd leaves alone: it would make the host fetch and run what a repository names. */
import { lstat, readFile } from "node:fs/promises";
import { join } from "node:path";
import { isThere } from "../if-there.ts";
import { type Access, onThisHost } from "./git-clone.ts";

/** Finds submodules and Git LFS in a clone that no container has seen; gives sentences for the operator. */
export async function findLeftAlone(clone: string, access: Access): Promise<string[]> {
  const warnings: string[] = [];
  if (await isThere(join(clone, ".gitmodules"))) {
    warnings.push("The repository has submodules; they were not cloned.");
  }
  if (await usesLfs(clone, access)) {
    warnings.push("The repository keeps files in Git LFS; they were left as pointers.");
  }
  return warnings;
}

async function usesLfs(clone: string, access: Access): Promise<boolean> {
  if (await namesLfs(join(clone, ".gitattributes"))) return true;
  // The index has every path in full: reading it is cheaper than a git process, and most repositories need none.
  const index = await readFile(join(clone, ".git/index"));
  if (!index.includes("/.gitattributes\0")) return false;
  const nested = ["ls-files", "-z", "--", ":(glob)*/**/.gitattributes"];
  const paths = (await access.git(nested, onThisHost(access, clone))).split("\0").filter(Boolean);
  for (const path of paths) {
    if (await namesLfs(join(clone, path))) return true;
  }
  return false;
}

async function namesLfs(attributesFile: string): Promise<boolean> {
  const isFile = await lstat(attributesFile).then(
    (stats) => stats.isFile(),
    () => false,
  );
  return isFile && /\bfilter=lfs\b/.test(await readFile(attributesFile, "utf8"));
}
