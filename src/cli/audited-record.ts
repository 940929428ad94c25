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
  return await withLeftFiles(await readAuditedView(directory));
}

/** A record without what it takes the time to count. @throws AgentdError `record_unusable`. */
export async function readAuditedView(directory: string): Promise<SessionView> {
  const { readView } = await import("../audit/record-view.ts");
  return await readView(directory, "not sealed");
}

/** Adds what the session has left. */
export async function withLeftFiles(view: SessionView): Promise<AuditedRecord> {
  const { countLeftFiles } = await import("../audit/left-files.ts");
  const { files, bytes } = await countLeftFiles(view.record);
  return { ...view, runa_files: files, runa_bytes: bytes };
}
