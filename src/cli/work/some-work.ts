/** The work of a session for a command that only shows it: from its record, or from another host's. */
import { join } from "node:path";
import { AgentdError } from "../../errors.ts";
import { BUNDLE_FILE, PATCH_FILE, SUMMARY_FILE } from "../../work/summary.ts";
import { type LocalContext, withClient } from "../frame/context.ts";
import { withRecordHere } from "../frame/record-here.ts";
import { askedSession, type NamedSession } from "../frame/session-argument.ts";
import { readSessionWork, readSummary, type SessionWork, workMissing } from "./session-work.ts";

/** Where a record has it. */
const WORK = "work";

/**
 * Uses the work of a session. That of another host is as its daemon gives it: the record is verified there.
 *
 * @param doing as for `readSessionWork`, which also says what is thrown.
 */
export async function withSessionWork<T>(
  named: NamedSession,
  doing: string,
  context: LocalContext,
  use: (work: SessionWork) => Promise<T>,
): Promise<T> {
  if (context.mirrors === undefined) return await use(await readSessionWork(named, doing, context));
  return await withClient(context, async (client) => {
    const document = await client.call("show", { session: await askedSession(client, named) });
    const { session_id: id } = document;
    const tried = `${doing} session ${id}`;
    if (document.outcome === null) {
      throw new AgentdError("work_missing", {
        tried,
        why: "the session has not ended, and its work is recorded at its end",
        next: `Wait for it with \`agentd wait ${id}\`.`,
      });
    }
    return await withRecordHere({ client, session: document }, context, async ({ directory, bring }) => {
      if (!(await bring(join(WORK, SUMMARY_FILE)))) throw workMissing(document, tried);
      await bring(join(WORK, PATCH_FILE));
      const place = join(directory, WORK);
      const summaryFile = join(place, SUMMARY_FILE);
      const summary = await readSummary(summaryFile, document, tried);
      const [patch, bundle] = [join(place, PATCH_FILE), join(place, BUNDLE_FILE)];
      return await use({ id, document, summary, patch, bundle, summaryFile });
    });
  });
}
