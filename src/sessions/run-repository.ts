import { AgentdError } from "../errors.ts";
import type { Profile } from "../profile/profile.ts";
import { checkRef, parseRepositoryUrl } from "../workspace/repository-url.ts";

/** What a session is to clone. */
export interface RunRepository {
  /** Null for a workspace that is not a clone. */
  readonly repoUrl: string | null;
  /** Null for the server's default branch. */
  readonly ref: string | null;
}

/**
 * The repository and ref of a run: what the request names, else what the profile names.
 *
 * @param tried what for, as a phrase after "cannot".
 * @throws AgentdError `repository_required`, `repository_unexpected`, `repository_invalid` or `ref_invalid`.
 */
export function repositoryOf(
  request: { readonly repo?: string | undefined; readonly ref?: string | undefined },
  profile: Pick<Profile, "name" | "workspace" | "repo" | "ref">,
  tried: string,
): RunRepository {
  const { workspace, name } = profile;
  if (workspace !== "clone") {
    if (request.repo === undefined && request.ref === undefined) return { repoUrl: null, ref: null };
    throw new AgentdError("repository_unexpected", {
      tried,
      why: `its workspace is ${workspace === "empty" ? "empty" : "a copy of a directory"}, not a clone`,
      next: "Leave out the repository and --ref, or use a profile that clones one.",
    });
  }
  const repo = request.repo ?? profile.repo;
  if (repo === undefined) {
    throw new AgentdError("repository_required", {
      tried,
      why: "neither the command nor the profile names a repository",
      next: `Give one: agentd run ${name} https://host/path.git, or set repo in the profile.`,
    });
  }
  // A ref belongs to the repository it was configured with.
  const ref = request.ref ?? (request.repo === undefined ? profile.ref : undefined);
  if (ref !== undefined) checkRef(ref);
  return { repoUrl: parseRepositoryUrl(repo).url, ref: ref ?? null };
}
