/** Sends the sealed record of a session to its head. */
import { createHash } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { isThere } from "../if-there.ts";
import type { ChannelClient } from "../placement/channel/channel-client.ts";
import { MAX_PIECE_BYTES } from "../placement/channel/protocol.ts";
import { packRecord } from "../placement/record/archive.ts";

export interface RecordToSend {
  readonly client: ChannelClient;
  readonly sessionId: string;
  /** Of the sealed record. */
  readonly directory: string;
  /** File for the archive: made once, so that a later runner sends the same bytes. */
  readonly archive: string;
  /** Asks until there is an answer. */
  readonly patiently: <T>(ask: () => Promise<T>) => Promise<T>;
}

/** @throws HeadRefusal, also when the head wants nothing of the session any more; the system's error. */
export async function sendRecord({
  client,
  sessionId,
  directory,
  archive,
  patiently,
}: RecordToSend): Promise<void> {
  if (!(await isThere(archive))) {
    await rm(`${archive}.next`, { force: true });
    await packRecord(directory, `${archive}.next`);
    await rename(`${archive}.next`, archive);
  }
  const file = await open(archive, "r");
  try {
    const hash = createHash("sha256");
    const piece = Buffer.allocUnsafe(MAX_PIECE_BYTES);
    let [bytes, sent] = [0, 0];
    for (;;) {
      const { bytesRead } = await file.read(piece, 0, piece.length, bytes);
      if (bytesRead === 0) break;
      const read = piece.subarray(0, bytesRead);
      hash.update(read);
      // Of what an earlier runner has sent, the head says that it has it.
      if (bytes + bytesRead > sent) {
        const from = bytes;
        sent = await patiently(() => client.send(sessionId, "record", from, read));
      }
      bytes += bytesRead;
    }
    const record = { bytes, sha256: hash.digest("hex") };
    await patiently(() => client.collected(sessionId, record));
  } finally {
    await file.close();
  }
}
