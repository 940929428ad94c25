/** Makes a workspace that is no clone, and keeps what it was for the export of the session's work. */
import { mkdir } from "node:fs/promises";
import type { Environment } from "../environment.ts";
import type { DirectorySource } from "../local/ports.ts";
import { keepTree } from "../work/keep/keep-tree.ts";
import type { CopiedTree } from "../workspace/copy-directory.ts";
import type { DirectoryCopier } from "../workspace/directory-copier.ts";
import { gitEnvironment } from "../workspace/git.ts";
import type { Staging } from "../workspace/staging.ts";

const NOTHING: CopiedTree = { files: 0, bytes: 0, paths: [], special: { count: 0, first: [] } };

interface Filling {
  readonly copier: DirectoryCopier;
  /** The daemon's. */
  readonly environment: Environment;
  readonly signal: AbortSignal;
  readonly onProgress: (files: number, bytes: number) => void;
}

/** @throws AgentdError `directory_invalid`; what `keepTree` throws. */
export async function fillWorkspace(
  { cloneDirectory, baseDirectory }: Pick<Staging, "cloneDirectory" | "baseDirectory">,
  source: DirectorySource | "nothing",
  { copier, environment, signal, onProgress }: Filling,
): Promise<{ readonly files: number; readonly bytes: number; readonly warnings: readonly string[] }> {
  await mkdir(cloneDirectory, { mode: 0o700 });
  const copied =
    source === "nothing"
      ? NOTHING
      : await copier.copy(
          {
            source: source.directory,
            target: cloneDirectory,
            ignore: source.ignore,
            limitBytes: source.limitBytes,
          },
          { signal, onProgress },
        );
  const warnings = await keepTree({
    treeDirectory: cloneDirectory,
    paths: copied.paths,
    baseDirectory,
    limitBytes: source === "nothing" ? 0 : source.limitBytes,
    environment: gitEnvironment(environment, []),
    signal,
  });
  const { files, bytes, special } = copied;
  return { files, bytes, warnings: [...specialWarning(special), ...warnings] };
}

function specialWarning({ count, first }: CopiedTree["special"]): string[] {
  if (count === 0) return [];
  const more = count > first.length ? `, and ${count - first.length} more` : "";
  return [`FIFOs, sockets and devices were not copied: ${first.join(", ")}${more}.`];
}
