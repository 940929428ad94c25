/** The work of a session for a command that only shows it: from its record, or from another host's. */
import { join } from "node:path";
import { AgentdError } from "../../errors.ts";
import { PATCH_FILE, SUMMARY_FILE } from "../../work/summary.ts";
import { type LocalContext, say, withClient } from "../frame/context.ts";
import { withRecordHere } from "../frame/record-here.ts";
import { askedSession, type NamedSession } from "../frame/session-argument.ts";
import {
  leftOutNotices,
  readSessionWork,
  readSummary,
  type SessionWork,
  workFiles,
  workMissing,
} from "./session-work.ts";

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
      const files = workFiles(join(directory, WORK));
      const summary = await readSummary(files.summaryFile, document, tried);
      const notices = leftOutNotices(summary, id);
      for (const notice of notices) await say(context, notice);
      return await use({ id, document, summary, ...files, notices });
    });
  });
}
