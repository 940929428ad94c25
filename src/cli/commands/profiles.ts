import type { ProfileView } from "../../profile/view.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type CliContext, withClient } from "../frame/context.ts";
import { renderTable } from "../terminal/table.ts";
import { sizeText } from "../words/size-text.ts";
import { spanText } from "../words/time-text.ts";

interface ProfilesOptions {
  readonly json?: true;
}

const HEADERS = ["NAME", "IMAGE", "TIMEOUT", "MEMORY", "CPUS", "PIDS", "SCHEDULE", "REPOSITORY"];

/** `agentd profiles`: the profiles that can be run. */
export const profiles: CommandDefinition = {
  name: "profiles",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("list profiles")
      .description("Lists the profiles that the daemon has loaded, in the order of its configuration.")
      .option("--json", "print a JSON array")
      .addHelpText("after", example("agentd profiles", "agentd profiles --json"))
      .action((options: ProfilesOptions) => {
        start((context) => listProfiles(options, context));
      }),
};

async function listProfiles(options: ProfilesOptions, context: CliContext): Promise<number> {
  const { stdout } = context;
  const loaded = await withClient(context, (client) => client.call("profiles", {}));
  if (options.json === true) await stdout.json(loaded);
  else await stdout.line(renderTable(HEADERS, loaded.map(row), stdout));
  return 0;
}

function row(profile: ProfileView): string[] {
  const { timeout_ms: timeoutMs, memory_bytes: memoryBytes, cpus } = profile;
  return [
    profile.name,
    profile.image,
    timeoutMs === null ? "-" : spanText(timeoutMs),
    memoryBytes === null ? "-" : sizeText(memoryBytes),
    cpus === null ? "-" : String(cpus),
    String(profile.pids),
    scheduleText(profile),
    profile.repo ?? profile.directory ?? "-",
  ];
}

/** The expression, and the names of further schedules. */
function scheduleText(profile: ProfileView): string {
  const { schedule } = profile;
  // A daemon that is older has no such field.
  const schedules = (profile.schedules as readonly string[] | undefined) ?? [];
  const all = [...(schedule === null ? [] : [schedule]), ...schedules];
  return all.length === 0 ? "-" : all.join(", ");
}
