import { readFile } from "node:fs/promises";
import { arch, platform } from "node:process";
import type { AgentDefinition } from "../../config/agent-definition.ts";
import { cacheDirectory } from "../../config/paths.ts";
import { AgentdError } from "../../errors.ts";
import { ifThere } from "../../if-there.ts";
import type { Built } from "../../images/build-image.ts";
import type { Base, Recipe } from "../../images/recipe.ts";
import { requireOrdinaryUser } from "../../ordinary-user.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type LocalContext, say } from "../frame/context.ts";
import { renderFacts } from "../words/facts.ts";
import { sizeText } from "../words/size-text.ts";
import { spanText } from "../words/time-text.ts";

interface BuildFlags {
  readonly from?: string;
  readonly suite?: string;
  readonly mirror?: string;
  readonly package: readonly string[];
  readonly update?: true;
  readonly json?: true;
}

/** Where there is no Debian to take packages from. */
const DEFAULT_FROM = "docker.io/library/debian:13-slim";

/** `agentd image build`: makes the image of an agent from the recipe in its definition. */
export const imageBuild: CommandDefinition<LocalContext> = {
  name: "image build",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("build the image of an agent")
      .description(
        "Builds the image that profiles with this agent use, from the recipe in its definition, with pinned versions:\n" +
          "on Debian and Ubuntu from the system's packages (mmdebstrap), without a registry; elsewhere, and with --from,\n" +
          "from an image. The agent comes from npm. Nothing is built if the image is there as the recipe wants it.",
      )
      .argument("<agent>", "the agent, such as codex")
      .option("--from <image>", "an image to build from; it must have the packages that the agent needs")
      .option("--suite <name>", "the release of Debian or Ubuntu (default: this host's)")
      .option("--mirror <url>", "the mirror of Debian or Ubuntu (default: mmdebstrap's)")
      .option("--package <name>", "a package of Debian to add; repeatable", collect, [])
      .option("--update", "take the newest version of the agent and of the packages, not the pinned one")
      .option("--json", "print a JSON object")
      .addHelpText(
        "after",
        example(
          "agentd image build codex",
          "agentd image build claude --package python3 --package make",
          "agentd image build pi --from ghcr.io/example/toolbox:latest",
        ),
      )
      .action((agent: string, flags: BuildFlags) => {
        start((context) => build(agent, flags, context));
      }),
};

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

async function build(agent: string, flags: BuildFlags, context: LocalContext): Promise<number> {
  const { installation, stdout, stateDirectory, version, now, onInterrupt } = context;
  const { host, packageDirectory } = installation;
  const tried = `build the image of ${agent}`;
  requireOrdinaryUser({ platform, uid: host.uid }, tried);
  const [{ agentPlaces, requireAgent }, { buildImage }, { HostPrograms }] = await Promise.all([
    import("../../config/agent-files.ts"),
    import("../../images/build-image.ts"),
    import("../../images/host-programs.ts"),
  ]);
  const definition = await requireAgent(agent, agentPlaces(host, packageDirectory), tried);
  const { recipe, image } = await recipeFor(definition, flags, tried);
  const interrupted = new AbortController();
  const goBack = onInterrupt(() => interrupted.abort());
  const startMs = now();
  try {
    const built = await buildImage({
      ...{ recipe, definition: image, stateDirectory, version, now },
      update: flags.update === true,
      programs: new HostPrograms(host.env, interrupted.signal),
      cacheDirectory: cacheDirectory(host),
      onStep: (text) => say(context, text),
    });
    if (flags.json === true) await stdout.json(document(built));
    else await stdout.line(summary(built, now() - startMs));
    return 0;
  } finally {
    goBack();
  }
}

async function recipeFor(
  definition: AgentDefinition,
  flags: BuildFlags,
  tried: string,
): Promise<{ recipe: Recipe; image: NonNullable<AgentDefinition["image"]> }> {
  const { recipeOf } = await import("../../images/recipe.ts");
  const { archOf } = await import("../../images/host-system.ts");
  const { image, name, file } = definition;
  if (image === undefined) {
    throw new AgentdError("image_build_failed", {
      tried,
      why: `its definition ${file} has no [image]`,
      next: "Profiles with this agent use the base_image that the definition or the profile names.",
    });
  }
  const processor = archOf(arch);
  if (processor === undefined) {
    throw new AgentdError("image_build_failed", {
      tried,
      why: `agents are published for x64 and arm64, and this host is ${arch}`,
      next: `Build an image of your own, and name it as base_image in the profiles with ${name}.`,
    });
  }
  const base = await baseFor(flags, tried);
  return { recipe: recipeOf(definition, image, { arch: processor, base, packages: flags.package }), image };
}

async function baseFor({ from, suite, mirror, package: packages }: BuildFlags, tried: string): Promise<Base> {
  const { debianSuite } = await import("../../images/host-system.ts");
  if (from !== undefined) {
    if (suite === undefined && mirror === undefined && packages.length === 0)
      return { kind: "image", reference: from, installPackages: false };
    throw new AgentdError("usage", {
      tried,
      why: "--from takes an image as it is, and goes with none of --suite, --mirror and --package",
      next: "Leave them out, or leave out --from.",
    });
  }
  const osRelease = await ifThere(readFile("/etc/os-release", "utf8"));
  const found = suite ?? debianSuite(osRelease ?? "");
  return found === undefined
    ? { kind: "image", reference: DEFAULT_FROM, installPackages: true }
    : { kind: "debian", suite: found, mirror };
}

function document({ image, recipe, isNew }: Built): Record<string, unknown> {
  return {
    agent: recipe.agent,
    version: recipe.version,
    image: image.reference,
    id: image.id,
    digest: image.digest,
    size_bytes: image.sizeBytes,
    is_new: isNew,
  };
}

function summary({ image, recipe, isNew }: Built, spanMs: number): string {
  const done = isNew ? `built in ${spanText(spanMs)}` : "already as its recipe wants it";
  return renderFacts(`${recipe.agent} ${recipe.version}: ${done}`, [
    ["image", image.reference],
    ["digest", image.digest],
    ["size", sizeText(image.sizeBytes)],
  ]);
}
