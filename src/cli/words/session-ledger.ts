/** The requests of a record to language models. */
import { systemCode } from "../../errors.ts";

/**
 * What a record's ledger adds up to, also of a session that runs.
 *
 * @param record its directory.
 * @returns undefined where it has none.
 * @throws NotRegularFileError; Error of the file system.
 */
export async function readLedgerOf(record: string) {
  const [{ sumLedger }, { recordPaths }] = await Promise.all([
    import("../../llm/ledger/ledger-sums.ts"),
    import("../../audit/format/record-layout.ts"),
  ]);
  try {
    return await sumLedger(recordPaths(record).llm);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
