import type { AgentDefinition } from "../../config/agent-definition.ts";
import type { BuiltImage } from "../../images/built-image.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import type { LocalContext } from "../frame/context.ts";
import { renderTable } from "../terminal/table.ts";
import { sizeText } from "../words/size-text.ts";
import { agoText } from "../words/time-text.ts";

interface ListFlags {
  readonly json?: true;
}

const HEADERS = ["AGENT", "VERSION", "STATE", "SIZE", "BUILT", "DIGEST", "IMAGE"];

/** `agentd image ls`: agents and their images on this host. */
export const imageLs: CommandDefinition<LocalContext> = {
  name: "image ls",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("list agents and their images")
      .description(
        "Lists the agents that have a recipe for an image, with the image that is on this host. An image is outdated when\n" +
          "the recipe in the agent's definition has changed since it was built.",
      )
      .option("--json", "print a JSON array")
      .addHelpText("after", example("agentd image ls", "agentd image ls --json"))
      .action((flags: ListFlags) => {
        start((context) => list(flags, context));
      }),
};

type State = "current" | "outdated" | "missing";

interface Listed {
  readonly definition: AgentDefinition;
  readonly image: BuiltImage | undefined;
  readonly state: State;
}

async function list({ json }: ListFlags, { stdout, installation, now }: LocalContext): Promise<number> {
  const { host, packageDirectory } = installation;
  const [files, { HostPrograms }, { findBuiltImage }, { digestOf }] = await Promise.all([
    import("../../config/agent-files.ts"),
    import("../../images/host-programs.ts"),
    import("../../images/built-image.ts"),
    import("../../images/recipe.ts"),
  ]);
  const places = files.agentPlaces(host, packageDirectory);
  const programs = new HostPrograms(host.env, new AbortController().signal);
  const listed: Listed[] = [];
  for (const name of await files.agentNames(places)) {
    const definition = await files.requireAgent(name, places, "list the images of agents");
    if (definition.image === undefined) continue;
    const image = await findBuiltImage(name, programs);
    const isCurrent = image?.definition === digestOf(definition.image);
    listed.push({
      definition,
      image,
      state: image === undefined ? "missing" : isCurrent ? "current" : "outdated",
    });
  }
  if (json === true) await stdout.json(listed.map(document));
  else
    await stdout.line(
      renderTable(
        HEADERS,
        listed.map((each) => row(each, now())),
        stdout,
      ),
    );
  return 0;
}

function document({ definition, image, state }: Listed): Record<string, unknown> {
  return {
    agent: definition.name,
    description: definition.description,
    definition: definition.file,
    state,
    version: image?.version ?? null,
    image: image?.reference ?? null,
    id: image?.id ?? null,
    digest: image?.digest ?? null,
    size_bytes: image?.sizeBytes ?? null,
    built_timestamp: image?.createdTimestamp ?? null,
  };
}

function row({ definition, image, state }: Listed, nowMs: number): string[] {
  if (image === undefined) return [definition.name, "-", state, "-", "-", "-", "-"];
  const { version = "-", sizeBytes, createdTimestamp, digest, reference } = image;
  return [
    ...[definition.name, version, state, sizeText(sizeBytes), agoText(createdTimestamp, nowMs)],
    ...[digest, reference],
  ];
}
