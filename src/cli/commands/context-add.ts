import { resolve } from "node:path";
import { contextsFile } from "../../config/paths.ts";
import { AgentdError } from "../../errors.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type LocalContext, say } from "../frame/context.ts";

interface AddOptions {
  readonly program?: string;
  readonly tokenFile?: string;
  readonly replace?: true;
}

/** `agentd context add`: gives another host a name. */
export const contextAdd: CommandDefinition<LocalContext> = {
  name: "context add",
  faults: FAULTS,
  place: "here",
  define: (command, start) =>
    command
      .summary("give another host a name")
      .description(
        "Gives a host a name, for --context, AGENTD_CONTEXT and `agentd context use`. It is written to contexts.toml\n" +
          "beside the configuration. The host is not asked: `agentd --context NAME status` does that.",
      )
      .argument("<name>", "the name: letters, digits, `.`, `_` and `-`")
      .argument(
        "<address>",
        "ssh://[USER@]HOST[:PORT], where HOST may be a name of your ssh configuration, or https://HOST[:PORT] of agentd web",
      )
      .option("--program <path>", "agentd there, where it is in no directory of PATH")
      .option("--token-file <file>", "for https://: the file with the token of agentd web")
      .option("--replace", "change a context that exists")
      .addHelpText(
        "after",
        example(
          "agentd context add prod ssh://me@server",
          "agentd context add build https://build.example.org --token-file ~/.config/agentd/build-token",
          "agentd context add lab ssh://lab:2222 --program /opt/agentd/bin/agentd",
        ),
      )
      .action((name: string, address: string, options: AddOptions) => {
        start((context) => addContext(name, address, options, context));
      }),
};

async function addContext(
  name: string,
  address: string,
  { program, tokenFile, replace }: AddOptions,
  context: LocalContext,
): Promise<number> {
  const { checkContext, readContexts, writeContexts } = await import("../../remote/contexts.ts");
  const file = contextsFile(context.installation.host);
  const host = checkContext(name, address);
  const { current, hosts } = await readContexts(file);
  const known = hosts.get(name);
  if (known !== undefined && replace !== true) {
    throw new AgentdError("context_invalid", {
      tried: `add context ${name}`,
      why: `it is ${known.host} already`,
      next: "Change it with --replace, or choose another name.",
    });
  }
  await writeContexts(file, {
    current,
    hosts: new Map([...hosts, [name, { host, program, tokenFile: tokenFile && resolve(tokenFile) }]]),
  });
  await say(context, `context ${name} is ${host}; check it with \`agentd --context ${name} status\``);
  return 0;
}
