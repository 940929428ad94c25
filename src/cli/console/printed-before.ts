/** How much a session had printed before its last lines: so that the same lines can be found again later. */
import { ifThere } from "../../if-there.ts";
import { ConsoleLogDecoder, type ConsoleStream, type LogSelection } from "../../podman/console-log.ts";
import type { Fingerprints } from "../../redaction/fingerprints.ts";
import { RedactedStream } from "../../redaction/redacted-stream.ts";
import { openRegularFile } from "../../regular-file.ts";
import { findTail } from "./console-log-tail.ts";

const CHUNK_BYTES = 1024 * 1024;

export type PrintedBytes = Readonly<Record<ConsoleStream, number>>;

/**
 * The bytes of each stream before its last lines, as they are printed: with names in the place of values.
 *
 * @param lines how many last lines.
 * @param selection what is printed of the log.
 */
export async function printedBefore(
  consoleLog: string,
  lines: number,
  selection: LogSelection | undefined,
  prints: Fingerprints | undefined,
): Promise<PrintedBytes> {
  const bytes = { stdout: 0, stderr: 0 };
  const file = await ifThere(openRegularFile(consoleLog));
  if (file === undefined) return bytes;
  try {
    const end = await findTail(file, lines, selection?.stream);
    const decoder = new ConsoleLogDecoder(selection);
    const streams = prints && { stdout: new RedactedStream(prints), stderr: new RedactedStream(prints) };
    const chunk = Buffer.alloc(CHUNK_BYTES);
    for (let at = 0; at < end;) {
      const { bytesRead } = await file.read(chunk, 0, Math.min(CHUNK_BYTES, end - at), at);
      if (bytesRead === 0) break;
      at += bytesRead;
      for (const { stream, bytes: text, isTime } of decoder.decode(chunk.subarray(0, bytesRead))) {
        const redacted = streams?.[stream];
        const shown = isTime === true ? redacted?.mark(text) : redacted?.push(text);
        bytes[stream] += (shown ?? text).length;
      }
    }
    return bytes;
  } finally {
    await file.close();
  }
}
