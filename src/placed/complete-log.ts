/** Makes what the head has of a log the whole of it. */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { ifThere } from "../if-there.ts";

const CHUNK_BYTES = 1024 * 1024;

/**
 * Goes on with a log in its own file, so that whoever follows it reads on.
 *
 * @returns false when it is not the beginning of the other, or one of them is not there: then nothing was done.
 */
export async function completeLog(from: string, to: string): Promise<boolean> {
  const target = await ifThere(open(to, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK));
  if (target === undefined) return false;
  try {
    const source = await ifThere(open(from, "r"));
    if (source === undefined) return false;
    try {
      const start = await beginningOf(source, target);
      if (start === undefined) return false;
      await copyRest(source, target, start);
      return true;
    } finally {
      await source.close();
    }
  } finally {
    await target.close();
  }
}

/** How long the second file is, when all of it is the beginning of the first. */
async function beginningOf(whole: FileHandle, beginning: FileHandle): Promise<number | undefined> {
  const { size } = await beginning.stat();
  const [a, b] = [Buffer.alloc(CHUNK_BYTES), Buffer.alloc(CHUNK_BYTES)];
  for (let at = 0; at < size;) {
    const length = Math.min(CHUNK_BYTES, size - at);
    const [one, other] = [await whole.read(a, 0, length, at), await beginning.read(b, 0, length, at)];
    const read = other.bytesRead;
    if (read === 0 || one.bytesRead !== read || a.compare(b, 0, read, 0, read) !== 0) return undefined;
    at += read;
  }
  return size;
}

async function copyRest(from: FileHandle, to: FileHandle, start: number): Promise<void> {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  for (let at = start; ;) {
    const { bytesRead } = await from.read(chunk, 0, CHUNK_BYTES, at);
    if (bytesRead === 0) return;
    for (let done = 0; done < bytesRead;)
      done += (await to.write(chunk, done, bytesRead - done, at + done)).bytesWritten;
    at += bytesRead;
  }
}
