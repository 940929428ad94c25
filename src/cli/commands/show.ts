import { AgentdError } from "../../errors.ts";
import type { SessionView } from "../../session-document.ts";
import { example, FAULTS, type CommandDefinition } from "../command.ts";
import { connectIfRunning, type LocalContext } from "../context.ts";
import { readReport, reportText } from "../session-report.ts";

interface ShowOptions {
  readonly json?: true;
}

/** `agentd show`: everything about one session. */
export const show: CommandDefinition<LocalContext> = {
  name: "show",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("show everything about a session")
      .description(
        "Shows what a session runs, where it stands, how it ended, and every step it took, from its journal.\n" +
          "Works without a daemon, too.",
      )
      .argument("<session>", "id of the session, or an unambiguous beginning of it")
      .option("--json", "print a JSON object, without the journal")
      .addHelpText("after", example("agentd show 0198f2", "agentd show --json 0198f2"))
      .action((session: string, options: ShowOptions) => {
        start((context) => showSession(session, options, context));
      }),
};

async function showSession(session: string, options: ShowOptions, context: LocalContext): Promise<number> {
  const { stdout, now } = context;
  const view = await findView(session, context);
  if (options.json === true) await stdout.json(view);
  else await stdout.line(reportText(await readReport(view), now(), stdout));
  return 0;
}

async function findView(session: string, context: LocalContext): Promise<SessionView> {
  const daemon = await connectIfRunning(context);
  if (daemon instanceof AgentdError) return await viewFromDisk(session, context);
  try {
    return await daemon.call("show", { session });
  } finally {
    daemon.close();
  }
}

async function viewFromDisk(session: string, context: LocalContext): Promise<SessionView> {
  const [{ findRecord }, { readView }] = await Promise.all([
    import("../../audit/query.ts"),
    import("../../audit/record-view.ts"),
  ]);
  const { directory } = await findRecord(await context.auditRoot(), session);
  return await readView(directory, "no daemon runs that would go on with it");
}
