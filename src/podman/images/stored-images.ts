/**
 * Which images are on this host, and which of them already have a copy with the ids of sessions.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { idMappings, type IdRange } from "../containers/container-spec.ts";
import { lastLine, type Podman } from "../host/engine-report.ts";
import type { EngineFeatures } from "../host/host-features.ts";

/** The state of an image: here, not here, or unknown because Podman does not answer. */
export type ImageStanding =
  | { readonly kind: "here"; readonly id: string }
  | { readonly kind: "missing" }
  | { readonly kind: "unknown"; readonly why: string };

const INSPECT_LIMIT_MS = 30_000;

/** Looks for an image by its reference, as a profile names it. */
export async function findStoredImage(podman: Podman, reference: string): Promise<ImageStanding> {
  const run = await podman(["image", "inspect", "--format", "{{.Id}}", "--", reference], INSPECT_LIMIT_MS);
  if (run.kind !== "ended") return { kind: "unknown", why: "Podman does not answer" };
  if (run.exitCode === 0) return { kind: "here", id: run.stdout.trim().replace(/^sha256:/, "") };
  const isMissing = /image not known|no such image/i.test(run.stderr);
  return isMissing ? { kind: "missing" } : { kind: "unknown", why: lastLine(run.stderr) };
}

const storedImages = z.array(
  z.object({ id: z.string(), layer: z.string().optional(), "mapped-layers": z.array(z.string()).optional() }),
);

const range = z.object({ container_id: z.int(), host_id: z.int(), size: z.int() });
const storedLayers = z.array(z.object({ id: z.string(), uidmap: z.array(range).optional() }));

/**
 * Ids of the images whose layers have been copied with the ids of sessions; undefined where the storage does not show
 * it.
 *
 * @param directory of the storage.
 */
export async function preparedImages(
  directory: string,
  { storageDriver, subordinate }: Pick<EngineFeatures, "storageDriver" | "subordinate">,
): Promise<ReadonlySet<string> | undefined> {
  try {
    const read = async (kind: string): Promise<unknown> =>
      JSON.parse(await readFile(join(directory, `${storageDriver}-${kind}`, `${kind}.json`), "utf8"));
    const images = storedImages.parse(await read("images"));
    const layers = storedLayers.parse(await read("layers"));
    const wanted = textOf(idMappings({ subordinate }).UIDMap);
    const shifted = new Set(layers.flatMap(({ id, uidmap }) => (textOf(uidmap) === wanted ? [id] : [])));
    const isPrepared = (image: z.output<typeof storedImages>[number]): boolean =>
      [image.layer ?? "", ...(image["mapped-layers"] ?? [])].some((layer) => shifted.has(layer));
    return new Set(images.filter(isPrepared).map(({ id }) => id));
  } catch {
    return undefined; // These files are Podman's own business, and their form may change.
  }
}

function textOf(ranges: readonly IdRange[] | undefined): string {
  return (ranges ?? [])
    .map(({ container_id: inside, host_id: outside, size }) => `${inside}:${outside}:${size}`)
    .join();
}
