/** Moves a session's clone to where its container sees it. */
import { readdir, rename, rmdir } from "node:fs/promises";
import { execa, ExecaError } from "execa";
import { AgentdError, systemCode } from "../errors.ts";
import type { Staging } from "./staging.ts";

export interface DeliverOptions {
  /** Whether SELinux is on, so that a container sees only what is labelled for it. */
  readonly selinux: boolean;
  readonly signal: AbortSignal;
}

/**
 * Moves the clone to `repoDirectory`, entry by entry because that one is mounted already. From then on host git must
 * not run in it: a container writes there.
 *
 * Call it once the container has started, because that is when the engine labels `repoDirectory`.
 *
 * @throws AgentdError `clone_failed`; the signal's reason when it is aborted.
 */
export async function deliverClone(
  { cloneDirectory, repoDirectory }: Pick<Staging, "cloneDirectory" | "repoDirectory">,
  { selinux, signal }: DeliverOptions,
): Promise<void> {
  signal.throwIfAborted();
  // Before the move: in the mounted directory, a shell of the image could put links in the way.
  if (selinux) await labelLike(repoDirectory, cloneDirectory, signal);
  await moveEntries(cloneDirectory, repoDirectory);
}

/** The command that gives a tree the SELinux label of a reference; links are labelled themselves, never followed. */
export function labelCommand(reference: string, tree: string): readonly [string, ...string[]] {
  return ["chcon", "--recursive", "-P", "--no-dereference", `--reference=${reference}`, "--", tree];
}

async function labelLike(reference: string, tree: string, signal: AbortSignal): Promise<void> {
  const [program, ...args] = labelCommand(reference, tree);
  try {
    // The daemon's environment is not passed on: it holds the credentials.
    await execa(program, args, { env: {}, extendEnv: false, cancelSignal: signal });
  } catch (cause) {
    signal.throwIfAborted();
    throw new AgentdError("clone_failed", {
      tried: `label the clone ${tree} for its container`,
      why:
        cause instanceof ExecaError ? firstLine(String(cause.stderr)) || cause.shortMessage : String(cause),
      next: "Check that coreutils has chcon, and that the file system of the cache directory takes SELinux labels.",
      cause,
    });
  }
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}

/** Names are bytes: a repository may hold some that are not UTF-8. */
async function moveEntries(from: string, to: string): Promise<void> {
  const entries = await readdir(from, { encoding: "buffer" });
  try {
    const moves = await Promise.allSettled(
      entries.map((entry) => rename(below(from, entry), below(to, entry))),
    );
    const failed = moves.find((move) => move.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    await rmdir(from);
  } catch (cause) {
    throw new AgentdError("clone_failed", {
      tried: "move the clone into the session's workspace",
      why: `its path is already taken (${systemCode(cause) ?? String(cause)})`,
      next: "Check what the image's /bin/sh does: nothing may write to the workspace before the command starts.",
      cause,
    });
  }
}

function below(directory: string, entry: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${directory}/`), entry]);
}
