import { platform } from "node:process";
import type { AgentDefinition } from "../../config/agent-definition.ts";
import { AgentdError } from "../../errors.ts";
import { requireOrdinaryUser } from "../../ordinary-user.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { connectIfRunning, type LocalContext } from "../frame/context.ts";
import { type AgentAnswers, type AgentSetUp, setUpAgent } from "../service/agent-setup.ts";
import { printable } from "../terminal/printable.ts";
import { renderFacts } from "../words/facts.ts";

interface InitFlags {
  readonly agent?: string;
  readonly repo?: string;
  readonly name?: string;
  readonly schedule?: string;
  readonly json?: true;
}

/** `agentd init`: a first configuration with an agent. */
export const init: CommandDefinition<LocalContext> = {
  name: "init",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("write a first configuration with an agent")
      .description(
        "Writes a configuration with a profile that runs an agent, and a file for its API key, and prints the commands\n" +
          "that come next. Asks on a terminal for what no option says. Files that exist are not changed: if the\n" +
          "configuration lacks the profile, it is printed.",
      )
      .option("--agent <agent>", "the agent, such as codex")
      .option("--repo <url>", "the repository that it works on")
      .option("--name <profile>", "the profile's name (default: the agent's)")
      .option("--schedule <cron>", "when it runs by itself, such as '30 2 * * mon-fri'")
      .option("--json", "print a JSON object")
      .addHelpText(
        "after",
        example("agentd init", "agentd init --agent codex --repo https://github.com/example/site.git"),
      )
      .action((flags: InitFlags) => {
        start((context) => initialize(flags, context));
      }),
};

async function initialize(flags: InitFlags, context: LocalContext): Promise<number> {
  const { stdout, installation, loadConfig } = context;
  const { host, packageDirectory } = installation;
  const tried = "write a first configuration";
  requireOrdinaryUser({ platform, uid: host.uid }, tried);
  const files = await import("../../config/agent-files.ts");
  const places = files.agentPlaces(host, packageDirectory);
  const names = await files.agentNames(places);
  const definition = await files.requireAgent(await agentOf(flags, names, context), places, tried);
  const answers = await answersOf(flags, definition, context);
  const done = await setUpAgent(definition, answers, { installation, loadConfig });
  const next = await nextCommands(definition, done, context);
  if (flags.json === true) {
    await stdout.json({
      agent: definition.name,
      profile: answers.name,
      config_file: done.configFile,
      config: done.config,
      credentials_file: done.credentialsFile,
      credentials_missing: done.missingCredentials,
      next,
    });
  } else {
    await stdout.line(report(definition, done, next));
  }
  return 0;
}

async function agentOf(
  { agent }: InitFlags,
  names: readonly string[],
  { ask }: LocalContext,
): Promise<string> {
  if (agent !== undefined) return agent;
  if (ask !== undefined) return await ask(`Which agent (${names.join(", ")})?`);
  throw new AgentdError("usage", {
    tried: "choose an agent",
    why: "there is no terminal to ask on",
    next: `Name one with --agent: ${names.join(", ")}.`,
  });
}

async function answersOf(
  flags: InitFlags,
  { name }: AgentDefinition,
  { ask }: LocalContext,
): Promise<AgentAnswers> {
  // Whoever has named the agent has read the options.
  const question = flags.agent === undefined ? ask : undefined;
  const asked = async (given: string | undefined, text: string): Promise<string | undefined> =>
    given ?? ((await question?.(text)) || undefined);
  return {
    name: (await asked(flags.name, `Name of the profile (empty: ${name})?`)) ?? name,
    repo: await asked(
      flags.repo,
      "URL or path of the repository that it works on (empty: each run names one)?",
    ),
    schedule: await asked(flags.schedule, "When does it run by itself, as cron writes it (empty: never)?"),
  };
}

/** In their order; what is done already is left out. */
async function nextCommands(
  { name: agent, image }: AgentDefinition,
  { answers, config }: AgentSetUp,
  context: LocalContext,
): Promise<string[]> {
  const isBuilt = image === undefined || (await isImageThere(agent, context));
  // Whatever keeps it from answering, installing the service says it better.
  const client = await connectIfRunning(context).catch(() => undefined);
  const isRunning = client !== undefined && !(client instanceof AgentdError);
  if (isRunning) client.close();
  const repository = answers.repo === undefined ? " REPOSITORY" : "";
  return [
    ...(isBuilt ? [] : [`agentd image build ${agent}`]),
    ...(config === "lacks_profile" ? ["agentd config check"] : []),
    isRunning ? "agentd reload" : "agentd service install",
    `agentd run ${answers.name}${repository} --request "Fix the failing tests"`,
  ];
}

async function isImageThere(agent: string, { installation }: LocalContext): Promise<boolean> {
  const [{ HostPrograms }, { findBuiltImage }] = await Promise.all([
    import("../../images/host-programs.ts"),
    import("../../images/built-image.ts"),
  ]);
  const programs = new HostPrograms(installation.host.env, new AbortController().signal);
  // Whatever is wrong with Podman, the build says it better.
  return (await findBuiltImage(agent, programs).catch(() => undefined)) !== undefined;
}

const CONFIG_TEXT = {
  created: "created",
  unchanged: "has the profile already",
  lacks_profile: "exists and is not changed",
} as const;

function report({ name, description }: AgentDefinition, done: AgentSetUp, next: readonly string[]): string {
  const { configFile, config, credentialsFile, missingCredentials, profileText } = done;
  const facts = renderFacts(`profile ${done.answers.name} runs ${name} (${description})`, [
    ["config", `${configFile} (${CONFIG_TEXT[config]})`],
    ["credentials", `${credentialsFile} (${done.madeCredentials ? "created" : "exists"})`],
  ]);
  const steps = [
    ...(config === "lacks_profile" ? [`Add the profile above to ${printable(configFile)}`] : []),
    ...missingCredentials.map((key) => `Put ${key}=... into ${printable(credentialsFile)}`),
    ...next,
  ];
  return [
    facts,
    ...(config === "lacks_profile" ? ["", printable(profileText).replaceAll("\\x0a", "\n").trimEnd()] : []),
    "",
    "Next:",
    ...steps.map((step, index) => `  ${index + 1}. ${step}`),
  ].join("\n");
}
