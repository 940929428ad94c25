/** Finding the record of a session that a command names, without a daemon. */
import type { RecordPlace } from "../../audit/read/query.ts";
import type { LocalContext } from "./context.ts";
import type { NamedSession } from "./session-argument.ts";

/** @throws AgentdError `unknown_session` or `ambiguous_session`. */
export async function recordOf(
  named: NamedSession,
  context: Pick<LocalContext, "auditRoot">,
): Promise<RecordPlace> {
  const { findNewest, findRecord } = await import("../../audit/read/find-record.ts");
  const auditRoot = await context.auditRoot();
  return named === undefined ? await findNewest(auditRoot) : await findRecord(auditRoot, named);
}
