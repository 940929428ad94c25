import type { Command } from "commander";
import { AgentdError } from "../../errors.ts";
import type { SessionView } from "../../session-document.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { connectIfRunning, type LocalContext, withClient } from "../frame/context.ts";
import { fingerprintsFor } from "../frame/fingerprints.ts";
import { findFingerprints } from "../frame/found-fingerprints.ts";
import { recordOf } from "../frame/record-argument.ts";
import { withRecordHere } from "../frame/record-here.ts";
import {
  askedSession,
  type LatestOption,
  type NamedSession,
  namedSessions,
  takingSessions,
} from "../frame/session-argument.ts";
import { fillTemplate, readTemplate } from "../words/field-template.ts";
import { readReport, reportText, type SessionReport } from "../words/session-report.ts";

interface ShowOptions extends LatestOption {
  readonly format?: string;
  readonly json?: true;
}

/** `agentd show`: everything about one session. */
export const show: CommandDefinition<LocalContext> = {
  name: "show",
  aliases: ["inspect"],
  faults: FAULTS,
  define: (command, start) =>
    takingSessions(command)
      .summary("show everything about sessions")
      .description(
        "Shows a session's profile, state, outcome, steps and last lines of output.\n" +
          "Works without a daemon.",
      )
      .option(
        "-f, --format <template>",
        "print json, or fields of the JSON, such as '{{.outcome}} {{.record}}'",
      )
      .option("--json", "print a JSON object, without the journal; several as an array")
      .addHelpText(
        "after",
        example(
          "agentd show e81234",
          "agentd show site-builder",
          "agentd show --latest --json",
          "agentd show -l --format '{{.record}}'",
        ),
      )
      .action((sessions: readonly string[], options: ShowOptions, self: Command) => {
        const named = namedSessions(sessions, options, self);
        start((context) => showSessions(named, options, context));
      }),
};

async function showSessions(
  named: readonly NamedSession[],
  { json, format }: ShowOptions,
  context: LocalContext,
): Promise<number> {
  const { stdout, now } = context;
  const isJson = json === true || format === "json";
  const template = format === undefined || isJson ? undefined : readTemplate(format);
  const views: SessionView[] = [];
  for (const each of named) views.push(await findView(each, context));
  if (isJson) await stdout.json(named.length === 1 ? views[0] : views);
  else if (template !== undefined) await stdout.lines(fillTemplate(template, views, stdout));
  else {
    for (const [place, view] of views.entries()) {
      await stdout.line((place === 0 ? "" : "\n") + reportText(await report(view, context), now(), stdout));
    }
  }
  return 0;
}

/** Files of a record that say more than the view. */
const TOLD_BY = ["agentd/events.jsonl", "agentd/input/request.txt"];

async function report(view: SessionView, context: LocalContext): Promise<SessionReport> {
  if (context.mirrors !== undefined) return await reportFromElsewhere(view, context);
  return await readReport(view, () =>
    fingerprintsFor(view, () => findFingerprints(view.session_id, context)),
  );
}

/** The daemon of another host has replaced the values of credentials, and says nothing of files in `runa`. */
export async function reportFromElsewhere(view: SessionView, context: LocalContext): Promise<SessionReport> {
  return await withClient(context, (client) =>
    withRecordHere(
      { client, session: view, logEnd: { lines: 100 } },
      context,
      async ({ directory, update, bring }) => {
        await update();
        for (const path of TOLD_BY) await bring(path).catch(unlessNotThere);
        const told = await readReport({ ...view, record: directory }, () => Promise.resolve(undefined));
        return { ...told, view, left: null };
      },
    ),
  );
}

function unlessNotThere(error: unknown): void {
  if (!(error instanceof AgentdError) || error.code !== "record_incomplete") throw error;
}

/** As the daemon has it; without one, as its record has it. */
export async function findView(session: NamedSession, context: LocalContext): Promise<SessionView> {
  const daemon = await connectIfRunning(context);
  if (daemon instanceof AgentdError) return await viewFromDisk(session, context);
  try {
    return await daemon.call("show", { session: await askedSession(daemon, session) });
  } finally {
    daemon.close();
  }
}

async function viewFromDisk(session: NamedSession, context: LocalContext): Promise<SessionView> {
  const { readView } = await import("../../audit/read/record-view.ts");
  const { directory } = await recordOf(session, context);
  return await readView(directory, "no daemon is running to continue it");
}
