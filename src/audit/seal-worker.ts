/**
 * The worker's side of sealing. It imports nothing that it does not need, because its start is part of a session's end.
 */
import type { MessagePort } from "node:worker_threads";
import type { SessionDocument } from "../session-document.ts";
import { sealRecord, type SealRequest } from "./seal.ts";

/** What `workerData.agentdWorker` says in a worker that seals. */
export const SEAL_WORKER = "seal";

export interface SealJob {
  readonly job: number;
  readonly request: SealRequest;
}

export type SealAnswer =
  | { readonly job: number; readonly document: SessionDocument }
  | { readonly job: number; readonly failure: Error };

/** Seals what comes through the port, several records in turns, until the port is closed. */
export function runSealWorker(port: MessagePort): void {
  port.on("message", (message: SealJob) => {
    void answer(message).then((reply) => port.postMessage(reply));
  });
}

async function answer({ job, request }: SealJob): Promise<SealAnswer> {
  try {
    return { job, document: await sealRecord(request) };
  } catch (error) {
    // A message of its own: errors lose all but message and stack on their way between threads.
    return { job, failure: error instanceof Error ? error : new Error(String(error)) };
  }
}
