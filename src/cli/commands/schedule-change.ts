import type { Command } from "commander";
import type { MethodName } from "../../api/methods.ts";
import type { ScheduleView } from "../../api/schedule-view.ts";
import type { Caller } from "../../rpc/client.ts";
import { timeAheadOption } from "../frame/arguments.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type CliContext, say, withClient } from "../frame/context.ts";
import { changedText } from "../words/schedule-text.ts";

interface ChangeOptions {
  readonly until?: string;
  readonly json?: true;
}

type Change = (
  client: Caller,
  named: { readonly profile: string; readonly name?: string | undefined },
  untilMs: number | undefined,
) => Promise<{ schedules: ScheduleView[] }>;

interface Words {
  readonly method: Extract<MethodName, "schedule_pause" | "schedule_resume" | "schedule_skip">;
  readonly summary: string;
  readonly description: string;
  readonly which: string;
  readonly examples: readonly string[];
}

/** `agentd schedule pause`: lets schedules fire only by hand. */
export const schedulePause: CommandDefinition = changing(
  "schedule pause",
  {
    method: "schedule_pause",
    summary: "pause schedules",
    description:
      "Skips the runs of a profile's schedules until `agentd schedule resume`, or until a time.\n" +
      "The pause outlasts the daemon. Sessions that run are left alone; `agentd schedule fire` still starts one.",
    which: "pause only this schedule (default: all of the profile)",
    examples: [
      "agentd schedule pause site-builder",
      "agentd schedule pause site-builder nightly --until 2026-12-27T06:00:00+01:00",
      "agentd schedule pause site-builder --until 8h",
    ],
  },
  (client, named, untilMs) => {
    const until = untilMs === undefined ? undefined : new Date(untilMs).toISOString();
    return client.call("schedule_pause", { ...named, until_timestamp: until });
  },
);

/** `agentd schedule resume`: lets paused schedules fire again. */
export const scheduleResume: CommandDefinition = changing(
  "schedule resume",
  {
    method: "schedule_resume",
    summary: "resume paused schedules",
    description: "Lets the schedules of a profile run again that `agentd schedule pause` has paused.",
    which: "resume only this schedule (default: all of the profile)",
    examples: ["agentd schedule resume site-builder", "agentd schedule resume site-builder nightly"],
  },
  (client, named) => client.call("schedule_resume", named),
);

/** `agentd schedule skip-next`: skips one run. */
export const scheduleSkipNext: CommandDefinition = changing(
  "schedule skip-next",
  {
    method: "schedule_skip",
    summary: "skip the next run of a schedule",
    description: "Skips the next run of a schedule, and no other.",
    which: "name of the schedule; needed where the profile has several",
    examples: ["agentd schedule skip-next site-builder nightly"],
  },
  (client, named) => client.call("schedule_skip", named),
);

function changing(
  name: string,
  { method, summary, description, which, examples }: Words,
  change: Change,
): CommandDefinition {
  return {
    name,
    faults: FAULTS,
    define: (command, start) => {
      command
        .summary(summary)
        .description(description)
        .argument("<profile>", "name of the profile")
        .argument("[schedule]", which);
      if (method === "schedule_pause") {
        command.option("--until <when>", "resume then: after 8h, or at a time such as 2026-01-02T03:04:05Z");
      }
      command
        .option("--json", "print the schedules as a JSON array")
        .addHelpText("after", example(...examples))
        .action((profile: string, schedule: string | undefined, _own: ChangeOptions, self: Command) => {
          // The group has --json too, and takes it first.
          const options = self.optsWithGlobals<ChangeOptions>();
          start((context) => changeSchedules({ profile, name: schedule }, options, context, change));
        });
    },
  };
}

async function changeSchedules(
  named: { readonly profile: string; readonly name: string | undefined },
  options: ChangeOptions,
  context: CliContext,
  change: Change,
): Promise<number> {
  const untilMs = timeAheadOption("--until", options.until, context.now());
  const { schedules } = await withClient(context, (client) => change(client, named, untilMs));
  if (options.json === true) await context.stdout.json(schedules);
  else for (const schedule of schedules) await say(context, changedText(schedule));
  return 0;
}
