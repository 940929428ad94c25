/** The script of the worker that prunes: it looks at every file of every record, which would keep sessions waiting. */
import { type MessagePort, parentPort } from "node:worker_threads";
import { sentence } from "../../errors.ts";
import type { JobAnswer, JobMessage } from "../../job-worker.ts";
import { keepRecords, type RetentionJob, type RetentionReport } from "./keep-records.ts";

async function answer(job: number, request: RetentionJob): Promise<JobAnswer<RetentionReport>> {
  try {
    return { job, result: await keepRecords(request) };
  } catch (error) {
    return { job, failure: sentence(error) };
  }
}

function serve(port: MessagePort): void {
  port.on("message", (message: JobMessage<RetentionJob>) => {
    // It is never cancelled, and safe to be cut short.
    if ("cancel" in message) return;
    void answer(message.job, message.request).then((reply) => port.postMessage(reply));
  });
}

if (parentPort !== null) serve(parentPort);
