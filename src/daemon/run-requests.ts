/** From the parameters of `upload`, `run` and `rerun` to what the intake takes. */
import type { Params } from "../api/methods.ts";
import { AgentdError } from "../errors.ts";
import type { Given } from "../input/given.ts";
import type { Uploads } from "../input/uploads.ts";
import type { Profile } from "../profile/profile.ts";
import { DEFAULT_SCHEDULE } from "../schedule-id.ts";
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

/**
 * A run with the files that its client has sent.
 *
 * @param profile of that name, for what its schedule gives to the run; undefined for an unknown one.
 */
export function runRequest(
  uploads: Uploads,
  params: Params<"run">,
  profile: Pick<Profile, "schedules"> | undefined,
): RunRequest {
  const run = byHand(uploads, params);
  const { scheduled_timestamp: timestamp, schedule_name: name = DEFAULT_SCHEDULE, fire_id: fireId } = params;
  if (timestamp === undefined) return run;
  const scheduled = { name, instantMs: Date.parse(timestamp), fireId };
  const schedule = profile?.schedules.find((each) => each.name === name);
  if (schedule === undefined) {
    if (name === DEFAULT_SCHEDULE) return { ...run, scheduled };
    throw new AgentdError("unknown_schedule", {
      tried: `run a session of profile ${JSON.stringify(params.profile)}`,
      why: `it has no schedule ${JSON.stringify(name)}`,
      next: "`agentd schedule` lists the schedules of profiles.",
    });
  }
  const { request, ref, workUnit } = schedule;
  const given = request === undefined ? run.given : givenRequest(request);
  return { ...run, ref: run.ref ?? ref, workUnit: run.workUnit ?? workUnit, given, scheduled };
}

function givenRequest(request: string): () => Promise<Given> {
  return () => Promise.resolve({ request: requestOf(request), inputs: [], artifact: undefined });
}

function byHand(uploads: Uploads, params: Params<"run">): RunRequest {
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
    webhook: params.webhook,
    given: (): Promise<Given> => {
      const sent = hasFiles
        ? uploads.take(requestId, { requestBytes, inputs, artifact })
        : { request: undefined, inputs: [], artifact: undefined };
      return Promise.resolve(request === undefined ? sent : { ...sent, request: requestOf(request) });
    },
    givenOver: hasFiles ? (isAccepted) => uploads.release(requestId, isAccepted) : undefined,
  };
}
