/** The image that an agent's files are laid over. */
import { join } from "node:path";
import type { HostPrograms } from "./host-programs.ts";
import { type Base, digestOf, LABELS, type Recipe } from "./recipe.ts";

/** What no agent reads takes half of a small system. */
const DEBIAN_OPTIONS = [
  "--mode=unshare",
  "--variant=essential",
  "--quiet",
  '--aptopt=APT::Install-Recommends "false"',
  "--dpkgopt=path-exclude=/usr/share/doc/*",
  "--dpkgopt=path-include=/usr/share/doc/*/copyright",
  "--dpkgopt=path-exclude=/usr/share/locale/*",
  "--dpkgopt=path-exclude=/usr/share/man/*",
];

export interface BaseImageOptions {
  readonly programs: HostPrograms;
  /** Where a large file may lie until the image is made. */
  readonly staging: string;
  /** Makes it anew although there is one. */
  readonly anew: boolean;
  readonly onStep: (text: string) => Promise<void>;
}

/**
 * Makes sure that a recipe's base is on this host.
 *
 * @returns its reference. Agents with the same packages share one base.
 * @throws AgentdError `image_build_failed`.
 */
export async function ensureBaseImage(
  { base, packages }: Recipe,
  options: BaseImageOptions,
): Promise<string> {
  return base.kind === "image"
    ? await ensureImage(base.reference, options)
    : await ensureDebian(base, packages, options);
}

async function ensureImage(reference: string, { programs, anew, onStep }: BaseImageOptions): Promise<string> {
  // An image of this host alone has no newer one anywhere.
  const isPulled = anew && !reference.startsWith("localhost/");
  if (!isPulled && (await isThere(reference, programs))) return reference;
  await onStep(`pulling ${reference}`);
  await programs.run({
    program: "podman",
    args: ["pull", "--quiet", reference],
    tried: `pull ${reference}`,
    next: "Check the name of the image, the network and the registry's login (podman login).",
  });
  return reference;
}

async function ensureDebian(
  { suite, mirror }: Base & { kind: "debian" },
  packages: readonly string[],
  { programs, staging, anew, onStep }: BaseImageOptions,
): Promise<string> {
  const made = [suite, mirror ?? null, packages, DEBIAN_OPTIONS];
  const reference = `localhost/agentd/base:${suite}-${digestOf(made).slice(0, 12)}`;
  if (!anew && (await isThere(reference, programs))) return reference;
  await onStep(
    `making a base image of Debian ${suite} with ${packages.length} packages; this takes a minute`,
  );
  const tar = join(staging, "base.tar");
  const included = packages.length === 0 ? [] : [`--include=${packages.join(",")}`];
  await programs.run({
    program: "mmdebstrap",
    args: [...DEBIAN_OPTIONS, ...included, suite, tar, ...(mirror === undefined ? [] : [mirror])],
    tried: `make a base image of Debian ${suite}`,
    next: "Check the network and the names of the packages; --mirror names another mirror, --suite another release, --from an image to use instead.",
  });
  await programs.run({
    program: "podman",
    args: ["import", "--quiet", "--change", `LABEL ${LABELS.recipe}=${digestOf(made)}`, tar, reference],
    tried: "import the base image into Podman",
    next: "Check this host with agentd doctor.",
  });
  return reference;
}

async function isThere(reference: string, programs: HostPrograms): Promise<boolean> {
  const found = await programs.ask({
    program: "podman",
    args: ["image", "inspect", "--format", "{{.Id}}", reference],
    tried: `look for the image ${reference}`,
    next: "Check this host with agentd doctor.",
  });
  return found !== undefined;
}
