/** A record as a session is shown, for readers that have only the record. */
import type { SessionView } from "../../session-document.ts";
import { readDocument, readLastState, SINGLE_DOCUMENT_BYTES } from "./query.ts";

/**
 * The view of a session by its record.
 *
 * @param reasonIfOpen why a session that is not sealed is shown by its record.
 * @param limitBytes of `session.json`, beyond which it is not read. Default `SINGLE_DOCUMENT_BYTES`.
 * @throws AgentdError `record_unusable`.
 */
export async function readView(
  directory: string,
  reasonIfOpen: string,
  limitBytes = SINGLE_DOCUMENT_BYTES,
): Promise<SessionView> {
  const document = await readDocument(directory, limitBytes);
  const place = { paused_timestamp: null, position: null, kept: null, next_retry: null, record: directory };
  if (document.outcome !== null) return { ...document, state: "sealed", reason: null, ...place };
  const last = await readLastState(directory);
  // The journal's last line comes before the commit.
  const state = last === "sealed" ? "finishing" : last;
  return { ...document, state, reason: reasonIfOpen, ...place };
}
