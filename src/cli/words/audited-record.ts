/** A record as `agentd audit ls` and `agentd audit show` print it, from the files on disk alone. */
import type { ListedSession, SessionView } from "../../session-document.ts";

/** What `--json` prints of one record. */
export interface AuditedRecord extends SessionView {
  /** What the agent left in `runa/`: everything but directories, up to a million. Null: it is on another host. */
  readonly runa_files: number | null;
  /** Apparent size of the regular files among them. */
  readonly runa_bytes: number | null;
}

/** A record in a list. */
export type ListedRecord = Omit<AuditedRecord, "excluded">;

/**
 * Reads a record.
 *
 * @throws AgentdError `record_unusable`.
 */
export async function readAuditedRecord(directory: string): Promise<AuditedRecord> {
  return await withLeftFiles(await readAuditedView(directory));
}

/**
 * Reads a record without what it takes the time to count.
 *
 * @param limitBytes of `session.json`, as for `readView`.
 * @throws AgentdError `record_unusable`.
 */
export async function readAuditedView(directory: string, limitBytes?: number): Promise<SessionView> {
  const { readView } = await import("../../audit/read/record-view.ts");
  return await readView(directory, "not sealed", limitBytes);
}

/** Adds what the session has left. */
export async function withLeftFiles<V extends ListedSession>(
  view: V,
): Promise<V & { readonly runa_files: number; readonly runa_bytes: number }> {
  const { countLeftFiles } = await import("../../audit/read/left-files.ts");
  const { files, bytes } = countLeftFiles(view.record);
  return { ...view, runa_files: files, runa_bytes: bytes };
}
