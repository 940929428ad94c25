/**
 * The worker's side of sealing. It imports nothing that it does not need, because its start is part of a session's end.
 */
import type { MessagePort } from "node:worker_threads";
import { sentence } from "../errors.ts";
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
  | { readonly job: number; readonly failure: string };

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
    // As text: an error may hold what cannot go between threads.
    return { job, failure: sentence(error) };
  }
}
