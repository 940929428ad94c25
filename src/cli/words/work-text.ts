/** What is said about the work that came out of a session. */
import type { Note } from "../../audit/format/note.ts";
import type { ListedSession } from "../../session-document.ts";
import { printable } from "../terminal/printable.ts";
import { countText } from "./size-text.ts";

type WithWork = Pick<ListedSession, "commit" | "work">;

const SHOWN_DIGITS = 10;

/**
 * One line: `1a2b3c4d5e..9f8e7d6c5b, 2 commits, 3 files changed, +12 -3 lines, 1 uncommitted`. Null where nothing was
 * exported.
 */
export function workText({ commit, work }: WithWork): string | null {
  if (work === null) return null;
  const { head_commit: head, commits, files_changed: files, insertions, deletions, uncommitted } = work;
  if (commits === 0 && files === 0 && head === commit) return "no changes";
  return [
    // Neither: files without a repository.
    ...(commit === null && head === null ? [] : [`${shortCommit(commit)}..${shortCommit(head)}`]),
    commits === null ? "commits not exported" : countText(commits, "commit"),
    ...(files === null
      ? ["files not exported"]
      : [`${countText(files, "file")} changed`, `+${insertions ?? "?"} -${deletions ?? "?"} lines`]),
    ...(uncommitted === null || uncommitted === 0 ? [] : [`${uncommitted} uncommitted`]),
  ].join(", ");
}

/** For a column: `+12 -3`, or the commits where no lines changed; `-` without any change. */
export function shortWorkText({ work }: Pick<ListedSession, "work">): string {
  if (work === null || !hasChanges({ work })) return "-";
  const { commits, insertions, deletions } = work;
  const isCounted = insertions !== null && deletions !== null;
  return isCounted && insertions + deletions > 0
    ? `+${insertions} -${deletions}`
    : countText(commits ?? 0, "commit");
}

/** At the end of a run: `2 commits, +12 -3 lines`, and how to see them. Null without any change. */
export function workPointer({
  work,
  session_id: id,
}: Pick<ListedSession, "work" | "session_id">): string | null {
  if (work === null || !hasChanges({ work })) return null;
  const { commits, insertions, deletions } = work;
  const parts = [
    ...(commits === null || commits === 0 ? [] : [countText(commits, "commit")]),
    ...(insertions === null || deletions === null ? [] : [`+${insertions} -${deletions} lines`]),
  ];
  return `${parts.join(", ") || "work"}: see \`agentd diff ${id}\``;
}

/** `agentd/x at 1a2b3c4d5e, https://...`: branch, commit and request, else the repository. Null where nothing was published. */
export function publishedText({ published }: Pick<ListedSession, "published">): string | null {
  // A daemon of an older version has no such field.
  if (published === null || (published as unknown) === undefined) return null;
  const { branch, commit, url, request_url: request } = published;
  return `${branch} at ${shortCommit(commit)}, ${request ?? url}`;
}

/** One line about what happened since a record was sealed: `2026-…: published agentd/x at 1a2b3c4d5e, https://...`. */
export function noteText(note: Note): string {
  return printable(`${note.time}: ${noteWords(note)}`);
}

const REMOVED = {
  operator: "an operator asked for it",
  expired: "its time was over",
  keep_max: "all kept sessions took more than daemon.keep_max",
} as const;

function noteWords(note: Note): string {
  if (note.kind === "after") return `${note.command.join(" ")} failed: ${note.why}`;
  if (note.kind === "entered") return `entered: ${note.command.join(" ")}`;
  if (note.kind === "kept_removed") return `what was kept is removed: ${REMOVED[note.why]}`;
  if (note.result === "published") return `published ${publishedText(note) ?? ""}`;
  return note.result === "nothing" ? `nothing to publish: ${note.why}` : `not published: ${note.why}`;
}

export function hasChanges({ work }: Pick<ListedSession, "work">): boolean {
  return work !== null && (work.commits !== 0 || work.files_changed !== 0);
}

function shortCommit(id: string | null): string {
  return id === null ? "none" : id.slice(0, SHOWN_DIGITS);
}
