import type { OwnGit } from "../../work/git/own-git.ts";
import { GitFailure } from "../../workspace/git.ts";

/** Whether a repository has a commit. @throws what `OwnGit.run` throws for another cause. */
export async function hasCommit(git: OwnGit, repository: string, commit: string): Promise<boolean> {
  try {
    await git.run(["cat-file", "-e", `${commit}^{commit}`], { repository });
    return true;
  } catch (error) {
    if (error instanceof GitFailure) return false;
    throw error;
  }
}
