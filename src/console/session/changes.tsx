/** What a session changed: its commits, the files as a tree, and the patch. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { SessionView } from "../../session-document.ts";
import { useAsked } from "../base/asked.ts";
import { fileLink, readText } from "../base/record-file.ts";
import { plural, sizeText, timeText } from "../base/words.tsx";
import { Waiting } from "../parts/parts.tsx";
import { type PatchFile, readPatch } from "./patch.ts";
import { Code } from "./syntax.tsx";

const PATCH = "work/changes.patch";
const SUMMARY = "work/summary.json";
/** Lines of a file that are shown at once. */
const MOST_LINES = 400;
const MOST_COMMITS = 100;

interface Commit {
  readonly id: string;
  readonly author: string;
  readonly time: string | null;
  readonly subject: string;
}

interface Work {
  readonly files: readonly PatchFile[];
  readonly commits: readonly Commit[];
  readonly isWhole: boolean;
}

async function readWork(id: string): Promise<Work> {
  const [patch, summary] = await Promise.all([readText(id, PATCH), readText(id, SUMMARY)]);
  const { commits = [] } = JSON.parse(summary?.text ?? "{}") as { readonly commits?: readonly Commit[] };
  return { files: readPatch(patch?.text ?? ""), commits, isWhole: patch?.isWhole ?? true };
}

export function Changes({ session }: { readonly session: SessionView }): JSX.Element {
  const { session_id: id, outcome, work } = session;
  const asked = useAsked(
    `work ${id} ${String(outcome)}`,
    async () => (work === null ? undefined : await readWork(id)),
    { changes: () => false },
  );
  if (outcome === null)
    return <p class="empty">Its work is exported when it ends. Its clone is its own until then.</p>;
  if (work === null) return <p class="empty">Nothing was exported. See why under the warnings.</p>;
  if (asked.value === undefined) return <Waiting asked={asked} />;
  const { files, commits, isWhole } = asked.value;
  if (files.length === 0 && commits.length === 0) return <p class="empty">It changed nothing.</p>;
  return (
    <div class="part">
      <p class="row">
        <span>
          {plural(work.commits ?? 0, "commit")}, {plural(work.files_changed ?? 0, "file")},{" "}
          <span class="ok ink">+{work.insertions ?? "?"}</span>{" "}
          <span class="fail ink">−{work.deletions ?? "?"}</span>
          {(work.uncommitted ?? 0) > 0 && (
            <span class="soft">, {plural(work.uncommitted ?? 0, "file")} not committed</span>
          )}
        </span>
        <a class="button" href={fileLink(id, PATCH)} download>
          Download the patch
        </a>
      </p>
      {commits.length > 0 && (
        <ul class="commits" aria-label="Commits">
          {commits.slice(0, MOST_COMMITS).map(({ id: commit, subject, author, time }) => (
            <li>
              <span class="mono soft">{commit.slice(0, 8)}</span> {subject}{" "}
              <span class="soft">
                {author.replace(/ <.*/, "")}
                {time === null ? "" : `, ${timeText(time)}`}
              </span>
            </li>
          ))}
        </ul>
      )}
      <Tree files={files} />
      {files.map((file, index) => (
        <FileDiff key={`${index} ${file.path}`} file={file} index={index} isOpen={files.length <= 20} />
      ))}
      {!isWhole && (
        <p class="soft">
          The patch has {sizeText(work.patch_bytes ?? 0)}, of which the first 2 MiB are shown. Download it for
          the rest.
        </p>
      )}
    </div>
  );
}

/** The files below their directories. */
function Tree({ files }: { readonly files: readonly PatchFile[] }): JSX.Element | null {
  if (files.length < 2) return null;
  const directories = new Map<string, (PatchFile & { readonly index: number })[]>();
  for (const [index, file] of files.entries()) {
    const directory = file.path.includes("/") ? file.path.slice(0, file.path.lastIndexOf("/") + 1) : "";
    const there = directories.get(directory) ?? [];
    there.push({ ...file, index });
    directories.set(directory, there);
  }
  return (
    <nav class="tree" aria-label="Files">
      {[...directories]
        .sort(([one], [other]) => one.localeCompare(other))
        .map(([directory, there]) => (
          <div>
            {directory !== "" && <span class="soft mono">{directory}</span>}
            <ul>
              {there.map(({ path, index, added, removed, what }) => (
                <li>
                  <button
                    class="link mono"
                    onClick={() => document.getElementById(`file-${index}`)?.scrollIntoView()}
                  >
                    {path.slice(directory.length)}
                  </button>{" "}
                  <span class="soft">{what}</span> <span class="ok ink">+{added}</span>{" "}
                  <span class="fail ink">−{removed}</span>
                </li>
              ))}
            </ul>
          </div>
        ))}
    </nav>
  );
}

const SIGNS = { add: "+", del: "−", hunk: "", same: "" } as const;

function FileDiff({
  file: { path, what, added, removed, lines },
  index,
  isOpen,
}: {
  readonly file: PatchFile;
  readonly index: number;
  readonly isOpen: boolean;
}): JSX.Element {
  const [most, setMost] = useState(MOST_LINES);
  return (
    <details class="diff" id={`file-${index}`} open={isOpen}>
      <summary class="mono">
        {path} <span class="soft">{what}</span> <span class="ok ink">+{added}</span>{" "}
        <span class="fail ink">−{removed}</span>
      </summary>
      <div class="lines-of" tabIndex={0} role="region" aria-label={path}>
        {lines.slice(0, most).map(({ kind, text, before, after }) => (
          <div class={kind}>
            <span class="soft">{before ?? ""}</span>
            <span class="soft">{after ?? ""}</span>
            <span>{SIGNS[kind]}</span>
            <span>{kind === "hunk" ? text : <Code text={text} />}</span>
          </div>
        ))}
      </div>
      {lines.length > most && (
        <button onClick={() => setMost(most * 4)}>Show more of {plural(lines.length, "line")}</button>
      )}
    </details>
  );
}
