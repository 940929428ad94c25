import type { Logger } from "../log.ts";
import { homeOf } from "../sessions/container-request.ts";
import type { Engine, SessionProfile } from "../sessions/ports.ts";

/**
 * Pays ahead, one image after the other, for what the first session of each would wait for: seconds for a big image.
 * Images that are not on this host yet are left to the session that pulls them.
 *
 * @param signal ends the work after the image at hand. Nothing is thrown: a session meets the same trouble itself.
 */
export async function prepareImages(
  profiles: readonly Pick<SessionProfile, "name" | "baseImage">[],
  engine: Pick<Engine, "resolveImage" | "imageHasPath">,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  for (const profile of profiles) {
    if (signal.aborted) return;
    try {
      const image = await engine.resolveImage(profile.baseImage, "never", { signal });
      await engine.imageHasPath(image.id, homeOf(profile));
      log.debug({ profile: profile.name, image: profile.baseImage }, "image prepared");
    } catch (error) {
      log.debug({ profile: profile.name, image: profile.baseImage, error }, "image not prepared");
    }
  }
}
