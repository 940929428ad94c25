/** Publishes what the export of a session has left in its staging directory. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { AgentdError } from "../errors.ts";
import { sentence } from "../errors.ts";
import type { WorkspacePublication } from "../local/ports.ts";
import { type PublishResult, type PublishTools, publishWork } from "../publish/publish.ts";
import { readRegularFile } from "../regular-file.ts";
import type { PublishedJob, PublishedWork } from "../sessions/port/publication.ts";
import { readBase } from "../work/base/base.ts";
import { CHECKED_REPOSITORY } from "../work/export-work.ts";
import { SUMMARY_FILE, type WorkSummary } from "../work/summary.ts";
import type { Staging } from "../workspace/staging.ts";

const MOST_SUMMARY_BYTES = 64 * 1024 * 1024;

/** @throws as `Executor.publishWork`. */
export async function publishFrom(
  { baseDirectory, exportDirectory }: Pick<Staging, "baseDirectory" | "exportDirectory">,
  { job, author, token, directory, startTimestamp, endTimestamp, pushed, ...steps }: WorkspacePublication,
  {
    findValues,
    ...tools
  }: Omit<PublishTools, "signal" | "findValues"> & {
    readonly findValues: (job: PublishedJob) => Promise<PublishTools["findValues"]>;
  },
): Promise<PublishedWork> {
  const { profile, repository, sessionId, workUnit } = job;
  if (profile.publish === undefined || repository === null)
    return { kind: "nothing", why: "nothing is to be published" };
  const summary = await readRegularFile(join(directory, SUMMARY_FILE), MOST_SUMMARY_BYTES);
  const base = readBase(baseDirectory);
  const result = await publishWork(
    {
      settings: profile.publish,
      session: { sessionId, profile: profile.name, workUnit, repository, startTimestamp, endTimestamp },
      work: {
        directory: join(exportDirectory, CHECKED_REPOSITORY),
        scratch: exportDirectory,
        known: [...base.refs.ids.values(), ...(base.commit === undefined ? [] : [base.commit])],
        summary: JSON.parse(summary.toString("utf8")) as WorkSummary,
        summaryDigest: createHash("sha256").update(summary).digest("hex"),
      },
      ...{ author, token, pushed },
    },
    { ...tools, signal: steps.signal, findValues: await findValues(job) },
    { pushing: steps.onPushing, pushed: steps.onPushed },
  );
  return publishedOf(result);
}

/** A result in the words of records. */
export function publishedOf(result: PublishResult): PublishedWork {
  if (result.kind === "nothing") return result;
  const { branch, commit, url, requestUrl, requestFailure, warnings } = result;
  return {
    kind: "published",
    published: { branch, commit, url, request_url: requestUrl },
    warnings: requestFailure === undefined ? warnings : [...warnings, requestWarning(requestFailure)],
  };
}

function requestWarning(failure: AgentdError): string {
  return `The branch was published without a request: ${sentence(failure).replace(/\.$/, "")}.`;
}
