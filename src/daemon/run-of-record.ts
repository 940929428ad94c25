import { recordPaths } from "../audit/format/record-layout.ts";
import { readDocument } from "../audit/read/query.ts";
import type { LocalParts } from "../local/parts.ts";
import { inputOf } from "../sessions/state/job.ts";

/**
 * What a session with a sealed record was given when it ran.
 *
 * @param directory of the record.
 * @throws AgentdError `record_unusable`.
 */
export const runOfRecord: LocalParts["runOfRecord"] = async (directory) => {
  const document = await readDocument(directory);
  const { work_unit: workUnit, env } = document;
  return { workUnit, env, input: inputOf({ document, inputDirectory: recordPaths(directory).input }) };
};
