/** Looks for images, also before the sessions that need them are accepted. */
import type { Profile } from "../profile/profile.ts";
import type { LocalParts } from "./parts.ts";
import type { Engine } from "./ports.ts";

/** How long what was found is what a session would find: as long as one may take from its request to its beginning. */
const FRESH_MS = 1_000;

type FoundImage = Awaited<ReturnType<Engine["resolveImage"]>>;
type Options = Parameters<Engine["resolveImage"]>[2];
/** What of a profile decides its image. */
type Wanted = Pick<Profile, "baseImage" | "pull">;

interface Lookup {
  /** Undefined where it is not on this host, or cannot be looked for. */
  readonly image: Promise<FoundImage | undefined>;
  /** When it began, by the monotonic clock. */
  readonly sinceMs: number;
  readonly over: AbortController;
}

export class ImageLookups {
  readonly #parts: Pick<LocalParts, "engine" | "clock">;
  /** The last of each reference. */
  readonly #lookups = new Map<string, Lookup>();

  constructor(parts: Pick<LocalParts, "engine" | "clock">) {
    this.#parts = parts;
  }

  /** Begins to look for the image of a session that will soon begin. Pulls nothing. */
  begin({ baseImage, pull }: Wanted): void {
    if (pull === "always") return;
    const { engine, clock } = this.#parts;
    const over = new AbortController();
    this.#forgetOld();
    this.#lookups.set(baseImage, {
      image: engine.resolveImage(baseImage, "never", { signal: over.signal }).catch(() => undefined),
      sinceMs: clock.monotonic(),
      over,
    });
  }

  /**
   * The image of a session that begins: one that was found just now, or is; pulled where the profile says so.
   *
   * @throws AgentdError `image_missing`, and so on.
   */
  async find({ baseImage, pull }: Wanted, options: Options): Promise<FoundImage> {
    this.#forgetOld();
    const begun = pull === "always" ? undefined : this.#lookups.get(baseImage);
    const found = begun && (await resultOf(begun, options.signal));
    return found ?? (await this.#parts.engine.resolveImage(baseImage, pull, options));
  }

  #forgetOld(): void {
    const now = this.#parts.clock.monotonic();
    for (const [reference, { sinceMs }] of this.#lookups)
      if (now - sinceMs >= FRESH_MS) this.#lookups.delete(reference);
  }
}

/** Ends it where nobody waits any more; others that do look for themselves then. */
async function resultOf({ image, over }: Lookup, signal: AbortSignal): Promise<FoundImage | undefined> {
  const end = (): void => over.abort();
  signal.addEventListener("abort", end, { once: true });
  try {
    return await image;
  } finally {
    signal.removeEventListener("abort", end);
  }
}
