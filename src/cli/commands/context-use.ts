import { contextsFile } from "../../config/paths.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type LocalContext, say } from "../frame/context.ts";

/** `agentd context use`: which host commands are for that name none. */
export const contextUse: CommandDefinition<LocalContext> = {
  name: "context use",
  faults: FAULTS,
  place: "here",
  define: (command, start) =>
    command
      .summary("choose the host that commands are for")
      .description(
        "Has all commands run on the host of a context, unless they or the environment name another one.\n" +
          "The context `local` is always this machine.",
      )
      .argument("<context>", "a name of `agentd context ls`")
      .addHelpText("after", example("agentd context use prod", "agentd context use local"))
      .action((name: string) => {
        start((context) => useContext(name, context));
      }),
};

async function useContext(name: string, context: LocalContext): Promise<number> {
  const { hostOfContext, LOCAL, readContexts, writeContexts } = await import("../../remote/contexts.ts");
  const { host } = context.installation;
  const file = contextsFile(host);
  const contexts = await readContexts(file);
  const isLocal = name === LOCAL;
  const where = isLocal ? "this machine" : hostOfContext(contexts, name).host;
  // Where nothing was ever added, nothing has to be written.
  if (!isLocal || contexts.current !== undefined)
    await writeContexts(file, { ...contexts, current: isLocal ? undefined : name });
  await say(context, `commands are for ${name} now, ${where}`);
  for (const variable of ["AGENTD_HOST", "AGENTD_CONTEXT"])
    if (host.env[variable]) await say(context, `in this shell, ${variable} says otherwise`);
  return 0;
}
