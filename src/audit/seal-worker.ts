/**
 * The script of the worker that seals records, several in turns. A program of its own, because its start is part of
 * the first session's end: it imports nothing that it does not need.
 */
import { parentPort } from "node:worker_threads";
import { sentence } from "../errors.ts";
import type { SessionDocument } from "../session-document.ts";
import { sealRecord, type SealRequest } from "./seal.ts";

/** What `Sealer` posts. */
export interface SealJob {
  readonly job: number;
  readonly request: SealRequest;
}

/** What comes back, in whatever order. */
export type SealAnswer =
  | { readonly job: number; readonly document: SessionDocument }
  | { readonly job: number; readonly failure: string };

async function answer({ job, request }: SealJob): Promise<SealAnswer> {
  try {
    return { job, document: await sealRecord(request) };
  } catch (error) {
    // As text: an error may hold what cannot go between threads.
    return { job, failure: sentence(error) };
  }
}

parentPort?.on("message", (message: SealJob) => {
  void answer(message).then((reply) => parentPort?.postMessage(reply));
});
