import type { Command } from "commander";
import { AgentdError } from "../../errors.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import type { LocalContext } from "../frame/context.ts";
import { fingerprintsFor } from "../frame/fingerprints.ts";
import { findFingerprints } from "../frame/found-fingerprints.ts";
import { recordOf } from "../frame/record-argument.ts";
import {
  type LatestOption,
  type NamedSession,
  namedSession,
  takingSession,
} from "../frame/session-argument.ts";
import { type AuditedRecord, readAuditedRecord } from "../words/audited-record.ts";
import { readReport, reportText, type SessionReport } from "../words/session-report.ts";
import { findView, reportFromElsewhere } from "./show.ts";

interface ShowOptions extends LatestOption {
  readonly json?: true;
}

/** `agentd audit show`: a record as it is on disk, independent of any daemon. */
export const auditShow: CommandDefinition<LocalContext> = {
  name: "audit show",
  faults: FAULTS,
  define: (command, start) =>
    takingSession(command)
      .summary("show a session record")
      .description(
        "Shows a record's trigger, commit, image, outcome, files and journal.\n" +
          "Reads the record itself, so it works without a daemon; verify the record with `agentd audit verify`.",
      )
      .option("--json", "print a JSON object, with the journal as events")
      .addHelpText("after", example("agentd audit show e81234", "agentd audit show --latest"))
      .action((session: string | undefined, options: ShowOptions, self: Command) => {
        const named = namedSession(session, options, self);
        start((context) => showRecord(named, options, context));
      }),
};

async function showRecord(
  session: NamedSession,
  options: ShowOptions,
  context: LocalContext,
): Promise<number> {
  const { stdout, now } = context;
  const { record, report } = await (context.mirrors === undefined
    ? readHere(session, context)
    : readElsewhere(session, context));
  if (options.json !== true) {
    await stdout.line(reportText(report, now(), stdout));
  } else {
    if (report.journal instanceof AgentdError) throw report.journal;
    await stdout.json({ ...record, events: report.journal });
  }
  return 0;
}

interface Read {
  readonly record: AuditedRecord;
  readonly report: SessionReport;
}

async function readHere(session: NamedSession, context: LocalContext): Promise<Read> {
  const { directory } = await recordOf(session, context);
  const record = await readAuditedRecord(directory);
  const report = await readReport(record, () =>
    fingerprintsFor(record, () => findFingerprints(record.session_id, context)),
  );
  return { record, report };
}

/** By the daemon of another host. */
async function readElsewhere(session: NamedSession, context: LocalContext): Promise<Read> {
  const view = await findView(session, context);
  const record = { ...view, runa_files: null, runa_bytes: null };
  return { record, report: await reportFromElsewhere(view, context) };
}
