import type { Config } from "../../config/config.ts";
import { AgentdError, sentence } from "../../errors.ts";
import type { Webhook } from "../../webhooks/hook.ts";
import type { Judgement } from "../../webhooks/judge.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import type { LocalContext } from "../frame/context.ts";
import { printable } from "../terminal/printable.ts";
import { type Fact, renderFacts } from "../words/facts.ts";
import { webhookSecretFault } from "../words/webhook-warnings.ts";

interface TestOptions {
  readonly webhook?: string;
  readonly event?: string;
  readonly json?: true;
}

/** No service sends more that agentd takes. */
const MOST_BYTES = 1024 * 1024;

/** `agentd webhook test`: what a payload would do. */
export const webhookTest: CommandDefinition<LocalContext> = {
  name: "webhook test",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("show what the payload of a webhook would do")
      .description(
        "Shows what a payload would do that comes to a webhook of a profile: whether a\n" +
          "session starts, and with what, or why not. Starts nothing. Also says whether\n" +
          "web.env has the secret. Exits with 1 when no session would start.\n\n" +
          "Works without a daemon, and without agentd web.",
      )
      .argument("<profile>", "the profile")
      .argument("<file>", "file with the payload as JSON; - for standard input")
      .option("--webhook <name>", "the webhook, where the profile has several")
      .option("--event <event>", "the event as GitHub and Gitea send it in a header, such as issues")
      .option("--json", "print a JSON object")
      .addHelpText(
        "after",
        example(
          "agentd webhook test gardener payload.json --event issues",
          "agentd webhook test gardener - < payload.json",
        ),
      )
      .action((profile: string, file: string, options: TestOptions) => {
        start((context) => test(profile, file, options, context));
      }),
};

async function test(
  profile: string,
  file: string,
  { webhook, event: named, json }: TestOptions,
  context: LocalContext,
): Promise<number> {
  const [{ eventName, judge }, { webhookPath }, { pagesUrl }] = await Promise.all([
    import("../../webhooks/judge.ts"),
    import("../../webhooks/hook.ts"),
    import("../../web/guard/hosts.ts"),
  ]);
  const config = await context.loadConfig(undefined);
  const hook = hookOf(config, profile, webhook);
  const payload = await readPayload(file, context);
  const event = eventName(hook.kind, named, payload);
  const { listen, allowedHosts, tls } = config.web;
  const url = new URL(webhookPath(profile, hook.name), pagesUrl(listen, allowedHosts, tls !== undefined))
    .href;
  const secretFault = await webhookSecretFault(hook, context.installation.host);
  const judgement = judge(hook, event, payload);
  const starts = judgement.kind === "run";
  if (json === true) {
    const { workUnit = null, ref = null, request = null } = starts ? judgement : {};
    await context.stdout.json({
      ...{ profile, webhook: hook.name, url, kind: hook.kind, secret_source: hook.secret_source },
      ...{ secret_fault: secretFault ?? null, event: event ?? null, starts },
      ...{ why: starts ? null : judgement.why, work_unit: workUnit, ref, request },
    });
  } else {
    const facts: Fact[] = [
      ["url", url],
      ["secret", secretFault === undefined ? `${hook.secret_source}, in web.env` : secretFault],
      ["event", event ?? "none"],
      ...factsOf(judgement),
      ...hintsFor(hook, named, judgement),
    ];
    const title = `webhook ${hook.name} of profile ${profile}, ${hook.kind}`;
    await context.stdout.line([renderFacts(title, facts), ...requestText(judgement)].join("\n\n"));
  }
  return starts ? 0 : 1;
}

function factsOf(judgement: Judgement): Fact[] {
  if (judgement.kind !== "run") return [[judgement.kind, judgement.why]];
  const { workUnit, ref, request } = judgement;
  return [
    ["starts", "a session"],
    ["work unit", workUnit ?? "none"],
    ["ref", ref ?? "the profile's"],
    ...(request === undefined ? [["request", "the profile's"] as const] : []),
  ];
}

/** Its lines, below all else. */
function requestText(judgement: Judgement): string[] {
  if (judgement.kind !== "run" || judgement.request === undefined) return [];
  return [["Request:", ...judgement.request.split("\n").map((line) => `  ${printable(line)}`)].join("\n")];
}

/** These services name the event in a header, which a file does not have. */
function hintsFor({ kind }: Webhook, named: string | undefined, judgement: Judgement): Fact[] {
  const isMissing = judgement.kind === "ignored" && named === undefined;
  return isMissing && (kind === "github" || kind === "gitea")
    ? [["next", "say which event it is: --event issues"]]
    : [];
}

function hookOf(config: Config, profile: string, webhook: string | undefined): Webhook {
  const tried = `test a webhook of profile ${JSON.stringify(profile)}`;
  const found = config.profiles.find(({ name }) => name === profile);
  if (found === undefined) {
    throw new AgentdError("unknown_profile", {
      tried,
      why: `${config.file} has no such profile`,
      next: `Existing profiles: ${config.profiles.map(({ name }) => name).join(", ")}.`,
    });
  }
  const { webhooks } = found;
  const [only, ...others] =
    webhook === undefined ? webhooks : webhooks.filter(({ name }) => name === webhook);
  if (only !== undefined && others.length === 0) return only;
  const names = webhooks.map(({ name }) => name).join(", ");
  throw new AgentdError("unknown_webhook", {
    tried,
    why: only === undefined ? "it has no such webhook" : "it has several",
    next: names === "" ? "Add [[profiles.webhooks]] to it." : `Choose with --webhook: ${names}.`,
  });
}

async function readPayload(file: string, { stdin, readFile }: LocalContext): Promise<unknown> {
  const tried = `read the payload from ${file === "-" ? "standard input" : file}`;
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of file === "-" ? stdin() : readFile(file)) {
      pieces.push(Buffer.from(piece));
      bytes += pieces.at(-1)?.length ?? 0;
      if (bytes > MOST_BYTES)
        throw new Error(`it has more than ${MOST_BYTES} bytes (1 MiB), which is refused`);
    }
    const payload: unknown = JSON.parse(Buffer.concat(pieces).toString("utf8"));
    if (typeof payload === "object" && payload !== null) return payload;
    throw new Error("it is no JSON object");
  } catch (error) {
    throw new AgentdError("input_unreadable", {
      tried,
      why: sentence(error),
      next: "Name a file with the JSON that the service sends; its page of deliveries shows that.",
      cause: error,
    });
  }
}
