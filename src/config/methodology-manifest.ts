/** What a methodology says about the artifacts that sessions work on. */
import { join } from "node:path";
import * as z from "zod";
import { AgentdError, sentence, systemCode } from "../errors.ts";
import { readRegularFile } from "../regular-file.ts";

const MANIFEST = "manifest.toml";

const MAX_FILE_BYTES = 4 * 1024 * 1024;

const manifestSchema = z.object({ artifact_types: z.array(z.object({ name: z.string() })).default([]) });

/**
 * The names of the artifact types that a methodology declares: `[[artifact_types]]` with a `name`.
 *
 * @param directory resolved.
 * @throws AgentdError `methodology_invalid` when the manifest cannot be read.
 */
export async function artifactTypes(directory: string): Promise<readonly string[]> {
  const path = join(directory, MANIFEST);
  try {
    const { default: toml } = await import("@iarna/toml");
    const document = toml.parse((await readFileOf(path)).toString("utf8"));
    return manifestSchema.parse(document).artifact_types.map(({ name }) => name);
  } catch (cause) {
    throw unusable(directory, `its ${MANIFEST} cannot be read: ${firstLine(cause)}`, cause);
  }
}

/**
 * The JSON Schema of a type; undefined when the methodology has none.
 *
 * @throws AgentdError `methodology_invalid` when it cannot be read, or is not a JSON object.
 */
export async function artifactSchema(directory: string, type: string): Promise<object | undefined> {
  const name = `schemas/${type}.schema.json`;
  try {
    const value: unknown = JSON.parse((await readFileOf(join(directory, name))).toString("utf8"));
    if (typeof value !== "object" || value === null) throw new Error("it is not a JSON object");
    return value;
  } catch (cause) {
    if (systemCode(cause) === "ENOENT" || systemCode(cause) === "ENOTDIR") return undefined;
    throw unusable(directory, `its ${name} cannot be read: ${firstLine(cause)}`, cause);
  }
}

async function readFileOf(path: string): Promise<Buffer> {
  return await readRegularFile(path, MAX_FILE_BYTES);
}

function firstLine(error: unknown): string {
  return sentence(error).split("\n")[0] ?? "";
}

function unusable(directory: string, why: string, cause: unknown): AgentdError {
  return new AgentdError("methodology_invalid", {
    tried: `use the methodology ${directory}`,
    why,
    next: "Fix the file in the profile's methodology_dir.",
    details: { directory },
    cause,
  });
}
