/** The request of a session, as the methodology's tools find it. */
import { readFile } from "node:fs/promises";
import * as z from "zod";
import { AgentdError, sentence } from "../errors.ts";
import { replaceBelow } from "../workspace/write-below.ts";
import { artifactSchema, artifactTypes } from "./methodology-manifest.ts";

/** The type of the artifact, and the version of its form that is written here. */
const TYPE = "request";
const VERSION = "1.0.0";

const versionedSchema = z.object({ "x-tesserine-canonical": z.object({ version: z.string() }) });

/**
 * Writes `workspace/request/operator-input.json` into a session's `.runa`, where the methodology declares the type
 * `request`; elsewhere it does nothing. A file of an earlier attempt is replaced: nothing of the session has run. A container that
 * waited has the directory already, and a shell of its image may put links there: none is followed.
 *
 * @param methodology its directory, resolved.
 * @returns a warning where the methodology has another form of requests, and nothing was written.
 * @throws AgentdError `methodology_invalid` when the manifest or schema cannot be read; `file_invalid` when something is in the way.
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
  const content = Buffer.from(`${JSON.stringify({ description, source: "operator" })}\n`);
  const path = `workspace/${TYPE}/operator-input.json`;
  try {
    replaceBelow(runaDirectory, { path, content, mode: 0o644, directoryMode: 0o755 });
  } catch (cause) {
    throw new AgentdError("file_invalid", {
      tried: `write .runa/${path} for the session`,
      why: sentence(cause),
      next: "Check that the disk is not full, and that /bin/sh in the image writes nothing into .runa before the session begins.",
      cause,
    });
  }
  return [];
}
