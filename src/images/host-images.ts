/** The images of this host, as the podman program lists them. */
import * as z from "zod";
import type { HostPrograms } from "./host-programs.ts";

const listed = z.array(
  z.object({
    Id: z.string(),
    Names: z.array(z.string()).nullish(),
    Digest: z.string().nullish(),
    Size: z.number(),
    Created: z.number(),
    Labels: z.record(z.string(), z.string()).nullish(),
  }),
);

const inspected = z.array(
  z.object({ Id: z.string(), RootFS: z.object({ Layers: z.array(z.string()).nullish() }) }),
);

export interface HostImage {
  readonly id: string;
  /** Its names with their tags; empty for an image that another one took the name of. */
  readonly names: readonly string[];
  /** Of its manifest, `sha256:…`; null where Podman knows none. */
  readonly digest: string | null;
  readonly sizeBytes: number;
  readonly createdTimestamp: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** @throws AgentdError `engine_failed` when Podman does not list them. */
export async function hostImages(programs: HostPrograms): Promise<HostImage[]> {
  const text = await programs.run({
    program: "podman",
    args: ["images", "--no-trunc", "--format", "json"],
    tried: "list the images of this host",
    next: "Check this host with agentd doctor.",
    code: "engine_failed",
  });
  const byId = new Map<string, HostImage>();
  for (const { Id, Names, Digest, Size, Created, Labels } of listed.parse(JSON.parse(text))) {
    const id = Id.replace(/^sha256:/, "");
    byId.set(id, {
      id,
      names: [...new Set([...(byId.get(id)?.names ?? []), ...(Names ?? [])])],
      digest: Digest === undefined || Digest === "" ? null : Digest,
      sizeBytes: Size,
      createdTimestamp: new Date(Created * 1000).toISOString(),
      labels: Labels ?? {},
    });
  }
  return [...byId.values()];
}

/** The id of the image that a reference means here, as profiles write it; undefined when there is none. */
export async function idOfImage(reference: string, programs: HostPrograms): Promise<string | undefined> {
  const text = await programs.ask({
    program: "podman",
    args: ["image", "inspect", "--format", "{{.Id}}", "--", reference],
    tried: `look for the image ${reference}`,
    next: "Check this host with agentd doctor.",
    code: "engine_failed",
  });
  return text?.trim().replace(/^sha256:/, "");
}

/** The layers of images, from the ground up. An image that is gone by now has none. */
export async function layersOf(
  ids: readonly string[],
  programs: HostPrograms,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const layers = new Map<string, readonly string[]>();
  for (const id of ids) {
    const text = await programs.ask({
      program: "podman",
      args: ["image", "inspect", "--", id],
      tried: `look into the image ${id.slice(0, 12)}`,
      next: "Check this host with agentd doctor.",
      code: "engine_failed",
    });
    const [found] = text === undefined ? [] : inspected.parse(JSON.parse(text));
    layers.set(id, found?.RootFS.Layers ?? []);
  }
  return layers;
}
