import { contextsFile } from "../../config/paths.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type LocalContext, say } from "../frame/context.ts";

/** `agentd context rm`: forgets a host. */
export const contextRm: CommandDefinition<LocalContext> = {
  name: "context rm",
  faults: FAULTS,
  place: "here",
  define: (command, start) =>
    command
      .summary("forget the name of a host")
      .description("Removes a context. If it was the chosen one, commands are for this machine again.")
      .argument("<context>", "a name of `agentd context ls`")
      .addHelpText("after", example("agentd context rm prod"))
      .action((name: string) => {
        start((context) => removeContext(name, context));
      }),
};

async function removeContext(name: string, context: LocalContext): Promise<number> {
  const { hostOfContext, readContexts, writeContexts } = await import("../../remote/contexts.ts");
  const file = contextsFile(context.installation.host);
  const contexts = await readContexts(file);
  hostOfContext(contexts, name);
  const isCurrent = contexts.current === name;
  const hosts = new Map([...contexts.hosts].filter(([each]) => each !== name));
  await writeContexts(file, { current: isCurrent ? undefined : contexts.current, hosts });
  await say(context, `context ${name} is removed${isCurrent ? "; commands are for this machine again" : ""}`);
  return 0;
}
