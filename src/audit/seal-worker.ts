/**
 * The script of the worker that seals records, several in turns. A program of its own, because its start is part of
 * the first session's end: it imports nothing that it does not need.
 */
import { parentPort, workerData, type MessagePort } from "node:worker_threads";
import { sentence } from "../errors.ts";
import type { JobAnswer, JobMessage } from "../job-worker.ts";
import type { SessionDocument } from "../session-document.ts";
import { Attester, type AttesterSettings } from "./attest.ts";
import { sealRecord, type SealRequest } from "./seal.ts";

async function answer(
  job: number,
  request: SealRequest,
  attester: Attester,
): Promise<JobAnswer<SessionDocument>> {
  try {
    return { job, result: await sealRecord(request, attester) };
  } catch (error) {
    return { job, failure: sentence(error) };
  }
}

function serve(port: MessagePort, attester: Attester): void {
  port.on("message", (message: JobMessage<SealRequest>) => {
    // A seal is never cancelled.
    if ("cancel" in message) return;
    void answer(message.job, message.request, attester).then((reply) => port.postMessage(reply));
  });
  attester.prepare();
}

if (parentPort !== null) serve(parentPort, new Attester(workerData as AttesterSettings));
