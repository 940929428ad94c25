import { readJournal } from "../format/journal.ts";
import { recordPaths } from "../format/record-layout.ts";
import { readNotesOf } from "../read/notes.ts";
import type { RecordPlace } from "../read/query.ts";

/** Journal lines about publishing, of which the last says what came of it. */
const PUBLISHING = ["publishing", "pushed", "published", "nothing_published", "publish_failed"];
const SETTLED = ["published", "nothing_published"];

/**
 * Why the work of a sealed session has still to be published, and is only in its record; undefined: it has not, or was
 * never to be.
 *
 * @throws AgentdError `record_unusable` when the journal cannot be read; Error when the notes cannot.
 */
export async function unpublishedReason({ directory }: RecordPlace): Promise<string | undefined> {
  const { entries } = await readJournal(recordPaths(directory).journal);
  const last = entries.map(({ event = "" }) => event).findLast((event) => PUBLISHING.includes(event));
  if (last === undefined || SETTLED.includes(last)) return undefined;
  const notes = await readNotesOf(directory);
  if (notes.some(({ kind, result }) => kind === "publish" && result !== "failed")) return undefined;
  return "its work was not published: see `agentd publish`";
}
