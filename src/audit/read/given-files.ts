/** What a session was given, from its record. */
import { closeSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { AgentdError, sentence } from "../../errors.ts";
import { isThere } from "../../if-there.ts";
import { openRegularFileSync } from "../../regular-file.ts";
import type { SessionDocument } from "../../session-document.ts";
import { type BytePath, joinBytes, latin1Path } from "../../trees/byte-path.ts";
import { readChecksums } from "../format/checksums.ts";
import { ContentReader } from "../format/file-content.ts";
import { AGENTD, recordPaths } from "../format/record-layout.ts";

/** A file in a record. */
export interface RecordedFile {
  readonly name: string;
  readonly bytes: number;
  readonly content: { readonly path: string };
}

export interface RecordedInput {
  readonly request: RecordedFile | undefined;
  readonly inputs: readonly RecordedFile[];
  readonly artifact: { readonly type: string; readonly file: RecordedFile } | undefined;
}

/** Name of the request in `agentd/input/`. */
const REQUEST = "request.txt";

/**
 * The files that a session was given, each as large as its document says and, once the record is sealed, with the bytes that
 * were sealed.
 *
 * @param directory of the record.
 * @throws AgentdError `record_altered` when one is not; `record_unusable` when one cannot be read.
 */
export async function readGivenFiles(
  directory: string,
  document: Pick<SessionDocument, "session_id" | "outcome" | "request_bytes" | "inputs" | "artifact_type">,
): Promise<RecordedInput> {
  const { session_id: id, request_bytes: requestBytes, inputs, artifact_type: type } = document;
  const paths = recordPaths(directory);
  try {
    const sums = document.outcome === null ? undefined : ownSums(paths.checksums);
    const file = async (place: string, name: string, bytes?: number): Promise<RecordedFile> => {
      const path = join(place, name);
      const { size } = await stat(path);
      if (bytes !== undefined && size !== bytes) throw altered(id, name);
      if (sums !== undefined && (await sumOf(path)) !== sums.get(sumPath(place, name)))
        throw altered(id, name);
      return { name, bytes: size, content: { path } };
    };
    return {
      request: requestBytes === null ? undefined : await file(paths.input, REQUEST, requestBytes),
      inputs: await Promise.all(inputs.map(({ name, bytes }) => file(paths.input, name, bytes))),
      artifact:
        type === null
          ? undefined
          : { type, file: await file(paths.artifact, await onlyName(paths.artifact)) },
    };
  } catch (cause) {
    if (cause instanceof AgentdError) throw cause;
    throw new AgentdError("record_unusable", {
      tried: `read what session ${id} was given`,
      why: sentence(cause),
      next: "Check the record with `agentd audit verify`.",
      cause,
    });
  }
}

/** The sums of agentd's own files, which come before those of the agent's. */
function ownSums(path: string): ReadonlyMap<BytePath, string> {
  const sums = new Map<BytePath, string>();
  const file = openRegularFileSync(path);
  try {
    for (const line of readChecksums(file)) {
      if (line.path === undefined) continue;
      if (!line.path.startsWith(`${AGENTD}/`)) break;
      sums.set(line.path, line.sum);
    }
  } finally {
    closeSync(file);
  }
  return sums;
}

function sumPath(place: string, name: string): BytePath {
  return joinBytes(latin1Path(Buffer.from(`${AGENTD}/${basename(place)}`)), latin1Path(Buffer.from(name)));
}

async function sumOf(path: string): Promise<string> {
  const file = openRegularFileSync(path);
  try {
    return await new ContentReader().hash(file);
  } finally {
    closeSync(file);
  }
}

async function onlyName(directory: string): Promise<string> {
  const names = (await isThere(directory)) ? await readdir(directory) : [];
  const [name] = names;
  if (name === undefined || names.length > 1) throw new Error(`${directory} does not hold one file`);
  return name;
}

function altered(id: string, name: string): AgentdError {
  return new AgentdError("record_altered", {
    tried: `read what session ${id} was given`,
    why: `${name} is not what its record says`,
    next: "Check the record with `agentd audit verify`.",
  });
}
