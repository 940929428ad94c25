import type { Redaction } from "../../session-document.ts";
import type { SessionParts } from "../parts/session-parts.ts";

const INCOMPLETE =
  "redaction: incomplete: agentd no longer knew the values of the session's credentials, and did not look for them in its output.";

/**
 * Replaces the values of a session's credentials in its output, before that is sealed. Once in the life of a session: the
 * journal says that it was done, and how many they were. Cut short, it is done again.
 *
 * A session without credentials, and one whose command never started, has nothing to replace.
 *
 * @throws what reading and writing the output or the journal throws: it may be called again.
 */
export async function redactStage({
  host,
  job,
  record,
  standing,
  leaving,
}: Pick<SessionParts, "host" | "job" | "record" | "standing" | "leaving">): Promise<void> {
  const { profile, sessionId, consoleLogPath } = job;
  const hasCredentials = profile.credentials.length > 0 || profile.llm !== undefined;
  const { redaction, start_timestamp: started } = record.document;
  if (redaction !== null) return;
  if (!hasCredentials || started === null) {
    await host.redaction.close(sessionId);
    return;
  }
  leaving.throwIfAborted();
  standing.activity = "replacing credentials in its output";
  await host.failpoints.reach("redacting");
  const { workDirectory } = record;
  const done = await host.redaction.finish({ sessionId, profile, consoleLogPath, workDirectory });
  await host.failpoints.reach("redacted");
  await standing.conclude("redacted", { ...done, warnings: warningsOf(done) }, done);
}

function warningsOf({ redaction, credentials_in_work: names }: Redaction): string[] {
  const inWork =
    names.length === 0 ? [] : [`The session's work contains the value of a credential: ${names.join(", ")}.`];
  return redaction === "incomplete" ? [INCOMPLETE, ...inWork] : inWork;
}
