/**
 * The script of the worker that checks artifacts: a validator compiles the schema of a methodology into a program, and a
 * schema with a bad pattern may take for ever.
 */
import { type MessagePort, parentPort } from "node:worker_threads";
import { Ajv, type Options } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { sentence } from "../errors.ts";
import type { JobAnswer, JobMessage } from "../job-worker.ts";

export interface ArtifactJob {
  readonly schema: object;
  /** The artifact, JSON. */
  readonly text: string;
}

/** Undefined when the artifact is accepted. */
export type ArtifactResult = { readonly fault: string | undefined };

/** How many of an artifact's faults are named. */
const SHOWN_FAULTS = 5;

/** Not strict: keywords of other tools, such as a version, are no fault of the schema. */
const OPTIONS: Options = { allErrors: true, strict: false, validateFormats: false, logger: false };

function check({ schema, text }: ArtifactJob): ArtifactResult {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { fault: `it is not JSON: ${sentence(error)}` };
  }
  const draft = "$schema" in schema ? String(schema.$schema) : "";
  const ajv = /draft-0[67]/.test(draft) ? new Ajv(OPTIONS) : new Ajv2020(OPTIONS);
  // Only that it is a schema of another draft: its own keywords are those that were given.
  const { $schema: _draft, ...rules } = schema as { $schema?: unknown };
  const validate = ajv.compile(rules);
  if (validate(value)) return { fault: undefined };
  const faults = (validate.errors ?? []).map(
    ({ instancePath, message }) => `${instancePath === "" ? "the artifact" : instancePath} ${message ?? ""}`,
  );
  const more = faults.length - SHOWN_FAULTS;
  const shown = faults.slice(0, SHOWN_FAULTS).join("; ");
  return { fault: more > 0 ? `${shown}; and ${more} more` : shown };
}

function answer(job: number, request: ArtifactJob): JobAnswer<ArtifactResult> {
  try {
    return { job, result: check(request) };
  } catch (error) {
    return { job, failure: sentence(error) };
  }
}

function serve(port: MessagePort): void {
  port.on("message", (message: JobMessage<ArtifactJob>) => {
    if (!("cancel" in message)) port.postMessage(answer(message.job, message.request));
  });
}

if (parentPort !== null) serve(parentPort);
