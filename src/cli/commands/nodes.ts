import type { NodeView } from "../../api/nodes-method.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type CliContext, say, withClient } from "../frame/context.ts";
import { printable } from "../terminal/printable.ts";
import { renderTable } from "../terminal/table.ts";
import { sizeText } from "../words/size-text.ts";
import { agoText } from "../words/time-text.ts";

interface NodesOptions {
  readonly json?: true;
}

const HEADERS = ["NODE", "STATE", "CPUS", "MEMORY", "SESSIONS", "LAST", "OUTCOME", "ENDED", "REASON"];

/** `agentd nodes`: the machines on which an engine starts sessions. */
export const nodes: CommandDefinition = {
  name: "nodes",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("list the machines on which sessions can be placed")
      .description(
        "Lists the nodes of the engine that [placement] names: what the engine says of each, how many sessions of this " +
          "daemon are there now, and what came of the last one.",
      )
      .option("--json", "print a JSON object")
      .addHelpText("after", example("agentd nodes", "agentd nodes --json"))
      .action((options: NodesOptions) => {
        start((context) => list(options, context));
      }),
};

async function list({ json }: NodesOptions, context: CliContext): Promise<number> {
  const { stdout } = context;
  const answer = await withClient(context, (client) => client.call("nodes", {}));
  if (json === true) {
    await stdout.json(answer);
    return 0;
  }
  if (answer.trouble !== null) await say(context, answer.trouble);
  if (answer.engine === null)
    await stdout.line("All sessions run on this host: the configuration has no [placement].");
  else if (answer.nodes.length > 0)
    await stdout.line(
      renderTable(
        HEADERS,
        answer.nodes.map((node) => row(node, context.now())),
        stdout,
      ),
    );
  return 0;
}

function row(node: NodeView, nowMs: number): string[] {
  return [
    printable(node.name),
    printable(node.state ?? "-"),
    String(node.cpus ?? "-"),
    node.memory_bytes === null ? "-" : sizeText(node.memory_bytes),
    String(node.sessions),
    node.last_session ?? "-",
    node.last_outcome ?? "-",
    node.last_end_timestamp === null ? "-" : agoText(node.last_end_timestamp, nowMs),
    printable(node.reason ?? "-"),
  ];
}
