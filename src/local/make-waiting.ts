/** Makes a container that waits at its gate for a session. */
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { ReleaseStack } from "../release-stack.ts";
import {
  containerName,
  type ContainerParts,
  containerRequest,
  homeOf,
  INSTANCE_LABEL,
  PROFILE_LABEL,
  WARM_LABEL,
} from "./container-request.ts";
import { fingerprintOf, hostFilesOf, type Shape, type Surrounding, WAIT_MS } from "./likeness.ts";
import { warningsOfLimits } from "./limit-warnings.ts";
import { makeMountPoints } from "./mount-points.ts";
import type { LocalParts } from "./parts.ts";
import type { Gate, Staging } from "./ports.ts";
import type { Launcher } from "./warm-ports.ts";

/** A container that waits. */
export interface Waiting {
  /** Names its directories, until they are a session's. */
  readonly key: string;
  readonly containerId: string;
  readonly shape: Shape;
  readonly imageId: string;
  /** See `fingerprintOf`. */
  readonly fingerprint: string;
  readonly launcher: Launcher;
  readonly staging: Staging;
  readonly gate: Gate;
  /** The copy of the input that a session will have; undefined where it has none. */
  readonly input: string | undefined;
  /** What the journal says of a container. */
  readonly found: { readonly unenforced_limits: readonly string[]; readonly warnings: readonly string[] };
  /** When it was ready, by the monotonic clock. */
  readonly readyMs: number;
}

/** How often it is looked whether a launcher has come to its gate, and for how long. */
const LOOK_MS = 20;
const LOOKS = 250;

/** What begins the names of directories that belong to a container, and not yet to a session. */
const PREFIX = "warm-";

/**
 * Makes one, with directories of its own.
 *
 * @returns undefined when such a container cannot wait: the image brings the home, or its launcher did not come to the gate.
 * @throws AgentdError when it cannot be made; nothing is left of it then.
 */
export async function makeWaiting(
  parts: LocalParts,
  shape: Shape,
  signal: AbortSignal,
): Promise<Waiting | undefined> {
  const key = `${PREFIX}${randomBytes(8).toString("hex")}`;
  const releases = new ReleaseStack();
  try {
    const waiting = await make({ parts, shape, key, releases, signal });
    if (waiting === undefined) await releases.release();
    return waiting;
  } catch (error) {
    await releases.release();
    throw error;
  }
}

/** Removes one with its directories. May be called again when it has failed. */
export async function removeWaiting(
  parts: LocalParts,
  { key, containerId }: Pick<Waiting, "key" | "containerId">,
): Promise<void> {
  const releases = new ReleaseStack();
  deferDirectories(parts, key, releases);
  releases.defer("waiting container", () => parts.engine.removeContainer(containerId));
  await releases.release();
}

interface Making {
  readonly parts: LocalParts;
  readonly shape: Shape;
  readonly key: string;
  readonly releases: ReleaseStack;
  readonly signal: AbortSignal;
}

async function make(making: Making): Promise<Waiting | undefined> {
  const { parts, shape, key, releases, signal } = making;
  const { engine, credentials, workspaces, warm, failpoints } = parts;
  const { profile } = shape;
  // The session has just used it: nothing is pulled.
  const image = await engine.resolveImage(profile.baseImage, "never", { signal });
  if (await engine.imageHasPath(image.id, homeOf(profile))) return undefined;
  const surrounding = await surroundingOf(parts, shape, image.id);
  const fingerprint = await fingerprintOf(surrounding);
  deferDirectories(parts, key, releases);
  const staging = await workspaces.create(key);
  const gate = await credentials.createGate(key);
  const input = shape.hasInput ? await workspaces.makeInput(key) : undefined;
  const skeleton = await warm.skeletons.make(key);
  const declared = { methodology: surrounding.methodology?.directory, mounts: surrounding.mounts };
  await makeMountPoints(staging.homeDirectory, homeOf(profile), declared.mounts);
  await failpoints.reach("warm_directories_made");
  signal.throwIfAborted();
  const request = requestOf(making, {
    ...{ staging, gate, input, declared, image: { id: image.id, bringsHome: false } },
    job: { sessionId: key, profile, longestMs: longestOf(shape), ...skeleton },
    argv: credentials.launcherArgv,
    networkEnvironment: surrounding.networkEnvironment,
  });
  releases.defer("waiting container", () => engine.removeContainer(request.name));
  const { id: containerId, unenforcedLimits } = await engine.createContainer(request);
  await failpoints.reach("warm_created");
  signal.throwIfAborted();
  const filter = profile.seccompProfile === undefined ? "agentd" : "own";
  await engine.startContainer(containerId, image.id, filter);
  await failpoints.reach("warm_started");
  const launcher = await comesToTheGate(making, containerId);
  if (launcher === undefined) return undefined;
  return {
    ...{ key, containerId, shape, imageId: image.id, fingerprint, launcher, staging, gate, input },
    found: {
      unenforced_limits: unenforcedLimits,
      warnings: warningsOfLimits(profile, unenforcedLimits),
    },
    readyMs: parts.clock.monotonic(),
  };
}

/** As it is now. */
async function surroundingOf(
  { hostPaths, network }: LocalParts,
  { profile }: Shape,
  imageId: string,
): Promise<Surrounding> {
  const { methodologyDir } = profile;
  return {
    imageId,
    methodology: methodologyDir === undefined ? undefined : await hostPaths.methodology(methodologyDir),
    mounts: await Promise.all(
      profile.mounts.map(async (mount) => ({ ...mount, source: await hostPaths.mountSource(mount) })),
    ),
    networkEnvironment: network.environment,
    ...hostFilesOf(profile),
  };
}

/** It may wait for so long before its session begins. */
function longestOf({ longestMs }: Shape): number | undefined {
  return longestMs === undefined ? undefined : longestMs + WAIT_MS;
}

/** A container with a label of its own kind, so that nothing takes it for a session's. */
function requestOf(
  { parts: { instance }, key, shape }: Making,
  container: Omit<ContainerParts, "instance">,
): ReturnType<typeof containerRequest> {
  return {
    ...containerRequest({ instance, ...container }),
    name: containerName(instance, key),
    labels: {
      [INSTANCE_LABEL]: instance,
      [WARM_LABEL]: key.slice(PREFIX.length),
      [PROFILE_LABEL]: shape.profile.name,
    },
  };
}

/** Undefined when it does not. */
async function comesToTheGate(
  { parts: { engine, credentials }, signal }: Making,
  containerId: string,
): Promise<Launcher | undefined> {
  const launcher = await engine.findLauncher(containerId);
  for (let look = 0; launcher !== undefined && look < LOOKS; look += 1) {
    if (await engine.stillWaits(launcher, credentials.launcherArgv)) return launcher;
    await delay(LOOK_MS, undefined, { signal });
  }
  return undefined;
}

function deferDirectories(
  { workspaces, credentials, warm }: LocalParts,
  key: string,
  releases: ReleaseStack,
): void {
  releases.defer("staging directory", () => workspaces.remove(key));
  releases.defer("gate", () => credentials.removeGate(key));
  releases.defer("record of a waiting container", () => warm.skeletons.remove(key));
}
