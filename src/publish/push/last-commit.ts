/** The commit that is published: what HEAD led to, or one more with what the session left uncommitted. */
import type { OwnGit } from "../../work/git/own-git.ts";

export interface LastCommitRequest {
  /** The checked repository of the export, with the final tree as its index. */
  readonly repository: string;
  /** A commit that it has. */
  readonly parent: string;
  readonly sessionId: string;
  readonly author: { readonly name: string; readonly email: string };
  /** When the session ended, RFC 3339. */
  readonly time: string;
}

/**
 * Makes a commit of the final tree, the same one whenever it is made again for the session.
 *
 * @throws GitFailure when the repository lacks a part of the tree, and what else `OwnGit.run` throws.
 */
export async function makeLastCommit(
  git: OwnGit,
  { repository, parent, sessionId, author, time }: LastCommitRequest,
): Promise<string> {
  const tree = text(await git.run(["write-tree"], { repository }));
  const person = `${author.name.replaceAll(/[<>\n\0]/g, "")} <${author.email.replaceAll(/[<>\s\0]/g, "")}>`;
  const when = `${Math.floor(Date.parse(time) / 1000)} +0000`;
  const lines = [
    `tree ${tree}`,
    `parent ${parent}`,
    `author ${person} ${when}`,
    `committer ${person} ${when}`,
    "",
    "Uncommitted changes",
    "",
    `agentd committed what session ${sessionId} had left uncommitted.`,
    "",
  ];
  const make = ["hash-object", "-t", "commit", "-w", "--stdin"];
  return text(await git.run(make, { repository, input: Buffer.from(lines.join("\n")) }));
}

/** The first line of a commit's message. */
export async function subjectOf(git: OwnGit, repository: string, commit: string): Promise<string> {
  const show = ["show", "--no-patch", "--no-show-signature", "--format=%s", "--end-of-options", commit];
  return text(await git.run(show, { repository })).split("\n", 1)[0] ?? "";
}

function text(output: Buffer): string {
  return output.toString("utf8").trim();
}
