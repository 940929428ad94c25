/** Which images nothing needs any more. Pure. */
import type { HostImage } from "./host-images.ts";
import { LABELS } from "./recipe.ts";

/** How agentd names what it builds. */
const OWN = "localhost/agentd/";

/** A session's use of an image, as its record says. */
export interface ImageUse {
  readonly reference: string;
  readonly digest: string | null;
  readonly timestamp: string;
}

export interface Prunable {
  readonly image: HostImage;
  /** What to remove: names, or the id of an image without one. Other names of the image stay, and the image with them. */
  readonly remove: readonly string[];
  /** Why it is agentd's to remove. */
  readonly reason: string;
  /** When a session used it last; null when none is known. */
  readonly lastUsedTimestamp: string | null;
}

export interface PruneInput {
  readonly images: readonly HostImage[];
  /** Ids of images that profiles and open sessions need. */
  readonly needed: ReadonlySet<string>;
  /** Layers of every image, by id. */
  readonly layers: ReadonlyMap<string, readonly string[]>;
  readonly uses: readonly ImageUse[];
}

/**
 * Images that agentd built and images that sessions ran in, without those that are needed and those that needed ones are
 * built on. No other image of the host is ever among them.
 */
export function planImagePrune({ images, needed, layers, uses }: PruneInput): Prunable[] {
  const kept = [...needed].map((id) => layers.get(id) ?? []);
  return images.flatMap((image) => {
    if (needed.has(image.id) || isBelow(layers.get(image.id) ?? [], kept)) return [];
    const lastUsedTimestamp = lastUse(image, uses);
    const isOwn = LABELS.agent in image.labels || image.names.some((name) => name.startsWith(OWN));
    if (!isOwn && lastUsedTimestamp === null) return [];
    // A profile may have named it without its registry or tag; a second name is somebody's own.
    const isOnly = image.names.length === 1;
    const names = image.names.filter(
      (name) =>
        name.startsWith(OWN) || uses.some((use) => isOf(use, image) && (isOnly || use.reference === name)),
    );
    const remove = image.names.length === 0 ? [image.id] : names;
    const reason = isOwn
      ? "agentd built it, and no profile needs it"
      : "sessions ran in it, and no profile needs it";
    return remove.length === 0 ? [] : [{ image, remove, reason, lastUsedTimestamp }];
  });
}

/** When a session used an image last; null when none is known. */
export function lastUse(
  image: Pick<HostImage, "digest" | "names">,
  uses: readonly ImageUse[],
): string | null {
  const times = uses.filter((use) => isOf(use, image)).map(({ timestamp }) => timestamp);
  return times.sort().at(-1) ?? null;
}

/** By digest: a name may mean another image by now. */
function isOf(use: ImageUse, { digest, names }: Pick<HostImage, "digest" | "names">): boolean {
  return use.digest === null ? names.includes(use.reference) : use.digest === digest;
}

function isBelow(own: readonly string[], kept: readonly (readonly string[])[]): boolean {
  return own.length > 0 && kept.some((layers) => own.every((layer, place) => layers[place] === layer));
}
