/** A record as `agentd audit ls` and `agentd audit show` tell it, by what is on disk alone. */
import type { SessionView } from "../session-document.ts";

/** What `--json` prints of one record. */
export interface AuditedRecord extends SessionView {
  /** What the agent left in `runa/`: everything but directories. */
  readonly runa_files: number;
  /** Apparent size of the regular files among them. */
  readonly runa_bytes: number;
}

/** @throws AgentdError `record_unusable`. */
export async function readAuditedRecord(directory: string): Promise<AuditedRecord> {
  const [{ readView }, { countLeftFiles }] = await Promise.all([
    import("../audit/record-view.ts"),
    import("../audit/left-files.ts"),
  ]);
  const view = await readView(directory, "not sealed");
  const { files, bytes } = await countLeftFiles(directory);
  return { ...view, runa_files: files, runa_bytes: bytes };
}
