import { setImmediate as nextTurn } from "node:timers/promises";
import { homeOf } from "../local/container-request.ts";
import type { Engine } from "../local/ports.ts";
import type { Logger } from "../log.ts";
import type { Profile } from "../profile/profile.ts";
import type { ReleaseStack } from "../release-stack.ts";

/** How many profiles to look into an image for; the first sessions of others look up their homes. */
const MAX_HOMES = 20;

type Preparable = Pick<Profile, "name" | "baseImage">;

/**
 * Pays ahead, one image after the other, for what the first session of each would wait for: seconds for a big image.
 * Images that are not on this host yet are left to the session that pulls them.
 *
 * @param signal ends the work after the current image. Nothing is thrown: a session meets the same failure itself.
 */
export async function prepareImages(
  profiles: readonly Preparable[],
  engine: Pick<Engine, "resolveImage" | "imageHasPath">,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  for (const [image, users] of byImage(profiles)) {
    if (signal.aborted) return;
    try {
      const { id } = await engine.resolveImage(image, "never", { signal });
      for (const profile of users.slice(0, MAX_HOMES)) {
        signal.throwIfAborted();
        await engine.imageHasPath(id, homeOf(profile));
        // Other work goes first.
        await nextTurn();
      }
      log.debug({ image }, "image prepared");
    } catch (error) {
      log.debug({ image, error }, "image not prepared");
    }
  }
}

function byImage(profiles: readonly Preparable[]): Map<string, Preparable[]> {
  const users = new Map<string, Preparable[]>();
  for (const profile of profiles) {
    const known = users.get(profile.baseImage);
    if (known === undefined) users.set(profile.baseImage, [profile]);
    else known.push(profile);
  }
  return users;
}

/** A function that prepares images in the background, one call after the other: sessions can be accepted meanwhile. */
export function imagePreparation(
  engine: Engine,
  log: Logger,
  resources: ReleaseStack,
): (profiles: readonly Profile[]) => void {
  const over = new AbortController();
  let prepared: Promise<void> = Promise.resolve();
  resources.defer("image preparation", () => {
    over.abort();
    return prepared;
  });
  return (profiles) => {
    prepared = prepared.then(() => prepareImages(profiles, engine, log, over.signal));
  };
}
