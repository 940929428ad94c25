/** The request of a session, as the methodology's tools find it. */
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { artifactSchema, artifactTypes } from "./methodology-manifest.ts";

/** The type of the artifact, and the version of its form that is written here. */
const TYPE = "request";
const VERSION = "1.0.0";

const versionedSchema = z.object({ "x-tesserine-canonical": z.object({ version: z.string() }) });

/**
 * Writes `workspace/request/operator-input.json` into a session's `.runa`, where the methodology declares the type
 * `request`; elsewhere it does nothing. A file of an earlier attempt is replaced: nothing of the session has run.
 *
 * @param methodology its directory, resolved.
 * @returns a warning where the methodology has another form of requests, and nothing was written.
 * @throws AgentdError `methodology_invalid` when the manifest or schema cannot be read.
 */
export async function placeOperatorRequest(
  methodology: string,
  { runaDirectory, requestFile }: { readonly runaDirectory: string; readonly requestFile: string },
): Promise<string[]> {
  if (!(await artifactTypes(methodology)).includes(TYPE)) return [];
  const stated = versionedSchema.safeParse(await artifactSchema(methodology, TYPE));
  const version = stated.success ? stated.data["x-tesserine-canonical"].version : VERSION;
  if (version !== VERSION) {
    return [
      `The methodology has requests of version ${version}, and agentd writes ${VERSION}: its workspace has no request.`,
    ];
  }
  const description = await readFile(requestFile, "utf8");
  let directory = runaDirectory;
  for (const name of ["workspace", TYPE]) {
    directory = join(directory, name);
    await mkdir(directory, { recursive: true });
    // The daemon's umask would narrow mkdir's own mode.
    await chmod(directory, 0o755);
  }
  const file = join(directory, "operator-input.json");
  await writeFile(file, `${JSON.stringify({ description, source: "operator" })}\n`);
  await chmod(file, 0o644);
  return [];
}
