import type { Command } from "commander";
import { type Start, type StartOptions, startSession } from "../attend/start-session.ts";
import { durationOption } from "../frame/arguments.ts";
import { type CommandDefinition, example, SESSION_FAULTS } from "../frame/command.ts";
import { type CliContext, withClient } from "../frame/context.ts";
import {
  lastingIdsOf,
  type LatestOption,
  type NamedSession,
  namedSession,
  takingSession,
} from "../frame/session-argument.ts";
import { RAW_MEANING } from "../terminal/session-output.ts";

interface RerunOptions extends StartOptions, LatestOption {
  readonly ref?: string;
  readonly sameCommit?: true;
  readonly timeout?: string;
  readonly keep?: true;
}

/** `agentd rerun`: starts a session once more and follows it to its end. */
export const rerun: CommandDefinition = {
  name: "rerun",
  faults: SESSION_FAULTS,
  place: "followed",
  define: (command, start) =>
    takingSession(command)
      .summary("run a session again")
      .description(
        "Runs a session again, with its repository, ref, work unit, request, files and variables, which its record has.\n" +
          "The profile is used as it is now. Otherwise this is as `agentd run`.",
      )
      .option("--ref <ref>", "another branch, tag or commit (default: the session's ref)")
      .option("--same-commit", "use the commit that the session got, wherever its ref is now")
      .option("--timeout <duration>", "end the session after this time, such as 90s, 30m, 6h or 1d")
      .option("--keep", "keep its container and clone when it ends, for `agentd enter`")
      .option("-d, --detach", "print the session id and exit")
      .option("--raw", RAW_MEANING)
      .option("--json", "print the session as one JSON object when it ends, and its output to standard error")
      .addHelpText("after", example("agentd rerun e81234", "agentd rerun site-builder --same-commit"))
      .action((session: string | undefined, options: RerunOptions, self: Command) => {
        const named = namedSession(session, options, self);
        if (options.ref !== undefined && options.sameCommit === true)
          self.error("error: --ref and --same-commit exclude each other");
        start((context) => rerunSession(named, options, context));
      }),
};

async function rerunSession(
  named: NamedSession,
  options: RerunOptions,
  context: CliContext,
): Promise<number> {
  const timeout_ms = durationOption("--timeout", options.timeout);
  // Once: when the request is repeated, the name of a profile could mean the session that it has started.
  const [session = ""] = await withClient(context, (client) => lastingIdsOf(client, [named], context));
  const { ref, sameCommit: same_commit, keep } = options;
  const request = { request_id: await context.newRequestId(), session, ref, same_commit, timeout_ms, keep };
  const begin: Start["begin"] = (client, calling) => client.call("rerun", request, calling);
  return await startSession({ tried: `run session ${session} again`, begin }, options, context);
}
