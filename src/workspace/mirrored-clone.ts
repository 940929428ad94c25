/** Clones from the server, with the objects of a mirror where one helps. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { systemCode } from "../errors.ts";
import { isThere } from "../if-there.ts";
import { isExplained, saysConnectionBroke } from "./clone-failure.ts";
import { GitFailure } from "./git.ts";
import { type Access, cloneAtRef } from "./git-clone.ts";
import type { Mirror } from "./mirror.ts";
import type { Mirrors } from "./mirrors.ts";
import { copyObjects, listObjects, RepositoryDamaged } from "./object-files.ts";
import type { Staging } from "./staging.ts";

/** The usefulness of a mirror. `unhelpful`: this clone does without it, but the mirror may be fine. */
type Verdict = "good" | "unhelpful" | "damaged";

/** A mirror is shallow because the repository is. */
const IS_SHALLOW = /reference repository .* is shallow/;

/**
 * Clones into `cloneDirectory`; the clone then needs nothing outside it.
 *
 * @param ref branch, tag or commit; null: the branch that the server's HEAD names.
 * @returns what an operator should know, as sentences.
 * @throws AgentdError `ref_not_found`; GitFailure and what else `Git` throws.
 */
export async function cloneWithMirror(
  staging: Staging,
  ref: string | null,
  access: Access,
  mirrors: Mirrors,
): Promise<string[]> {
  const mirror = await mirrors.open(access, staging.directory);
  const verdict = mirror && (await borrow(staging, ref, access, mirror));
  if (verdict === "good") return [];
  await staging.removeClone();
  await cloneAtRef(access, staging, { ref });
  if (verdict !== "damaged") return [];
  await mirror?.discard(join(staging.directory, "discarded-mirror"));
  return ["The mirror of the repository was damaged and not used; the next session recreates it."];
}

/** Clones with the help of a mirror, and adds new objects to the mirror. */
async function borrow(
  staging: Staging,
  ref: string | null,
  access: Access,
  mirror: Mirror,
): Promise<Verdict> {
  const gitDirectory = join(staging.cloneDirectory, ".git");
  try {
    const before = await listObjects(mirror.directory);
    await cloneAtRef(access, staging, { ref, reference: mirror.directory });
    const news = await listObjects(gitDirectory);
    const after = await listObjects(mirror.directory);
    await copyObjects(new Set([...before, ...after]), mirror.directory, gitDirectory);
    await rm(join(gitDirectory, "objects/info/alternates"));
    if (news.size > 0) await mirror.learnFrom(staging.cloneDirectory, access);
    return "good";
  } catch (error) {
    const verdict = await verdictOn(error, mirror);
    if (verdict === undefined) throw error;
    return verdict;
  }
}

/** Undefined when the mirror did not cause this failure. */
async function verdictOn(error: unknown, mirror: Mirror): Promise<Verdict | undefined> {
  if (error instanceof RepositoryDamaged) return "damaged";
  if (error instanceof GitFailure) {
    if (saysConnectionBroke(error) || IS_SHALLOW.test(error.output)) return "unhelpful";
    return isExplained(error) ? undefined : "damaged";
  }
  if (systemCode(error) !== "ENOENT") return undefined;
  // A repack has removed objects that were to be copied.
  return (await isThere(join(mirror.directory, "objects"))) ? "unhelpful" : "damaged";
}
