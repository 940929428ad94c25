/**
 * The script of the worker that seals records, several in turns, and removes the small trees that sessions leave. A
 * program of its own, because its start is part of the first session's end: it imports nothing that it does not need.
 */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { sentence } from "../../errors.ts";
import type { JobAnswer, JobMessage } from "../../job-worker.ts";
import type { SessionDocument } from "../../session-document.ts";
import { removeTreeNow } from "../../trees/remove-tree.ts";
import { Attester, type AttesterSettings } from "./attest.ts";
import { sealRecord, type SealRequest } from "./seal.ts";

/** What `Sealer` asks for. */
export type SealJob =
  | { readonly request: SealRequest }
  /** A tree to remove, unless it has more than so many entries. */
  | { readonly directory: string; readonly entryLimit: number };

export type SealResult = { readonly document: SessionDocument } | { readonly isGone: boolean };

async function perform(job: SealJob, attester: Attester): Promise<SealResult> {
  if ("request" in job) return { document: await sealRecord(job.request, attester) };
  const { directory, entryLimit } = job;
  return { isGone: removeTreeNow(directory, (entries) => entries < entryLimit) };
}

async function answer(job: number, request: SealJob, attester: Attester): Promise<JobAnswer<SealResult>> {
  try {
    return { job, result: await perform(request, attester) };
  } catch (error) {
    return { job, failure: sentence(error) };
  }
}

function serve(port: MessagePort, attester: Attester): void {
  port.on("message", (message: JobMessage<SealJob>) => {
    // Neither is ever cancelled.
    if ("cancel" in message) return;
    void answer(message.job, message.request, attester).then((reply) => port.postMessage(reply));
  });
  attester.prepare();
}

if (parentPort !== null) serve(parentPort, new Attester(workerData as AttesterSettings));
