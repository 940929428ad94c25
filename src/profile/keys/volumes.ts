/** Directories that outlive a profile's sessions, such as caches of package managers. */
import * as z from "zod";
import { always, isTable, namesAreUnique, size } from "../rules/field-rules.ts";
import { sizeBytes } from "../rules/sizes.ts";
import { absoluteTarget, VOLUME_NAME, VOLUME_NAME_RULE } from "../rules/volumes.ts";
import { key, parsed } from "./key.ts";

const MODES = z.enum(["exclusive", "copy"]);
const MOST_VOLUMES = 20;

const writtenVolume = z.strictObject({
  name: z.string().regex(VOLUME_NAME, VOLUME_NAME_RULE).describe("Name of the volume."),
  target: z.string().describe("Where it is in the container: an absolute path, or one in the home with ~/."),
  size: size()
    .optional()
    .describe(
      "Maximum size on disk; a session that makes it larger ends as disk_limit_exceeded. Default: no limit.",
    ),
  shared: z
    .boolean()
    .default(false)
    .describe("If true, all profiles with a shared volume of this name have the same one."),
  mode: MODES.default("exclusive").describe(
    "Whether one session at a time has the volume, and others wait, or each session gets a copy, which is removed with it.",
  ),
});

const keptVolume = z
  .strictObject({
    name: z.string(),
    target: z.string(),
    sizeBytes: z.int().optional(),
    shared: z.boolean(),
    mode: MODES,
  })
  .readonly();

export const VOLUMES = {
  volumes: key(
    "volumes",
    z
      .array(writtenVolume)
      .max(MOST_VOLUMES, `must have at most ${MOST_VOLUMES} entries`)
      .default([])
      .superRefine(namesAreUnique("another volume of this profile already has this name"), always)
      .superRefine(copiesAreFilled, always)
      .describe("Directories that outlive sessions, such as caches of package managers."),
    z.array(keptVolume).readonly().default([]),
    (written, _fromFile, { profile }) =>
      written.map(({ size: sizeText, target, ...volume }) => ({
        ...volume,
        target: absoluteTarget(target, String(profile["name"])),
        ...(sizeText === undefined ? {} : { sizeBytes: parsed(sizeText, sizeBytes) }),
      })),
  ),
};

/** A copy never changes the volume, so another profile has to fill it. */
function copiesAreFilled(volumes: unknown, context: z.core.$RefinementCtx): void {
  if (!Array.isArray(volumes)) return;
  for (const [index, volume] of volumes.entries()) {
    if (!isTable(volume) || volume["mode"] !== "copy" || volume["shared"] === true) continue;
    const message =
      'mode = "copy" needs shared = true: a copy is removed with its session, so another profile has to fill the volume';
    context.addIssue({ code: "custom", path: [index, "mode"], message });
  }
}
