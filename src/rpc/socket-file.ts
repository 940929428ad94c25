/**
 * Prepares the socket's place in the file system: a directory of our own, and a free path.
 */
import { lstat, mkdir, stat, unlink } from "node:fs/promises";
import { connect } from "node:net";
import { dirname } from "node:path";
import { AgentdError, sentence, systemCode } from "../errors.ts";
import { nobodyListens } from "./protocol.ts";

/**
 * Makes the path ready to bind: the directory exists and is ours alone, a dead socket is gone.
 *
 * The caller holds the instance lock, so no second daemon of this instance does the same.
 *
 * @param uid the user who must own the directory.
 * @throws AgentdError `socket_unusable`.
 */
export async function prepareSocketPath(path: string, uid: number): Promise<void> {
  await prepareDirectory(path, uid);
  await clearPath(path);
}

/** The error for a socket that cannot be bound. */
export function unusable(path: string, why: string, next?: string, cause?: unknown): AgentdError {
  return new AgentdError("socket_unusable", { tried: `listen on ${path}`, why, next, cause });
}

async function prepareDirectory(path: string, uid: number): Promise<void> {
  const directory = dirname(path);
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const { uid: owner, mode } = await stat(directory);
    if (owner === uid && (mode & 0o077) === 0) return;
  } catch (error) {
    throw unusable(path, sentence(error), undefined, error);
  }
  throw unusable(
    path,
    `other users can reach ${directory}`,
    `Use a directory that you own with mode 0700, or run \`chmod 700 ${directory}\` if you own it.`,
  );
}

async function clearPath(path: string): Promise<void> {
  const kind = await kindOf(path);
  if (kind === "nothing") return;
  if (kind === "other")
    throw unusable(path, "a file that is not a socket already exists", "Move the file away.");
  if (await answers(path)) {
    throw unusable(
      path,
      "another process is listening on it",
      "Stop that process, or use another `--socket`.",
    );
  }
  await unlink(path);
}

async function kindOf(path: string): Promise<"nothing" | "socket" | "other"> {
  try {
    return (await lstat(path)).isSocket() ? "socket" : "other";
  } catch (error) {
    if (systemCode(error) === "ENOENT") return "nothing";
    throw unusable(path, sentence(error), undefined, error);
  }
}

/** Whether a process accepts connections there; one that cannot be asked counts as one that does. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => done(true));
    socket.once("error", (error) => done(!nobodyListens(error)));
  });
}
