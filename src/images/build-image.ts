/** Makes the image of an agent: a base of the operating system, the agent's packages over it, and a check that it starts. */
import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { agentImage, type ImageRecipe } from "../config/agent-definition.ts";
import { ensureDirectory } from "../durable-files.ts";
import { AgentdError } from "../errors.ts";
import { removeTree } from "../trees/remove-tree.ts";
import { ensureBaseImage } from "./base-image.ts";
import { type BuiltImage, findBuiltImage, noteBuilt } from "./built-image.ts";
import type { HostPrograms } from "./host-programs.ts";
import { fillTree } from "./npm-tree.ts";
import { containerfile, digestOf, LABELS, packageOf, type Recipe, withVersion } from "./recipe.ts";

export interface BuildOptions {
  readonly recipe: Recipe;
  /** As the definition has it: a change of it makes the image outdated. */
  readonly definition: ImageRecipe;
  /** Takes the newest version of the agent instead of the pinned one, and makes the base anew. */
  readonly update: boolean;
  readonly programs: HostPrograms;
  /** For files until the image is made. */
  readonly cacheDirectory: string;
  readonly stateDirectory: string;
  /** Of this agentd. */
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Says what is done next. */
  readonly onStep: (text: string) => Promise<void>;
}

/** What a build comes to. */
export interface Built {
  readonly image: BuiltImage;
  readonly recipe: Recipe;
  /** False when the image was there as the recipe wants it. */
  readonly isNew: boolean;
}

/**
 * Builds, unless the image is there as it should be; the image of before stays when anything fails.
 *
 * @throws AgentdError `image_build_failed`.
 */
export async function buildImage(options: BuildOptions): Promise<Built> {
  const { programs, update, onStep, definition, cacheDirectory } = options;
  const recipe = update ? await newest(options) : options.recipe;
  const digest = digestOf(recipe);
  const before = await findBuiltImage(recipe.agent, programs);
  if (!update && before?.recipe === digest) return { image: before, recipe, isNew: false };
  const parent = join(cacheDirectory, "images");
  await ensureDirectory(parent, 0o700);
  const staging = await mkdtemp(join(parent, `${recipe.agent}-`));
  try {
    const base = await ensureBaseImage(recipe, { programs, staging, anew: update, onStep });
    await onStep(`downloading ${recipe.npm.join(" and ")} with npm`);
    await fillTree(join(staging, "tree"), recipe, programs);
    await onStep(`building ${agentImage(recipe.agent)}`);
    const labels = {
      [LABELS.agent]: recipe.agent,
      [LABELS.version]: recipe.version,
      [LABELS.recipe]: digest,
      [LABELS.definition]: digestOf(definition),
    };
    await writeFile(join(staging, "Containerfile"), containerfile(recipe, base, labels));
    const id = await build(staging, recipe, programs);
    await checkImage(id, recipe, programs);
    await tag(id, recipe, programs);
    const image = await findBuiltImage(recipe.agent, programs);
    if (image === undefined) throw vanished(recipe);
    await note(options, { image, recipe, base });
    return { image, recipe, isNew: true };
  } finally {
    await removeTree(staging);
  }
}

/** The recipe with the version that npm now calls the latest. */
async function newest({ recipe, programs, onStep }: BuildOptions): Promise<Recipe> {
  const [own = ""] = recipe.npm;
  await onStep(`asking npm for the newest version of ${packageOf(own)}`);
  const version = await programs.run({
    program: "npm",
    args: ["view", packageOf(own), "version"],
    tried: `find the newest version of ${packageOf(own)}`,
    next: "Check the network and npm's settings (npm config ls), then try again.",
  });
  return withVersion(recipe, version.trim());
}

async function build(staging: string, { agent }: Recipe, programs: HostPrograms): Promise<string> {
  const output = await programs.run({
    program: "podman",
    args: ["build", "--quiet", "--file", join(staging, "Containerfile"), staging],
    tried: `build the image of ${agent}`,
    next: "Check this host with agentd doctor, and the free space of Podman's storage.",
  });
  return output.trim().split("\n").at(-1) ?? "";
}

/** As a session runs it: not as root, without capabilities and without a network. */
async function checkImage(id: string, { agent, check }: Recipe, programs: HostPrograms): Promise<void> {
  if (check === undefined) return;
  await programs.run({
    program: "podman",
    args: [
      ...["run", "--rm", "--pull=never", "--network=none", "--user=39000:39000", "--cap-drop=all"],
      ...["--security-opt=no-new-privileges", "--env=HOME=/tmp", id, ...check],
    ],
    tried: `start ${agent} in its new image (${check.join(" ")})`,
    next: "Look for what is missing in the image; --package adds packages of Debian. The image of before stays as it was.",
  });
}

async function tag(id: string, { agent, version }: Recipe, programs: HostPrograms): Promise<void> {
  const latest = agentImage(agent);
  await programs.run({
    program: "podman",
    args: ["tag", id, latest, latest.replace(/:latest$/, `:${version}`)],
    tried: `name the image ${latest}`,
    next: "Try again.",
  });
}

async function note(
  { stateDirectory, version, now }: BuildOptions,
  { image, recipe, base }: { image: BuiltImage; recipe: Recipe; base: string },
): Promise<void> {
  await noteBuilt(stateDirectory, {
    time: new Date(now()).toISOString(),
    agent: recipe.agent,
    version: recipe.version,
    image: image.reference,
    id: image.id,
    digest: image.digest,
    base,
    npm: recipe.npm,
    packages: recipe.packages,
    recipe: digestOf(recipe),
    agentd: version,
  });
}

function vanished({ agent }: Recipe): AgentdError {
  return new AgentdError("image_build_failed", {
    tried: `find the new image of ${agent}`,
    why: "something has removed it again",
    next: "Try again.",
  });
}
