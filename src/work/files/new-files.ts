/** Takes the files that a clone did not have, level by level, so that what is ignored is never gone into. */
import { type BytePath, joinBytes, parentOf } from "../../trees/byte-path.ts";
import type { ExportLimits } from "../bounds/limits.ts";
import type { Pace } from "../bounds/pace.ts";
import type { IgnoreRules } from "./ignore-rules.ts";
import { type Found, isGitDirectory, listReadable, tooFar, whyNotTaken } from "./known-changes.ts";
import type { TreeCopy } from "./tree-copy.ts";
import type { TreePaths } from "./tree-paths.ts";

export interface NewFilesOptions {
  readonly paths: TreePaths;
  readonly rules: IgnoreRules;
  readonly copy: TreeCopy;
  /** Files that the session has committed, which count whether they are ignored or not. Asked for once at most. */
  readonly committed: () => Promise<ReadonlySet<BytePath>>;
  readonly limits: ExportLimits;
  readonly pace: Pace;
  readonly leaveOut: (what: BytePath, why: string) => void;
}

/**
 * Takes them into the copy.
 *
 * @param found where to begin.
 * @returns their paths.
 */
export async function takeNewFiles(found: readonly Found[], options: NewFilesOptions): Promise<BytePath[]> {
  const { rules, limits, leaveOut } = options;
  let committed: ReadonlySet<string> | undefined;
  const taken: BytePath[] = [];
  let seen = found.length;
  let level = found;
  while (level.length > 0) {
    const near = level.filter(({ path }) => {
      const far = tooFar(path, limits);
      if (far !== undefined) leaveOut(path, far);
      return far === undefined;
    });
    const { kept, ignored } = await rules.sort(near);
    if (ignored.length > 0) committed ??= withDirectories(await options.committed());
    const next: Found[] = [];
    for (const { path, kind } of [...kept, ...ignored.filter((each) => committed?.has(each.path))]) {
      await options.pace.step();
      try {
        if (kind === "directory") {
          const room = limits.entries - seen;
          const below = listBelow(path, room, options);
          seen += below.length;
          next.push(...below);
          if (below.length > room) {
            leaveOut(path, `there are more than ${limits.entries} new files; others were not looked at`);
            next.pop();
          }
        } else if (kind === "special") leaveOut(path, "it is no file, link or directory");
        else if (await take(path, options)) taken.push(path);
      } catch (error) {
        options.pace.signal.throwIfAborted();
        leaveOut(path, whyNotTaken(error));
      }
    }
    level = next;
  }
  return taken;
}

async function take(path: BytePath, { paths, copy }: NewFilesOptions): Promise<boolean> {
  const name = path.slice(path.lastIndexOf("/") + 1) as BytePath;
  return await copy.take(paths.directory(parentOf(path)), name, path, undefined);
}

/** What is in a directory; one entry more than there is room for when there are more. */
function listBelow(path: BytePath, room: number, { paths, leaveOut }: NewFilesOptions): Found[] {
  const below: Found[] = [];
  for (const { name, kind } of listReadable(paths.directory(path))) {
    if (isGitDirectory(name)) {
      leaveOut(path, "it is a repository of its own");
      return [];
    }
    below.push({ path: joinBytes(path, name), kind });
    if (below.length > room) break;
  }
  return below;
}

/** The paths, and those of all directories that they are in. */
function withDirectories(paths: ReadonlySet<BytePath>): Set<string> {
  const all = new Set<string>();
  for (const path of paths) {
    for (let part = path; part !== "" && !all.has(part); part = parentOf(part)) all.add(part);
  }
  return all;
}
