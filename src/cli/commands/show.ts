import type { Command } from "commander";
import { AgentdError } from "../../errors.ts";
import type { SessionView } from "../../session-document.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { connectIfRunning, type LocalContext } from "../frame/context.ts";
import { fingerprintsFor } from "../frame/fingerprints.ts";
import { findFingerprints } from "../frame/found-fingerprints.ts";
import { recordOf } from "../frame/record-argument.ts";
import {
  askedSession,
  type LatestOption,
  type NamedSession,
  namedSession,
  takingSession,
} from "../frame/session-argument.ts";
import { readReport, reportText, type SessionReport } from "../words/session-report.ts";

interface ShowOptions extends LatestOption {
  readonly json?: true;
}

/** `agentd show`: everything about one session. */
export const show: CommandDefinition<LocalContext> = {
  name: "show",
  faults: FAULTS,
  define: (command, start) =>
    takingSession(command)
      .summary("show everything about a session")
      .description(
        "Shows a session's profile, state, outcome, steps and last lines of output.\n" +
          "Works without a daemon.",
      )
      .option("--json", "print a JSON object, without the journal")
      .addHelpText(
        "after",
        example("agentd show e81234", "agentd show site-builder", "agentd show --latest --json"),
      )
      .action((session: string | undefined, options: ShowOptions, self: Command) => {
        const named = namedSession(session, options, self);
        start((context) => showSession(named, options, context));
      }),
};

async function showSession(
  session: NamedSession,
  options: ShowOptions,
  context: LocalContext,
): Promise<number> {
  const { stdout, now } = context;
  const view = await findView(session, context);
  if (options.json === true) await stdout.json(view);
  else await stdout.line(reportText(await report(view, context), now(), stdout));
  return 0;
}

async function report(view: SessionView, context: LocalContext): Promise<SessionReport> {
  return await readReport(view, () =>
    fingerprintsFor(view, () => findFingerprints(view.session_id, context)),
  );
}

async function findView(session: NamedSession, context: LocalContext): Promise<SessionView> {
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
