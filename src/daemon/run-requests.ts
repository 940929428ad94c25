/** From the parameters of `upload`, `run` and `rerun` to what the intake takes. */
import type { Params } from "../api/methods.ts";
import { AgentdError } from "../errors.ts";
import type { Given } from "../input/given.ts";
import type { Uploads } from "../input/uploads.ts";
import type { Intake, RunRequest } from "../sessions/intake.ts";
import type { FreeSpace } from "../sessions/queue/free-space.ts";
import { requestOf } from "../sessions/run-input.ts";

export interface UploadHost {
  readonly uploads: Uploads;
  readonly intake: Pick<Intake, "closed">;
  readonly freeSpace: Pick<FreeSpace, "require">;
}

/** Keeps a piece of a file for a run to come. */
export async function keepPiece(
  { uploads, intake, freeSpace }: UploadHost,
  { request_id: requestId, kind, name, offset, data }: Params<"upload">,
): Promise<Record<string, never>> {
  const tried = `take the file ${JSON.stringify(name)}`;
  if (intake.closed) {
    throw new AgentdError("daemon_stopping", {
      tried,
      why: "the daemon is shutting down and takes no new work",
      next: "Try again after the daemon has restarted.",
    });
  }
  await freeSpace.require(tried);
  await uploads.add({ requestId, kind, name, offset, data: Buffer.from(data, "base64") });
  return {};
}

/** A run with the files that its client has sent. */
export function runRequest(uploads: Uploads, params: Params<"run">): RunRequest {
  const { request_id: requestId, request, request_bytes: requestBytes, inputs = [], artifact } = params;
  if (request !== undefined && requestBytes !== undefined) {
    throw new AgentdError("request_invalid", {
      tried: `run a session of profile ${JSON.stringify(params.profile)}`,
      why: "the run has its request both in the message and as a file",
      next: "Send one of request and request_bytes.",
    });
  }
  const hasFiles = requestBytes !== undefined || inputs.length > 0 || artifact !== undefined;
  return {
    requestId,
    profile: params.profile,
    repo: params.repo,
    ref: params.ref,
    workUnit: params.work_unit,
    timeoutMs: params.timeout_ms,
    env: params.env,
    keep: params.keep,
    given: (): Promise<Given> => {
      const sent = hasFiles
        ? uploads.take(requestId, { requestBytes, inputs, artifact })
        : { request: undefined, inputs: [], artifact: undefined };
      return Promise.resolve(request === undefined ? sent : { ...sent, request: requestOf(request) });
    },
    givenOver: hasFiles ? (isAccepted) => uploads.release(requestId, isAccepted) : undefined,
    scheduledMs:
      params.scheduled_timestamp === undefined ? undefined : Date.parse(params.scheduled_timestamp),
  };
}
