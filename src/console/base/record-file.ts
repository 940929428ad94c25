/** Files of sealed records, as text. */
import { call } from "./daemon.ts";

const PIECE = 384 * 1024;

/** The beginning of a file. */
export interface FileText {
  readonly text: string;
  /** Of the whole file. */
  readonly bytes: number;
  /** Whether it is all. */
  readonly isWhole: boolean;
}

/** Reads a file up to a bound; undefined where there is none, or the session has not ended. @throws RequestError. */
export async function readText(
  session: string,
  path: string,
  most = 2 * 1024 * 1024,
): Promise<FileText | undefined> {
  const decoder = new TextDecoder();
  let text = "";
  let offset = 0;
  for (;;) {
    const { bytes, data } = await call("file", { session, path, offset, limit: PIECE });
    const piece = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    offset += piece.length;
    const isEnd = piece.length === 0 || offset >= bytes;
    text += decoder.decode(piece, { stream: !isEnd });
    if (isEnd || offset >= most) return { text, bytes, isWhole: isEnd };
  }
}

/** The address of a file, for a person's disk. */
export function fileLink(session: string, path: string): string {
  return `/console/download/file?session=${session}&path=${encodeURIComponent(path)}`;
}
