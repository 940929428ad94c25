import { DEFAULT_PIDS } from "../podman/container-spec.ts";
import { containerRequest, homeOf, type ContainerParts } from "./container-request.ts";
import { PREPARATION_LIMIT_MS, type LaunchContext } from "./launch-context.ts";
import { inStage } from "./launch-stage.ts";
import type { SessionProfile } from "./ports.ts";
import { deferContainer } from "./releases.ts";

/** What the container is made from, besides what the context has. */
export type ContainerSources = Pick<ContainerParts, "staging" | "gate" | "declared">;

/**
 * Gets the image, makes the container and starts it up to its gate.
 *
 * @param sources may still be under way: the image is looked for meanwhile. Its rejection is passed on as it is.
 * @returns the container's id.
 * @throws LaunchError
 */
export async function launchContainer(
  context: LaunchContext,
  sources: Promise<ContainerSources>,
  signal: AbortSignal,
): Promise<string> {
  const { engine, activities, failpoints } = context;
  const image = await inStage("image", () => findImage(context, signal));
  const made = await sources;
  const id = await activities.during("creating the container", () =>
    inStage("create", () => createContainer(context, { ...made, image }, signal)),
  );
  await activities.during("starting the container", () =>
    inStage("start", async () => {
      signal.throwIfAborted();
      await engine.startContainer(id, image.id);
      await failpoints.reach("container_started");
    }),
  );
  return id;
}

async function findImage(
  { profile, record, engine, activities, failpoints }: LaunchContext,
  signal: AbortSignal,
): Promise<ContainerParts["image"]> {
  const { baseImage, pull } = profile;
  return await activities.during(`looking for image ${baseImage}`, async (say) => {
    const onProgress = (line: string): void => say(`pulling ${baseImage}: ${withShortDigests(line)}`);
    const { id, digest } = await engine.resolveImage(baseImage, pull, { signal, onProgress });
    await record.update({ image_digest: digest }, { persist: false });
    await record.journal("preparing", "image_found", { image: id, image_digest: digest }, { durable: false });
    await failpoints.reach("image_found");
    // Quick, unless this image was never used before.
    say(`preparing image ${baseImage}`);
    return { id, bringsHome: await engine.imageHasPath(id, homeOf(profile)) };
  });
}

/** As Podman shows ids on a terminal. */
function withShortDigests(line: string): string {
  return line.replace(/(?<=\b[0-9a-f]{12})[0-9a-f]{52}\b/g, "");
}

async function createContainer(
  context: LaunchContext,
  sources: ContainerSources & Pick<ContainerParts, "image">,
  signal: AbortSignal,
): Promise<string> {
  const { instance, profile, record, engine, credentials, resources, lifetimeMs, failpoints } = context;
  signal.throwIfAborted();
  deferContainer(resources, record, context, sources.image.bringsHome);
  const backstopMs = lifetimeMs === undefined ? undefined : PREPARATION_LIMIT_MS + lifetimeMs;
  const argv = credentials.launcherArgv(profile.command);
  // Not with the signal: a create that is given up could still be carried out after the removal.
  const created = await engine.createContainer(
    containerRequest({ instance, profile, record, argv, backstopMs, ...sources }),
  );
  const { id, unenforcedLimits } = created;
  const warnings = warningsOfLimits(profile, unenforcedLimits);
  await record.update({ warnings: [...record.document.warnings, ...warnings] }, { persist: false });
  const details = { container: id, unenforced_limits: unenforcedLimits, warnings };
  await record.journal("preparing", "container_created", details, { durable: false });
  await failpoints.reach("container_created");
  return id;
}

/** A limit that the profile asks for is missed by its operator; a default of ours is not. */
function warningsOfLimits(
  profile: SessionProfile,
  unenforced: readonly ("memory" | "cpus" | "pids")[],
): string[] {
  const pids = profile.pids === DEFAULT_PIDS ? undefined : profile.pids;
  const asked = { memory: profile.memoryBytes, cpus: profile.cpus, pids };
  const missed = unenforced.filter((limit) => asked[limit] !== undefined);
  return missed.length === 0
    ? []
    : [`This host cannot limit ${missed.join(", ")}; the session runs without.`];
}
