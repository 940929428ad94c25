import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type CliContext, withClient } from "../frame/context.ts";
import { printable } from "../terminal/printable.ts";

interface TestOptions {
  readonly json?: true;
}

/** `agentd notify test`: whether a target can be reached. */
export const notifyTest: CommandDefinition = {
  name: "notify test",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("send a message to a target of notifications")
      .description(
        "Sends a message to a target of notifications as the daemon has it, and says whether it arrived. A target that was\n" +
          "off because its receiver wanted no more is on again when it does. Exits with 1 when the message did not arrive.",
      )
      .argument("<target>", "the name of a [[notify]]")
      .option("--json", "print a JSON object")
      .addHelpText("after", example("agentd notify test phone"))
      .action((name: string, options: TestOptions) => {
        start((context) => test(name, options, context));
      }),
};

async function test(name: string, { json }: TestOptions, context: CliContext): Promise<number> {
  const { delivered, why } = await withClient(context, (client) => client.call("notify_test", { name }));
  if (json === true) await context.stdout.json({ name, delivered, why });
  else
    await context.stdout.line(
      `${printable(name)}: ${delivered ? "delivered" : `not delivered: ${printable(why ?? "")}`}`,
    );
  return delivered ? 0 : 1;
}
