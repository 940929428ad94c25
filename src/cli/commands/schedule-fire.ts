import type { Command } from "commander";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type CliContext, withPersistentClient } from "../frame/context.ts";

interface FireOptions {
  readonly json?: true;
}

/** `agentd schedule fire`: a run of a schedule, now. */
export const scheduleFire: CommandDefinition = {
  name: "schedule fire",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("start a run of a schedule now")
      .description(
        "Starts a run of a schedule now, with its request, ref and work unit, and prints the session's id.\n" +
          "The schedule's own next runs stay as they are. It works while the schedule is paused, and beside a session that runs.",
      )
      .argument("<profile>", "name of the profile")
      .argument("[schedule]", "name of the schedule; needed where the profile has several")
      .option("--json", "print the session as a JSON object")
      .addHelpText("after", example("agentd schedule fire site-builder nightly"))
      .action((profile: string, name: string | undefined, _own: FireOptions, self: Command) => {
        // The group has --json too, and takes it first.
        const options = self.optsWithGlobals<FireOptions>();
        start((context) => fire({ profile, name }, options, context));
      }),
};

async function fire(
  named: { readonly profile: string; readonly name: string | undefined },
  options: FireOptions,
  context: CliContext,
): Promise<number> {
  const request_id = await context.newRequestId();
  const session = await withPersistentClient(context, (client) =>
    client.call("schedule_fire", { request_id, ...named }),
  );
  if (options.json === true) await context.stdout.json(session);
  else await context.stdout.line(session.session_id);
  return 0;
}
