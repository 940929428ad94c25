/** What a run brings along besides its names: the request, files, an artifact and variables. */
import { isUtf8 } from "node:buffer";
import type { PlacedInput } from "../audit/open/place-input.ts";
import { AgentdError } from "../errors.ts";
import { REQUEST_WORD, type RunWord, wordsWithout } from "../input/command-words.ts";
import { type Given, type GivenFile, NOTHING_GIVEN } from "../input/given.ts";
import {
  artifactFault,
  inputsFault,
  MAX_ENV_BYTES,
  MAX_INLINE_BYTES,
  MAX_REQUEST_BYTES,
  REQUEST_FILE,
  requestFault,
  requestSizeFault,
} from "../input/rules.ts";
import type { Profile } from "../profile/profile.ts";
import { variableNameFault } from "../profile/rules/variable-names.ts";
import { readRegularFile } from "../regular-file.ts";
import type { SessionDocument } from "../session-document.ts";

/** The input of a session that is being accepted. */
export interface RunInput {
  /** For the record; undefined when there is nothing. */
  readonly placed: PlacedInput | undefined;
  readonly fields: Pick<SessionDocument, "request_bytes" | "inputs" | "artifact_type">;
}

/** The part of a run that is looked at here. */
interface Asked {
  readonly profile: string;
  readonly workUnit?: string | undefined;
  readonly given?: (() => Promise<Given>) | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

interface InputHost {
  readonly checkArtifact: (profile: Profile, artifact: NonNullable<Given["artifact"]>) => Promise<void>;
}

/**
 * The input of a run, checked. The request on the command line replaces the profile's, and so does an artifact.
 *
 * @throws AgentdError `request_invalid`, `input_invalid`, `artifact_invalid`, `command_incomplete`, `methodology_invalid`,
 *   and what `given` throws.
 */
export async function inputOf(
  asked: Asked,
  {
    profile,
    ref,
    host,
  }: { readonly profile: Profile; readonly ref: string | null; readonly host: InputHost },
): Promise<RunInput> {
  const tried = triedOf(asked);
  const given = (await asked.given?.()) ?? NOTHING_GIVEN;
  const { inputs, artifact } = given;
  if (given.request !== undefined && artifact !== undefined) {
    throw new AgentdError("artifact_invalid", {
      tried,
      why: "a run gets a request or an artifact, not both",
      next: "Leave one of them out.",
    });
  }
  const request = given.request ?? (artifact === undefined ? profilesRequest(profile) : undefined);
  if (request !== undefined) await checkRequest(request, tried);
  const fault = inputsFault(inputs);
  if (fault !== undefined) throw new AgentdError("input_invalid", { tried, why: fault, next: INPUT_ADVICE });
  if (artifact !== undefined) {
    const why = artifactFault(artifact.type, artifact.file.name);
    if (why !== undefined) throw new AgentdError("artifact_invalid", { tried, why });
    await host.checkArtifact(profile, artifact);
  }
  checkCommand(profile.command, { request, workUnit: asked.workUnit, ref }, tried);
  const files = [...(request === undefined ? [] : [request]), ...inputs];
  return {
    placed: files.length === 0 && artifact === undefined ? undefined : { files, artifact },
    fields: {
      request_bytes: request?.bytes ?? null,
      inputs: inputs.map(({ name, bytes }) => ({ name, bytes })),
      artifact_type: artifact?.type ?? null,
    },
  };
}

/**
 * The variables of a run.
 *
 * @throws AgentdError `env_invalid`.
 */
export function checkEnv(asked: Asked, profile: Profile): Record<string, string> {
  const env = asked.env ?? {};
  const credentials = new Set(profile.credentials.map(({ name }) => name));
  const refuse = (why: string, next?: string): never => {
    throw new AgentdError("env_invalid", { tried: triedOf(asked), why, next });
  };
  for (const [name, value] of Object.entries(env)) {
    // Only the name: whoever puts a secret there by mistake should not find it in a log too.
    const fault = variableNameFault(name);
    if (fault !== undefined) refuse(`the variable ${JSON.stringify(name)} is refused: ${fault}`);
    if (credentials.has(name)) {
      refuse(`the variable ${name} is a credential of the profile`, "Change its value in credentials.env.");
    }
    if (value.includes("\0")) refuse(`the value of ${name} contains a NUL character`);
  }
  const bytes = Object.entries(env).reduce((sum, pair) => sum + Buffer.byteLength(pair.join("=")), 0);
  if (bytes > MAX_ENV_BYTES) {
    refuse(
      `its variables have ${bytes} bytes, and at most ${MAX_ENV_BYTES} are accepted`,
      "Give long texts as files, with --input.",
    );
  }
  return { ...env };
}

const INPUT_ADVICE =
  "Give other files with --input NAME=FILE, or mount large ones with the profile's `mounts`.";

function triedOf({ profile }: Asked): string {
  return `run a session of profile ${JSON.stringify(profile)}`;
}

function profilesRequest({ request }: Profile): GivenFile | undefined {
  return request === undefined ? undefined : requestOf(request);
}

/** A request as a file. */
export function requestOf(text: string): GivenFile {
  const content = Buffer.from(text);
  return { name: REQUEST_FILE, bytes: content.length, content };
}

async function checkRequest({ bytes, content }: GivenFile, tried: string): Promise<void> {
  const refuse = (why: string, next?: string): never => {
    throw new AgentdError("request_invalid", { tried, why: `the request is not accepted: ${why}`, next });
  };
  if (bytes > MAX_REQUEST_BYTES) {
    return refuse(requestSizeFault(bytes), "Put the material into files, with --input NAME=FILE.");
  }
  const read = Buffer.isBuffer(content) ? content : await readRegularFile(content.path, MAX_REQUEST_BYTES);
  if (!isUtf8(read)) return refuse("it is not UTF-8", "Save it as UTF-8.");
  const fault = requestFault(read.toString("utf8"));
  if (fault !== undefined) refuse(fault, "Give other files with --input NAME=FILE.");
}

const ADVICE: Readonly<Record<RunWord, string>> = {
  $AGENTD_REQUEST: "Give one with --request or --request-file, or set request in the profile.",
  $AGENTD_WORK_UNIT: "Give one with --work-unit.",
  $AGENTD_REF: "Give one with --ref, or set ref in the profile.",
};

function checkCommand(
  command: readonly string[],
  values: {
    readonly request: GivenFile | undefined;
    readonly workUnit: string | undefined;
    readonly ref: string | null;
  },
  tried: string,
): void {
  const { request, workUnit, ref } = values;
  const has = { request: request !== undefined, workUnit: workUnit !== undefined, ref: ref !== null };
  const [without] = wordsWithout(command, has);
  if (without !== undefined) {
    throw new AgentdError("command_incomplete", {
      tried,
      why: `the profile's command has the argument ${without}, and this run has no value for it`,
      next: ADVICE[without],
    });
  }
  if (request === undefined || request.bytes <= MAX_INLINE_BYTES || !command.includes(REQUEST_WORD)) return;
  throw new AgentdError("request_invalid", {
    tried,
    why: `the request has ${request.bytes} bytes, and ${REQUEST_WORD} in the profile's command takes at most ${MAX_INLINE_BYTES}`,
    next: "Let the command read the file that the variable AGENTD_REQUEST_FILE names.",
  });
}
