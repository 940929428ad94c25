/** Makes what a session finds in `~/repo`: a clone, a copy of a directory, or nothing. */
import type { Preparation } from "./preparation.ts";

/**
 * Makes it where the session's container does not see it yet, and keeps what it is for the export at the end.
 *
 * @param token for the clone; undefined: none.
 */
export async function makeWorkspace(
  preparation: Preparation,
  token: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { job, parts } = preparation;
  await parts.failpoints.reach("clone_begun");
  if (job.repository !== null) await clone(preparation, { ...job.repository, token }, signal);
  else if (job.profile.directory === undefined) await makeEmpty(preparation, signal);
  else await copy(preparation, job.profile.directory, signal);
  await parts.failpoints.reach("cloned");
  if (job.repository !== null) await parts.workspaces.keepBase(job.sessionId, job.repository.url);
  await parts.failpoints.reach("base_kept");
}

async function clone(
  { parts, job, preparing }: Preparation,
  source: { readonly url: string; readonly ref: string | null; readonly token: string | undefined },
  signal: AbortSignal,
): Promise<void> {
  const { commit, warnings } = await preparing.during(`cloning ${source.url}`, () =>
    parts.workspaces.clone(job.sessionId, source, { signal }),
  );
  await preparing.found("cloned", { commit, warnings }, { commit });
}

async function makeEmpty({ parts, job }: Preparation, signal: AbortSignal): Promise<void> {
  await parts.workspaces.fill(job.sessionId, "nothing", { signal, onProgress: () => undefined });
}

async function copy(
  { parts, job, preparing }: Preparation,
  named: string,
  signal: AbortSignal,
): Promise<void> {
  const { ignore, directoryLimitBytes: limitBytes } = job.profile;
  const directory = await parts.hostPaths.directorySource(named);
  const activity = `copying ${named}`;
  const { files, bytes, warnings } = await preparing.during(activity, (say) =>
    parts.workspaces.fill(
      job.sessionId,
      { directory, ignore, limitBytes },
      {
        signal,
        onProgress: (done, size) => say(`${activity}: ${done} files, ${Math.ceil(size / 1_048_576)} MiB`),
      },
    ),
  );
  await preparing.found("copied", { directory, files, bytes, warnings });
}
