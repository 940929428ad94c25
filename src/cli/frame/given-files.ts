/** The files that a command gives to a session: read from this machine. */
import { isUtf8 } from "node:buffer";
import { basename } from "node:path";
import type { Params } from "../../api/methods.ts";
import { AgentdError, systemCode } from "../../errors.ts";
import {
  artifactFault,
  inputsFault,
  MAX_ARTIFACT_BYTES,
  MAX_INPUT_BYTES,
  MAX_REQUEST_BYTES,
  requestFault,
  requestSizeFault,
} from "../../input/rules.ts";
import { nameAndSize, requestInPieces, type SentFile } from "../../rpc/sent-files.ts";
import type { CliContext } from "./context.ts";

/** What the command line says; a file named `-` is standard input. */
export interface GivenOptions {
  readonly request?: string | undefined;
  readonly requestFile?: string | undefined;
  /** `NAME=FILE`, as often as there are files. */
  readonly input?: readonly string[] | undefined;
  readonly artifactType?: string | undefined;
  readonly artifactFile?: string | undefined;
}

/** Files that were read, and the parameters of the run that names them. */
export interface GivenFiles {
  readonly params: Pick<Params<"run">, "request" | "request_bytes" | "inputs" | "artifact">;
  /** To be sent before the run. */
  readonly files: readonly SentFile[];
}

const STDIN = "-";

/**
 * Reads what a session is to be given. All of it is read at once: a file that changes later changes nothing.
 *
 * @throws AgentdError `usage`, `input_unreadable`, `request_invalid`, `input_invalid`, `artifact_invalid`.
 */
export async function readGiven(
  options: GivenOptions,
  context: Pick<CliContext, "stdin" | "readFile">,
): Promise<GivenFiles> {
  checkTogether(options);
  const request = await readRequest(options, context);
  const named = (options.input ?? []).map(splitInput);
  checkInputs(named.map(({ name }) => ({ name, bytes: 0 })));
  const inputs: SentFile[] = [];
  let left = MAX_INPUT_BYTES;
  for (const { name, file } of named) {
    const content = await readWhole(file, left, context);
    if (content === undefined)
      throw inputInvalid(`the files have more than ${MAX_INPUT_BYTES} bytes (16 MiB) in all`);
    left -= content.length;
    inputs.push({ kind: "input", name, content });
  }
  const artifact = await readArtifact(options, context);
  const asked = request === undefined ? undefined : requestInPieces(request);
  return {
    params: {
      ...asked?.params,
      ...(inputs.length === 0 ? {} : { inputs: inputs.map(nameAndSize) }),
      ...(artifact === undefined
        ? {}
        : { artifact: { type: options.artifactType ?? "", ...nameAndSize(artifact) } }),
    },
    files: [...(asked?.files ?? []), ...inputs, ...(artifact === undefined ? [] : [artifact])],
  };
}

function checkTogether({ request, requestFile, input = [], artifactType, artifactFile }: GivenOptions): void {
  const hasRequest = request !== undefined || requestFile !== undefined;
  if (request !== undefined && requestFile !== undefined)
    throw usage("--request and --request-file exclude each other");
  if ((artifactType === undefined) !== (artifactFile === undefined))
    throw usage("--artifact-type and --artifact-file belong together");
  if (hasRequest && artifactType !== undefined) throw usage("a request and an artifact exclude each other");
  const fromStdin = [requestFile, artifactFile, ...input.map((each) => splitInput(each).file)].filter(
    (file) => file === STDIN,
  );
  if (fromStdin.length > 1) throw usage("standard input (-) can be read only once");
}

async function readRequest(
  { request, requestFile }: GivenOptions,
  context: Pick<CliContext, "stdin" | "readFile">,
): Promise<Buffer | undefined> {
  if (request === undefined && requestFile === undefined) return undefined;
  const read =
    requestFile === undefined
      ? Buffer.from(request ?? "")
      : await readWhole(requestFile, MAX_REQUEST_BYTES, context);
  if (read === undefined) throw requestInvalid(`it has more than ${MAX_REQUEST_BYTES} bytes (1 MiB)`);
  if (read.length > MAX_REQUEST_BYTES) throw requestInvalid(requestSizeFault(read.length));
  if (!isUtf8(read)) throw requestInvalid("it is not UTF-8");
  const fault = requestFault(read.toString("utf8"));
  if (fault !== undefined) throw requestInvalid(fault);
  return read;
}

async function readArtifact(
  { artifactType, artifactFile }: GivenOptions,
  context: Pick<CliContext, "stdin" | "readFile">,
): Promise<SentFile | undefined> {
  if (artifactType === undefined || artifactFile === undefined) return undefined;
  const name = artifactFile === STDIN ? "artifact.json" : basename(artifactFile);
  const fault = artifactFault(artifactType, name);
  const refused = (why: string): AgentdError =>
    new AgentdError("artifact_invalid", { tried: `give the session the artifact ${artifactFile}`, why });
  if (fault !== undefined) throw refused(fault);
  const content = await readWhole(artifactFile, MAX_ARTIFACT_BYTES, context);
  if (content === undefined) throw refused(`it has more than ${MAX_ARTIFACT_BYTES} bytes (1 MiB)`);
  return { kind: "artifact", name, content };
}

function splitInput(written: string): { readonly name: string; readonly file: string } {
  const at = written.indexOf("=");
  const file = written.slice(at + 1);
  if (at <= 0 || file === "") throw usage(`--input ${JSON.stringify(written)} is not NAME=FILE`);
  return { name: written.slice(0, at), file };
}

function checkInputs(inputs: readonly { readonly name: string; readonly bytes: number }[]): void {
  const fault = inputsFault(inputs);
  if (fault !== undefined) throw inputInvalid(fault);
}

/** Undefined when there are more bytes. */
async function readWhole(
  file: string,
  limitBytes: number,
  { stdin, readFile }: Pick<CliContext, "stdin" | "readFile">,
): Promise<Buffer | undefined> {
  if (file === STDIN) return await collect(stdin(), limitBytes);
  try {
    return await collect(readFile(file), limitBytes);
  } catch (cause) {
    const code = systemCode(cause);
    throw new AgentdError("input_unreadable", {
      tried: `read the file ${file}`,
      why:
        code === "ENOENT"
          ? "there is no such file"
          : (code ?? (cause instanceof Error ? cause.message : String(cause))),
      next: "Check the path: it is read on this machine, from the current directory.",
      cause,
    });
  }
}

async function collect(
  chunks: AsyncIterable<Buffer | string>,
  limitBytes: number,
): Promise<Buffer | undefined> {
  const read: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    const part = Buffer.from(chunk as Buffer);
    bytes += part.length;
    if (bytes > limitBytes) return undefined;
    read.push(part);
  }
  return Buffer.concat(read);
}

function usage(why: string): AgentdError {
  return new AgentdError("usage", { tried: "understand the command line", why });
}

function requestInvalid(why: string): AgentdError {
  return new AgentdError("request_invalid", {
    tried: "give the session its request",
    why,
    next: "A request is text of 1 byte to 1 MiB; give other files with --input NAME=FILE.",
  });
}

function inputInvalid(why: string): AgentdError {
  return new AgentdError("input_invalid", {
    tried: "give the session its files",
    why,
    next: "Give other files with --input NAME=FILE, or mount large ones with the profile's `mounts`.",
  });
}
