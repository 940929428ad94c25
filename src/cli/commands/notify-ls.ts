import type { NotifyState } from "../../api/notify-method.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type CliContext, withClient } from "../frame/context.ts";
import { printable } from "../terminal/printable.ts";
import { renderTable } from "../terminal/table.ts";
import { agoText } from "../words/time-text.ts";

interface ListOptions {
  readonly json?: true;
}

const HEADERS = ["NAME", "VIA", "STATE", "PENDING", "DELIVERED", "WHY"];

/** `agentd notify ls`: whom the daemon tells of what needs people. */
export const notifyLs: CommandDefinition = {
  name: "notify ls",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("list whom agentd tells of what needs people")
      .description(
        "Lists the targets of notifications: how each is told, whether the last message arrived and why not, and how many wait.",
      )
      .option("--json", "print a JSON array")
      .addHelpText("after", example("agentd notify ls", "agentd notify ls --json"))
      .action((options: ListOptions) => {
        start((context) => list(options, context));
      }),
};

async function list({ json }: ListOptions, context: CliContext): Promise<number> {
  const { stdout } = context;
  const { notify } = await withClient(context, (client) => client.call("status", {}));
  if (json === true) await stdout.json(notify);
  else if (notify.length === 0)
    await stdout.line("Nobody is told anything: the configuration has no [[notify]].");
  else
    await stdout.line(
      renderTable(
        HEADERS,
        notify.map((each) => row(each, context.now())),
        stdout,
      ),
    );
  return 0;
}

function row(
  { name, via, state, pending, delivered_timestamp: delivered, why }: NotifyState,
  nowMs: number,
): string[] {
  return [
    name,
    via,
    state,
    String(pending),
    delivered === null ? "-" : agoText(delivered, nowMs),
    printable(why ?? "-"),
  ];
}
