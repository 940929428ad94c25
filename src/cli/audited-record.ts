/** A record as `agentd audit ls` and `agentd audit show` tell it, by what is on disk alone. */
import type { SessionView } from "../session-document.ts";

/** What `--json` prints of one record. */
export interface AuditedRecord extends SessionView {
  /** What the agent left in `runa/`: everything but directories, up to a million. */
  readonly runa_files: number;
  /** Apparent size of the regular files among them. */
  readonly runa_bytes: number;
}

/** A record in a list. */
export type ListedRecord = Omit<AuditedRecord, "excluded">;

/**
 * Reads a record.
 *
 * @param limitBytes of `session.json`, as for `readView`.
 * @throws AgentdError `record_unusable`.
 */
export async function readAuditedRecord(directory: string, limitBytes?: number): Promise<AuditedRecord> {
  const [{ readView }, { countLeftFiles }] = await Promise.all([
    import("../audit/record-view.ts"),
    import("../audit/left-files.ts"),
  ]);
  const view = await readView(directory, "not sealed", limitBytes);
  const { files, bytes } = countLeftFiles(directory);
  return { ...view, runa_files: files, runa_bytes: bytes };
}
