/**
 * Opening a file that has to be a regular one: a link is not followed and a FIFO is not waited for; neither is read.
 */
import { closeSync, constants, fstatSync, openSync, type Stats } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { systemCode } from "./errors.ts";

/** Regular files take no notice of O_NONBLOCK; opening a FIFO would wait for its other end. */
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/** The error for something that is not a regular file. */
export class NotRegularFileError extends Error {
  override readonly name = "NotRegularFileError";

  constructor(kind: string) {
    super(`it is a ${kind}, not a regular file`);
  }
}

/**
 * Opens a regular file for reading.
 *
 * @throws NotRegularFileError; the system's error, such as `ENOENT`.
 */
export async function openRegularFile(path: string): Promise<FileHandle> {
  const handle = await open(path, READ).catch(refuseLink);
  try {
    refuseOthers(await handle.stat());
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** As `openRegularFile`, for a worker or a command. The caller closes the descriptor. */
export function openRegularFileSync(path: string | Buffer): number {
  const descriptor = openNoLink(path);
  try {
    refuseOthers(fstatSync(descriptor));
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/**
 * Reads a whole regular file.
 *
 * @param limitBytes a larger one is refused unread.
 * @throws NotRegularFileError; an Error when the file is too large; the system's error, such as `ENOENT`.
 */
export async function readRegularFile(path: string, limitBytes: number): Promise<Buffer> {
  const handle = await openRegularFile(path);
  try {
    const { size } = await handle.stat();
    if (size > limitBytes) throw new Error(`it has ${size} bytes, and at most ${limitBytes} are read`);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

function openNoLink(path: string | Buffer): number {
  try {
    return openSync(path, READ);
  } catch (error) {
    return refuseLink(error);
  }
}

/** Of the last name of a path, `ELOOP` says that it is a link; a socket cannot be opened at all. */
function refuseLink(error: unknown): never {
  const code = systemCode(error);
  if (code === "ELOOP") throw new NotRegularFileError("symbolic link");
  if (code === "ENXIO") throw new NotRegularFileError("socket");
  throw error;
}

function refuseOthers(stats: Stats): void {
  if (stats.isFile()) return;
  throw new NotRegularFileError(kindOf(stats));
}

/** What something is that is not a regular file, in a word or two. */
export function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return "directory";
  if (stats.isFIFO()) return "FIFO";
  if (stats.isSocket()) return "socket";
  return stats.isSymbolicLink() ? "symbolic link" : "device";
}
