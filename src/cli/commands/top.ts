import type { Command } from "commander";
import type { ProcessView } from "../../api/live-methods.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type CliContext, say, withClient } from "../frame/context.ts";
import {
  askedSession,
  type LatestOption,
  type NamedSession,
  namedSession,
  takingSession,
} from "../frame/session-argument.ts";
import { renderTable } from "../terminal/table.ts";
import { sizeText } from "../words/size-text.ts";
import { ageText, spanText } from "../words/time-text.ts";

interface TopOptions extends LatestOption {
  readonly json?: true;
}

const COLUMNS: readonly { readonly header: string; readonly cell: (process: ProcessView) => string }[] = [
  { header: "PID", cell: ({ pid }) => String(pid) },
  { header: "HOST PID", cell: ({ host_pid: hostPid }) => String(hostPid) },
  { header: "STATE", cell: ({ state }) => state },
  { header: "CPU", cell: ({ cpu_seconds: seconds }) => spanText(seconds * 1000) },
  { header: "MEMORY", cell: ({ memory_bytes: bytes }) => sizeText(bytes) },
  { header: "THREADS", cell: ({ threads }) => String(threads) },
  { header: "AGE", cell: ({ age_seconds: seconds }) => ageText(seconds * 1000) },
  { header: "COMMAND", cell: ({ command }) => command },
];

/** `agentd top`: the processes of a session. */
export const top: CommandDefinition = {
  name: "top",
  faults: FAULTS,
  define: (command, start) =>
    takingSession(command)
      .summary("show the processes of a session")
      .description(
        "Shows the processes of a running session, with their numbers in the session and on this host.\n" +
          "STATE is the kernel's letter, such as R for running, S for sleeping, T for stopped, Z for ended.",
      )
      .option("--json", "print a JSON array")
      .addHelpText("after", example("agentd top site-builder", "agentd top --latest --json"))
      .action((name: string | undefined, options: TopOptions, self: Command) => {
        const session = namedSession(name, options, self);
        start((context) => showProcesses(session, options, context));
      }),
};

async function showProcesses(
  session: NamedSession,
  options: TopOptions,
  context: CliContext,
): Promise<number> {
  const { stdout } = context;
  const { processes, total } = await withClient(context, async (client) =>
    client.call("top", { session: await askedSession(client, session) }),
  );
  if (options.json === true) await stdout.json(processes);
  else await stdout.line(tableOf(processes, context));
  if (processes.length < total) await say(context, `${processes.length} of ${total} processes shown`);
  return 0;
}

function tableOf(processes: readonly ProcessView[], { stdout }: CliContext): string {
  return renderTable(
    COLUMNS.map(({ header }) => header),
    processes.map((process) => COLUMNS.map(({ cell }) => cell(process))),
    stdout,
    { givesWay: "COMMAND" },
  );
}
