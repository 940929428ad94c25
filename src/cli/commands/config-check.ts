import type { Config } from "../../config/config.ts";
import { AgentdError } from "../../errors.ts";
import type { Profile } from "../../profile/profile.ts";
import { credentialPlaces, findCredentialSource } from "../doctor/credential-checks.ts";
import { shortCredentialWarnings } from "../doctor/short-credentials.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import type { Installation, LocalContext } from "../frame/context.ts";
import { printable } from "../terminal/printable.ts";
import { type Fact, renderFacts } from "../words/facts.ts";
import { llmWarnings } from "../words/llm-warnings.ts";
import { networkWarnings } from "../words/network-warnings.ts";
import { countText, sizeText } from "../words/size-text.ts";
import { webhookWarnings } from "../words/webhook-warnings.ts";

interface CheckOptions {
  readonly explain?: string;
  readonly json?: true;
}

/** `agentd config check`: whether a daemon would start with a configuration. */
export const configCheck: CommandDefinition<LocalContext> = {
  name: "config check",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("validate a configuration file")
      .description(
        "Validates a configuration file as the daemon does, and lists every problem. Exits 0 only if there is none;\n" +
          "warnings, such as of an allowlist that opens every host, change nothing about that.\n" +
          "Paths and credentials that the file names are checked when a session starts; a credential that is too short to be\n" +
          "replaced in output is warned of, where its value is known, and so is a webhook whose secret web.env does not have.",
      )
      .argument("[file]", "the file (default: the file that the daemon would read)")
      .option("--explain <code>", "explain a rule of hardening, such as E006, and check nothing")
      .option("--json", "print a JSON object")
      .addHelpText("after", example("agentd config check", "agentd config check ./agentd.toml"))
      .action((file: string | undefined, options: CheckOptions) => {
        start((context) => checkConfig(file, options, context));
      }),
};

async function checkConfig(
  file: string | undefined,
  options: CheckOptions,
  context: LocalContext,
): Promise<number> {
  const { stdout } = context;
  if (options.explain !== undefined) return await explain(options.explain, options, context);
  try {
    const config = await context.loadConfig(file);
    const warnings = await warningsOf(config, context.installation, context.now());
    if (options.json === true) await stdout.json({ file: config.file, problems: [], warnings });
    else await stdout.line(summary(config, warnings));
    return 0;
  } catch (error) {
    const isVerdict = error instanceof AgentdError && error.code === "config_invalid";
    if (!isVerdict || options.json !== true) throw error;
    await stdout.json({ ...error.details, warnings: [] });
    return 1;
  }
}

async function explain(
  wanted: string,
  { json }: CheckOptions,
  { stdout }: Pick<LocalContext, "stdout">,
): Promise<number> {
  const { namedRule, ruleText } = await import("../words/hardening-rules.ts");
  const rule = await namedRule(wanted);
  if (json === true) await stdout.json({ ...rule, weakens: undefined });
  else await stdout.line(ruleText(rule));
  return 0;
}

/** What an operator may not have meant, though a daemon would start with it. */
interface ConfigWarning {
  readonly profile: string;
  /** A sentence without a full stop. */
  readonly warning: string;
}

async function warningsOf(
  { profiles }: Config,
  installation: Installation,
  nowMs: number,
): Promise<ConfigWarning[]> {
  const { host } = installation;
  const credentials = await findCredentialSource(host.env, credentialPlaces(host), undefined);
  const found = await Promise.all(
    profiles.map(async (profile) =>
      [
        ...(await networkWarnings(profile)),
        ...(await llmWarnings(profile)),
        ...(await warningsOfHardening(profile, nowMs)),
        ...(await warningsOfAgent(profile, installation)),
        ...shortCredentialWarnings(profile, credentials),
        ...(await webhookWarnings(profile, host)),
      ].map((warning) => ({ profile: profile.name, warning })),
    ),
  );
  return found.flat();
}

async function warningsOfHardening(profile: Profile, nowMs: number): Promise<string[]> {
  const { hardeningWarnings } = await import("../../profile/weakened.ts");
  return hardeningWarnings(profile, nowMs);
}

async function warningsOfAgent(
  profile: Profile,
  { host, packageDirectory }: Installation,
): Promise<string[]> {
  if (profile.agent === undefined) return [];
  const [{ agentPlaces, findAgent }, { agentWarnings }] = await Promise.all([
    import("../../config/agent-files.ts"),
    import("../../config/agent-warnings.ts"),
  ]);
  const definition = await findAgent(profile.agent, agentPlaces(host, packageDirectory));
  return definition === undefined ? [] : agentWarnings(profile, definition);
}

function summary({ file, daemon, profiles }: Config, warnings: readonly ConfigWarning[]): string {
  const scheduled = profiles.filter(
    ({ schedule, schedules }) => schedule !== undefined || schedules.length > 0,
  );
  const hooks = profiles.flatMap(({ name, webhooks }) => webhooks.map((each) => `${name}/${each.name}`));
  return renderFacts(`ok: ${printable(file)}`, [
    ["profiles", profiles.map(({ name }) => name).join(", ")],
    ["schedules", scheduled.map(({ name }) => name).join(", ") || "none"],
    ...(hooks.length === 0 ? [] : [["webhooks", hooks.join(", ")] as const]),
    ["at once", countText(daemon.maxSessions, "session")],
    [
      "memory",
      daemon.memoryBudgetBytes === undefined ? "no budget" : `at most ${sizeText(daemon.memoryBudgetBytes)}`,
    ],
    ...warnings.map(({ profile, warning }): Fact => ["warning", `profile ${profile}: ${warning}`]),
  ]);
}
