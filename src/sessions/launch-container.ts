import { DEFAULT_PIDS } from "../podman/container-spec.ts";
import { containerName, containerRequest, homeOf, type ContainerParts } from "./container-request.ts";
import { PREPARATION_LIMIT_MS, type LaunchContext } from "./launch-context.ts";
import { inStage } from "./launch-stage.ts";
import type { OpenRecord, SessionProfile } from "./ports.ts";

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
  const { engine } = context;
  const image = await inStage("image", () => findImage(context, signal));
  const made = await sources;
  const id = await inStage("create", () => createContainer(context, { ...made, image }, signal));
  await inStage("start", async () => {
    signal.throwIfAborted();
    await engine.startContainer(id);
  });
  return id;
}

async function findImage(
  { profile, record, engine }: LaunchContext,
  signal: AbortSignal,
): Promise<ContainerParts["image"]> {
  const { id, digest } = await engine.resolveImage(profile.baseImage, profile.pull, { signal });
  await record.update({ image_digest: digest }, { persist: false });
  await record.journal("preparing", "image_found", { image: id, image_digest: digest }, { durable: false });
  return { id, bringsHome: await engine.imageHasPath(id, homeOf(profile)) };
}

async function createContainer(
  context: LaunchContext,
  sources: ContainerSources & Pick<ContainerParts, "image">,
  signal: AbortSignal,
): Promise<string> {
  const { instance, profile, record, engine, credentials, resources, lifetimeMs } = context;
  signal.throwIfAborted();
  // Before the create, whose reply may be lost although the container was made.
  resources.defer("container", () => engine.removeContainer(containerName(instance, record.id)));
  const backstopMs = lifetimeMs === undefined ? undefined : PREPARATION_LIMIT_MS + lifetimeMs;
  const argv = credentials.launcherArgv(profile.command);
  // Not with the signal: a create that is given up could still be carried out after the removal.
  const created = await engine.createContainer(
    containerRequest({ instance, profile, record, argv, backstopMs, ...sources }),
  );
  const { id, unenforcedLimits } = created;
  await warnOfLimits(record, profile, unenforcedLimits);
  await record.journal(
    "preparing",
    "container_created",
    { container: id, unenforced_limits: unenforcedLimits },
    { durable: false },
  );
  return id;
}

/** A limit that the profile asks for is missed by its operator; a default of ours is not. */
async function warnOfLimits(
  record: OpenRecord,
  profile: SessionProfile,
  unenforced: readonly ("memory" | "cpus" | "pids")[],
): Promise<void> {
  const pids = profile.pids === DEFAULT_PIDS ? undefined : profile.pids;
  const asked = { memory: profile.memoryBytes, cpus: profile.cpus, pids };
  const missed = unenforced.filter((limit) => asked[limit] !== undefined);
  if (missed.length === 0) return;
  const warning = `This host cannot limit ${missed.join(", ")}; the session runs without.`;
  await record.update({ warnings: [...record.document.warnings, warning] }, { persist: false });
}
