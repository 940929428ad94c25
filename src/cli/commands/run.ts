import { runWithFiles } from "../../rpc/sent-files.ts";
import { type Start, type StartOptions, startSession } from "../attend/start-session.ts";
import { collectOption, durationOption, envOption } from "../frame/arguments.ts";
import { type CommandDefinition, example, SESSION_FAULTS } from "../frame/command.ts";
import type { CliContext } from "../frame/context.ts";
import { type GivenOptions, readGiven } from "../frame/given-files.ts";
import { RAW_MEANING } from "../terminal/session-output.ts";

interface RunOptions extends StartOptions, GivenOptions {
  readonly workUnit?: string;
  readonly ref?: string;
  readonly timeout?: string;
  readonly env?: readonly string[];
  readonly keep?: true;
}

/** `agentd run`: starts a session and follows it to its end. */
export const run: CommandDefinition = {
  name: "run",
  faults: SESSION_FAULTS,
  place: "followed",
  define: (command, start) =>
    command
      .summary("run a session and follow it")
      .description(
        "Runs a session of a profile, prints its output, and exits with its exit code.\n" +
          "Ctrl-C asks the session to stop; a second Ctrl-C leaves it running. Both the session and this command survive a daemon restart.\n" +
          "A request is visible on the host, in the record and often in the list of processes: it is no place for secrets.",
      )
      .argument("<profile>", "a profile of the configuration")
      .argument("[repo]", "repository to clone (default: the profile's)")
      .option("--work-unit <id>", "what to work on; the session gets it as AGENTD_WORK_UNIT")
      .option("--ref <ref>", "branch, tag or commit (default: the profile's, else the repository's)")
      .option("--timeout <duration>", "end the session after this time, such as 90s, 30m, 6h or 1d")
      .option("--request <text>", "what the session is asked to do (default: the profile's request)")
      .option("--request-file <file>", "the same from a file, or from standard input (-)")
      .option(
        "--input <name=file>",
        "another file, which the session finds as /agentd/input/NAME; may be repeated, 16 MiB in all",
        collectOption,
      )
      .option(
        "-e, --env <name=value>",
        "environment variable for the session; may be repeated. It is recorded: never put a secret there",
        collectOption,
      )
      .option("--artifact-type <type>", "give the session an artifact of this type of its methodology")
      .option("--artifact-file <file>", "the artifact, a JSON file NAME.json")
      .option("--keep", "keep its container and clone when it ends, for `agentd enter`")
      .option("-d, --detach", "print the session id and exit")
      .option("--raw", RAW_MEANING)
      .option("--json", "print the session as one JSON object when it ends, and its output to standard error")
      .addHelpText(
        "after",
        example(
          "agentd run site-builder --work-unit issue-42",
          'agentd run fixer --request "Fix the typo in README"',
          "git diff | agentd run reviewer --request-file task.md --input change.patch=-",
          "agentd run site-builder --detach --timeout 2h",
        ),
      )
      .action((profile: string, repo: string | undefined, options: RunOptions) => {
        start((context) => runSession(profile, repo, options, context));
      }),
};

async function runSession(
  profile: string,
  repo: string | undefined,
  options: RunOptions,
  context: CliContext,
): Promise<number> {
  const timeout_ms = durationOption("--timeout", options.timeout);
  const env = envOption(options.env);
  const { params, files } = await readGiven(options, context);
  const { ref, workUnit: work_unit } = options;
  const request = {
    request_id: await context.newRequestId(),
    profile,
    repo,
    ref,
    work_unit,
    timeout_ms,
    env,
    keep: options.keep,
    ...params,
  };
  const begin: Start["begin"] = (client, calling) => runWithFiles(client, request, files, calling);
  return await startSession({ tried: `run ${profile}`, begin }, options, context);
}
