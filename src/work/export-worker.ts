/** The script of the worker that exports the work of sessions, several in turns. */
import { type MessagePort, parentPort } from "node:worker_threads";
import { sentence } from "../errors.ts";
import type { JobAnswer, JobMessage } from "../job-worker.ts";
import { type ExportRequest, exportWork, type WorkExport } from "./export-work.ts";

async function answer(
  job: number,
  request: ExportRequest,
  signal: AbortSignal,
): Promise<JobAnswer<WorkExport>> {
  try {
    return { job, result: await exportWork(request, signal) };
  } catch (error) {
    return { job, failure: sentence(error) };
  }
}

function serve(port: MessagePort): void {
  const running = new Map<number, AbortController>();
  port.on("message", (message: JobMessage<ExportRequest>) => {
    const { job } = message;
    if ("cancel" in message) {
      running.get(job)?.abort();
      return;
    }
    const cancelling = new AbortController();
    running.set(job, cancelling);
    void answer(job, message.request, cancelling.signal).then((reply) => {
      running.delete(job);
      port.postMessage(reply);
    });
  });
}

if (parentPort !== null) serve(parentPort);
