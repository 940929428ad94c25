/** Finds what a profile puts into the homes of its sessions: on this host, and in repositories of git. */
import type { Profile } from "../profile/profile.ts";
import { areOnSameServer, type GitSource, gitSourceOf } from "../profile/rules/home-sources.ts";
import type { HomeEntry, HomeFile } from "./host-paths.ts";
import type { FetchedSource } from "./ports.ts";
import type { Preparation } from "./preparation.ts";

type Entry = Profile["files"][number];

/**
 * Reads them, and puts their digests and commits into the record. To be called when the session has its staging.
 *
 * @param token for the session's repository, which the server of that one gets alone; undefined: none.
 * @throws AgentdError `file_invalid`; what `Workspaces.fetchSource` throws.
 */
export async function findHomeFiles(
  preparation: Preparation,
  token: string | undefined,
  signal: AbortSignal,
): Promise<HomeFile[]> {
  const { job, preparing, parts } = preparation;
  const { files } = job.profile;
  if (files.length === 0) return [];
  const fetched = await fetchAll(preparation, files, { token, signal });
  const entries = await Promise.all(
    files.map(async (file): Promise<HomeEntry & { readonly target: string; readonly from: Origin }> => {
      const git = gitSourceIn(file);
      const tree = git && fetched.get(keyOf(git));
      if (git === undefined || tree === undefined) {
        return { target: file.target, from: {}, ...(await parts.hostPaths.homeEntry(file)) };
      }
      const entry = await parts.hostPaths.fetchedEntry(file.target, { ...git, directory: tree.directory });
      return { target: file.target, from: { repo_url: git.url, commit: tree.commit }, ...entry };
    }),
  );
  const found = entries.map(({ target, sha256, from }) => ({
    target,
    sha256,
    ...{ repo_url: null, commit: null, ...from },
  }));
  const warnings = [...fetched.values()].flatMap((each) => each.warnings);
  await preparing.found("files_found", { home_files: found, warnings }, { home_files: found });
  return entries.flatMap((entry) => entry.files);
}

/** Where an entry of the record comes from, unless it is of this host. */
type Origin = { readonly repo_url?: string; readonly commit?: string };

function gitSourceIn({ source }: Entry): GitSource | undefined {
  return source === undefined ? undefined : gitSourceOf(source);
}

const keyOf = ({ url, ref }: GitSource): string => JSON.stringify([url, ref]);

/** Each repository once for each ref, whatever is taken of it; side by side. */
async function fetchAll(
  { parts, job, preparing }: Preparation,
  files: readonly Entry[],
  { token, signal }: { readonly token: string | undefined; readonly signal: AbortSignal },
): Promise<ReadonlyMap<string, FetchedSource>> {
  const wanted = new Map(
    files.flatMap((file): [string, GitSource][] => {
      const git = gitSourceIn(file);
      return git === undefined ? [] : [[keyOf(git), git]];
    }),
  );
  const repository = job.repository?.url;
  return new Map(
    await Promise.all(
      [...wanted].map(async ([key, { url, ref }], index): Promise<[string, FetchedSource]> => {
        const mayHaveToken = repository !== undefined && areOnSameServer(url, repository);
        const source = { url, ref, token: mayHaveToken ? token : undefined };
        const fetching = (): Promise<FetchedSource> =>
          parts.workspaces.fetchSource(job.sessionId, String(index), source, { signal });
        return [key, await preparing.during(`fetching ${url}`, fetching)];
      }),
    ),
  );
}
