import type { Command } from "commander";
import { MAX_NEXT_RUNS } from "../../api/limits.ts";
import type { PendingRetry, PrintedSchedule, ScheduleView } from "../../api/schedule-view.ts";
import type { Caller } from "../../rpc/client.ts";
import { scheduleKey } from "../../schedule-id.ts";
import { countOption } from "../frame/arguments.ts";
import { type Body, type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type CliContext, withClient } from "../frame/context.ts";
import { printable } from "../terminal/printable.ts";
import { pendingRetryText } from "../words/retry-text.ts";
import { scheduleText } from "../words/schedule-text.ts";

interface ScheduleOptions {
  readonly count?: string;
  readonly json?: true;
}

/** How many of the next runs are shown by default. */
const NEXT_RUNS = "3";

/** `agentd schedule`: how schedules last went and when they run next. */
export const schedule: CommandDefinition = {
  name: "schedule",
  faults: FAULTS,
  define: (command, start) =>
    showing(command, start)
      .summary("show schedules and their next runs; pause, resume, fire and skip them")
      .addHelpText("after", example("agentd schedule", "agentd schedule site-builder -n 10 --json")),
};

/** `agentd schedule ls`: the same, also for a profile with the name of a command of the group. */
export const scheduleLs: CommandDefinition = {
  name: "schedule ls",
  faults: FAULTS,
  define: (command, start) =>
    showing(command, start)
      .summary("show schedules and their next runs, as without a command")
      .addHelpText("after", example("agentd schedule ls site-builder")),
};

function showing(command: Command, start: (body: Body<CliContext>) => void): Command {
  return command
    .description(
      "Shows each schedule's last run, its last skipped run and why it was skipped, and its next runs, in the schedule's " +
        "time zone; then the sessions that will be tried again.",
    )
    .argument("[profile]", "show only this profile's schedules")
    .option("-n, --count <count>", `show this many next runs (default: ${NEXT_RUNS})`)
    .option("--json", "print a JSON array")
    .action((profile: string | undefined, _own: ScheduleOptions, self: Command) => {
      // The group has the same options, and takes them first.
      const options = self.optsWithGlobals<ScheduleOptions>();
      start((context) => showSchedules(profile, options, context));
    });
}

async function showSchedules(
  profile: string | undefined,
  options: ScheduleOptions,
  context: CliContext,
): Promise<number> {
  const count = countOption("--count", options.count ?? NEXT_RUNS, { max: MAX_NEXT_RUNS });
  const { schedules, retries } = await withClient(context, (client) => allSchedules(client, profile, count));
  if (options.json === true) {
    const printed = schedules.map((each): PrintedSchedule => {
      return { ...each, retries: retries.filter((retry) => retry.profile === each.profile) };
    });
    await context.stdout.json(printed);
    return 0;
  }
  const nowMs = context.now();
  const texts = [...schedules.map(scheduleText), ...retries.map((retry) => pendingRetryText(retry, nowMs))];
  await context.stdout.line(texts.length > 0 ? texts.join("\n\n") : emptyText(profile));
  return 0;
}

async function allSchedules(
  client: Caller,
  profile: string | undefined,
  count: number,
): Promise<{ readonly schedules: ScheduleView[]; readonly retries: PendingRetry[] }> {
  const schedules: ScheduleView[] = [];
  const retries: PendingRetry[] = [];
  for (let more = true; more;) {
    const page = await client.call("schedule", { profile, count, after: keyOf(schedules.at(-1)) });
    schedules.push(...page.schedules);
    // A daemon that is older has no such field.
    retries.push(...((page.retries as PendingRetry[] | undefined) ?? []));
    more = page.more;
  }
  return { schedules, retries };
}

function keyOf(last: ScheduleView | undefined): string | undefined {
  return last === undefined ? undefined : scheduleKey(last);
}

function emptyText(profile: string | undefined): string {
  return profile === undefined ? "No profile has a schedule." : `${printable(profile)} has no schedule.`;
}
