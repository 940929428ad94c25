import type { FileHandle } from "node:fs/promises";
import type { Fingerprints } from "./fingerprints.ts";
import { RedactedStream } from "./redacted-stream.ts";
import { Redactor } from "./redactor.ts";

/** A whole text with names in the place of values. */
export function redactedText(text: string, prints: Fingerprints): string {
  return redactedBytes(Buffer.from(text), prints).toString("utf8");
}

/** As `redactedText`, of bytes. */
export function redactedBytes(bytes: Buffer, prints: Fingerprints): Buffer {
  const stream = new RedactedStream(prints);
  return Buffer.concat([stream.push(bytes), stream.end()]);
}

/** A stream of bytes with names in the place of values. @param prints undefined: as it is. */
export async function* redactedChunks(
  chunks: AsyncIterable<Buffer>,
  prints: Fingerprints | undefined,
): AsyncGenerator<Buffer> {
  const stream = new RedactedStream(prints ?? { version: 1, salt: "0".repeat(32), forms: [] });
  for await (const chunk of chunks) yield stream.push(chunk);
  yield stream.end();
}

/** The names of the credentials whose values a file has, each once. */
export async function namesInFile(file: FileHandle, prints: Fingerprints): Promise<string[]> {
  return await namesIn(file.createReadStream({ autoClose: false }), prints);
}

/** The names of the credentials whose values a stream of bytes has, each once. */
export async function namesIn(
  chunks: AsyncIterable<Buffer | string> | Iterable<Buffer>,
  prints: Fingerprints,
): Promise<string[]> {
  const redactor = new Redactor(prints);
  const names = new Set<string>();
  const note = (pieces: ReturnType<Redactor["push"]>): void => {
    for (const piece of pieces) if (piece.kind === "value") names.add(piece.name);
  };
  for await (const chunk of chunks) note(redactor.push(chunk as Buffer));
  note(redactor.end());
  return [...names];
}
