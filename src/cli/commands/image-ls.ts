import type { AgentDefinition } from "../../config/agent-definition.ts";
import type { HostImage } from "../../images/host-images.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import type { LocalContext } from "../frame/context.ts";
import { type ImageSurvey, surveyImages } from "../frame/image-survey.ts";
import { renderTable } from "../terminal/table.ts";
import { sizeText } from "../words/size-text.ts";
import { agoText } from "../words/time-text.ts";

interface ListFlags {
  readonly json?: true;
}

const HEADERS = ["IMAGE", "AGENT", "VERSION", "STATE", "SIZE", "IDS", "LAST USED", "PROFILES", "DIGEST"];

/** `agentd image ls`: the images of profiles and agents on this host. */
export const imageLs: CommandDefinition<LocalContext> = {
  name: "image ls",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("list the images of profiles and agents")
      .description(
        "Lists the images that profiles name, that open sessions run in, and that agents have a recipe for. An image is\n" +
          "outdated when the recipe in the agent's definition has changed since it was built. IDS says whether the copy\n" +
          "with the ids of sessions is ready: `agentd image pull` makes it.",
      )
      .option("--json", "print a JSON array")
      .addHelpText("after", example("agentd image ls", "agentd image ls --json"))
      .action((flags: ListFlags) => {
        start((context) => list(flags, context));
      }),
};

type State = "current" | "outdated" | "present" | "missing";

interface Listed {
  readonly reference: string;
  /** Undefined for an image that is no agent's. */
  readonly agent: AgentDefinition | undefined;
  readonly image: HostImage | undefined;
  readonly version: string | undefined;
  readonly state: State;
  readonly profiles: readonly string[];
  readonly openSessions: readonly string[];
  readonly lastUsedTimestamp: string | null;
  /** Null where the storage does not show it. */
  readonly isShifted: boolean | null;
}

async function list({ json }: ListFlags, context: LocalContext): Promise<number> {
  const { stdout, installation, now } = context;
  const { host } = installation;
  const { HostPrograms } = await import("../../images/host-programs.ts");
  const programs = new HostPrograms(host.env, new AbortController().signal);
  const agents = await agentImages(context);
  const survey = await surveyImages(context, programs, [...agents.keys()]);
  const shifted = await shiftedImages(context);
  const references = new Set([...survey.profiles.keys(), ...survey.openSessions.keys(), ...agents.keys()]);
  const { lastUse } = await import("../../images/prune-plan.ts");
  const { digestOf, LABELS } = await import("../../images/recipe.ts");
  const listed = [...references].sort().map((reference): Listed => {
    const image = imageOf(reference, survey);
    const agent = agents.get(reference);
    const isCurrent = agent?.image && image?.labels[LABELS.definition] === digestOf(agent.image);
    const found = agent === undefined ? "present" : isCurrent === true ? "current" : "outdated";
    return {
      ...{ reference, agent, image },
      version: image?.labels[LABELS.version],
      state: image === undefined ? "missing" : found,
      profiles: survey.profiles.get(reference) ?? [],
      openSessions: survey.openSessions.get(reference) ?? [],
      lastUsedTimestamp: image === undefined ? null : lastUse(image, survey.uses),
      isShifted: image === undefined ? null : (shifted?.has(image.id) ?? null),
    };
  });
  if (json === true) await stdout.json(listed.map(document));
  else
    await stdout.line(
      renderTable(
        HEADERS,
        listed.map((each) => row(each, now())),
        stdout,
        { givesWay: "DIGEST" },
      ),
    );
  return 0;
}

/** Agents with a recipe, by the image that it makes. */
async function agentImages({ installation }: LocalContext): Promise<Map<string, AgentDefinition>> {
  const [files, { agentImage }] = await Promise.all([
    import("../../config/agent-files.ts"),
    import("../../config/agent-definition.ts"),
  ]);
  const places = files.agentPlaces(installation.host, installation.packageDirectory);
  const agents = new Map<string, AgentDefinition>();
  for (const name of await files.agentNames(places)) {
    const definition = await files.requireAgent(name, places, "list the images of agents");
    if (definition.image !== undefined) agents.set(agentImage(name), definition);
  }
  return agents;
}

async function shiftedImages({
  installation: { host },
}: LocalContext): Promise<ReadonlySet<string> | undefined> {
  const [{ askEngine, podmanProgram }, { preparedImages }] = await Promise.all([
    import("../../podman/host/engine-report.ts"),
    import("../../podman/images/stored-images.ts"),
  ]);
  const engine = await askEngine(podmanProgram(host.env, undefined));
  return engine.kind === "answers"
    ? await preparedImages(engine.parts.storage.directory, engine.features)
    : undefined;
}

function imageOf(reference: string, { ids, images }: ImageSurvey): HostImage | undefined {
  const id = ids.get(reference);
  return images.find((image) => image.id === id);
}

function document(listed: Listed): Record<string, unknown> {
  const { reference, agent, image } = listed;
  return {
    image: reference,
    agent: agent?.name ?? null,
    description: agent?.description ?? null,
    definition: agent?.file ?? null,
    state: listed.state,
    version: listed.version ?? null,
    id: image?.id ?? null,
    digest: image?.digest ?? null,
    size_bytes: image?.sizeBytes ?? null,
    built_timestamp: image?.createdTimestamp ?? null,
    is_shifted: listed.isShifted,
    profiles: listed.profiles,
    open_sessions: listed.openSessions,
    last_used_timestamp: listed.lastUsedTimestamp,
  };
}

function row(listed: Listed, nowMs: number): string[] {
  const { image, profiles, lastUsedTimestamp: last } = listed;
  return [
    ...[listed.reference, listed.agent?.name ?? "-", listed.version ?? "-", listed.state],
    image === undefined ? "-" : sizeText(image.sizeBytes),
    listed.isShifted === null ? "-" : listed.isShifted ? "ready" : "no",
    last === null ? "-" : agoText(last, nowMs),
    profiles.length === 0 ? "-" : profiles.join(", "),
    image?.digest ?? "-",
  ];
}
