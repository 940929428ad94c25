/** Images of agents on this host, and the list of those that were built. */
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { agentImage } from "../config/agent-definition.ts";
import { ensureDirectory } from "../durable-files.ts";
import type { HostPrograms } from "./host-programs.ts";
import { LABELS } from "./recipe.ts";

const inspected = z.array(
  z.object({
    Id: z.string(),
    Digest: z.string(),
    Created: z.string(),
    Size: z.number(),
    Labels: z.record(z.string(), z.string()).nullish(),
  }),
);

/** The image of an agent as it is on this host. */
export interface BuiltImage {
  readonly reference: string;
  readonly id: string;
  /** Of its manifest, `sha256:…`. */
  readonly digest: string;
  readonly sizeBytes: number;
  readonly createdTimestamp: string;
  /** Of the agent; undefined for an image that agentd has not made. */
  readonly version: string | undefined;
  /** Digest of everything that it was made of, and of what its definition said. */
  readonly recipe: string | undefined;
  readonly definition: string | undefined;
}

/** The image of an agent; undefined when there is none on this host. */
export async function findBuiltImage(agent: string, programs: HostPrograms): Promise<BuiltImage | undefined> {
  const reference = agentImage(agent);
  const text = await programs.ask({
    program: "podman",
    args: ["image", "inspect", reference],
    tried: `look for the image ${reference}`,
    next: "Check this host with agentd doctor.",
  });
  if (text === undefined) return undefined;
  const [found] = inspected.parse(JSON.parse(text));
  if (found === undefined) return undefined;
  const labels = found.Labels ?? {};
  return {
    reference,
    id: found.Id,
    digest: found.Digest,
    sizeBytes: found.Size,
    createdTimestamp: new Date(found.Created).toISOString(),
    version: labels[LABELS.version],
    recipe: labels[LABELS.recipe],
    definition: labels[LABELS.definition],
  };
}

/** Writes down that an image was built: a line of JSON in `images.jsonl` of the state directory. */
export async function noteBuilt(
  stateDirectory: string,
  line: Readonly<Record<string, unknown>>,
): Promise<void> {
  await ensureDirectory(stateDirectory, 0o700);
  await appendFile(join(stateDirectory, "images.jsonl"), `${JSON.stringify(line)}\n`, { mode: 0o600 });
}
