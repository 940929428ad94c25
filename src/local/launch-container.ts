import { AgentdError } from "../errors.ts";
import type { Profile } from "../profile/profile.ts";
import { inStage } from "../sessions/port/launch-stage.ts";
import { type ContainerParts, containerRequest, homeOf } from "./container-request.ts";
import { fillHome } from "./fill-home.ts";
import type { HomeFile } from "./host-paths.ts";
import { hostFilesOf, type Surrounding } from "./likeness.ts";
import { warningsOfLimits } from "./limit-warnings.ts";
import type { Waiting } from "./make-waiting.ts";
import { openNetwork } from "./networks.ts";
import type { Preparation } from "./preparation.ts";
import { deferContainer } from "./releases.ts";
import { giveUpContainer, takeContainer } from "./take-waiting.ts";

/** What the container is made from, besides what the preparation has. */
export interface ContainerSources extends Pick<ContainerParts, "staging" | "gate" | "input" | "declared"> {
  /** What the profile puts into the home. */
  readonly files: readonly HomeFile[];
  readonly methodology: Surrounding["methodology"];
  /** The container whose directories these are; undefined: there is none yet. */
  readonly waiting: Waiting | undefined;
  /** Makes the places of mounts in a home that no container sees. */
  readonly makePoints: () => Promise<void>;
}

/**
 * Gets the image, makes the container and starts it up to its gate.
 *
 * @param sources may still be pending: the image is looked for meanwhile. Its rejection is passed on as it is.
 * @returns the container's id.
 * @throws LaunchError
 */
export async function launchContainer(
  preparation: Preparation,
  sources: Promise<ContainerSources>,
  signal: AbortSignal,
): Promise<string> {
  const { during } = preparation.preparing;
  const image = await inStage("image", () => findImage(preparation, signal));
  const made = { ...(await sources), image };
  const taken = await inStage("create", () => takeWaiting(preparation, made));
  const id =
    taken ??
    (await during("creating the container", () =>
      inStage("create", () => createContainer(preparation, made, signal)),
    ));
  await during("starting the container", () =>
    inStage("start", async () => {
      if (taken === undefined) await startContainer(preparation, id, image.id, signal);
      await fillHome(preparation, made);
    }),
  );
  await inStage("network", () => openNetwork(preparation, id, signal));
  return id;
}

/** @returns its id; undefined where none waits that can be taken. */
async function takeWaiting(
  preparation: Preparation,
  { waiting, image, methodology, declared, makePoints }: ContainerSources & Pick<ContainerParts, "image">,
): Promise<string | undefined> {
  if (waiting === undefined) return undefined;
  const why = await takeContainer(preparation, waiting, {
    ...{ imageId: image.id, methodology, mounts: declared.mounts },
    networkEnvironment: preparation.parts.network.environment,
    ...hostFilesOf(preparation.job.profile),
  });
  if (why === undefined) return waiting.containerId;
  await giveUpContainer(preparation, waiting, why);
  await makePoints();
  return undefined;
}

async function findImage(
  { parts: { engine, failpoints }, job: { profile }, preparing, images }: Preparation,
  signal: AbortSignal,
): Promise<ContainerParts["image"]> {
  const { baseImage } = profile;
  return await preparing.during(`looking for image ${baseImage}`, async (say) => {
    const onProgress = (line: string): void => say(`pulling ${baseImage}: ${withShortDigests(line)}`);
    const { id, digest } = await images.find(profile, { signal, onProgress });
    await preparing.found("image_found", { image: id, image_digest: digest }, { image_digest: digest });
    await failpoints.reach("image_found");
    // Quick, unless this is the first use of the image.
    say(`preparing image ${baseImage}`);
    return { id, bringsHome: await engine.imageHasPath(id, homeOf(profile)) };
  });
}

/** As Podman shows ids on a terminal. */
function withShortDigests(line: string): string {
  return line.replace(/(?<=\b[0-9a-f]{12})[0-9a-f]{52}\b/g, "");
}

async function createContainer(
  { parts, job, preparing, releases }: Preparation,
  sources: ContainerSources & Pick<ContainerParts, "image">,
  signal: AbortSignal,
): Promise<string> {
  const { instance, engine, credentials, network, failpoints } = parts;
  const { profile } = job;
  const argv = credentials.launcherArgv;
  signal.throwIfAborted();
  deferContainer(releases, job.sessionId, parts, sources.image.bringsHome);
  // Without the signal: a create that is given up could still be carried out after the removal.
  const created = await engine.createContainer(
    containerRequest({
      ...{ instance, job, argv, ...sources },
      networkEnvironment: network.environment,
    }),
  );
  const { id, unenforcedLimits } = created;
  const warnings = warningsOfLimits(profile, unenforcedLimits);
  await preparing.found("container_created", {
    container: id,
    unenforced_limits: unenforcedLimits,
    warnings,
  });
  await failpoints.reach("container_created");
  return id;
}

async function startContainer(
  { parts: { engine, failpoints }, job: { profile } }: Preparation,
  id: string,
  imageId: string,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const filter = profile.seccompProfile === undefined ? "agentd" : "own";
  await engine.startContainer(id, imageId, filter).catch((error: unknown) => {
    throw ofRuntime(error, profile);
  });
  await failpoints.reach("container_started");
}

/** A runtime that a profile chose may not work on this host, and Podman's message does not say that it was chosen. */
function ofRuntime(error: unknown, { runtime }: Profile): unknown {
  if (runtime === undefined || !(error instanceof AgentdError) || error.code !== "engine_failed")
    return error;
  return new AgentdError("engine_failed", {
    tried: `start the container with the runtime ${runtime}`,
    why: error.why,
    next: `Try it with \`podman --runtime ${runtime} run\`, or remove the profile's runtime; see \`agentd doctor\`.`,
    cause: error,
  });
}
